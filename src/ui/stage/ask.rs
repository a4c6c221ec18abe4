//! Which pictures the terminal can show: asked of it, with a time-out, unless somebody says so.

use std::io::Write;
use std::time::{Duration, Instant};

use ratatui_image::FontSize;
use ratatui_image::picker::cap_parser::{Parser, QueryStdioOptions, Response};
use ratatui_image::picker::{Picker, ProtocolType};
use rustix::termios::{OptionalActions, SpecialCodeIndex, tcgetattr, tcgetwinsize, tcsetattr};

use super::paint::Painter;

/// How long the terminal may take to answer: a slow line and back.
const PATIENCE: Duration = Duration::from_millis(600);

/// Pixels of a letter where nobody says so.
const USUAL_LETTER: (u16, u16) = (10, 20);

/// How pictures are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pictures {
    /// As the terminal says.
    #[default]
    Auto,
    Kitty,
    Iterm2,
    Sixel,
    /// Half blocks in colour.
    Blocks,
    /// Words, and files to open.
    Words,
}

impl std::str::FromStr for Pictures {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.trim().to_ascii_lowercase().as_str() {
            "auto" => Self::Auto,
            "kitty" => Self::Kitty,
            "iterm2" | "iterm" => Self::Iterm2,
            "sixel" => Self::Sixel,
            "blocks" => Self::Blocks,
            "words" => Self::Words,
            _ => return Err("auto, kitty, iterm2, sixel, blocks or words".to_owned()),
        })
    }
}

/// What makes pictures for this terminal, which is in raw mode and whose keys nobody reads now.
pub(super) fn painter(wanted: Pictures, colour: bool, unicode: bool) -> Painter {
    let (protocol, answer) = match wanted {
        Pictures::Words => return Painter::words(),
        Pictures::Auto if !colour => return Painter::words(),
        Pictures::Blocks => (Some(ProtocolType::Halfblocks), Answer::default()),
        Pictures::Kitty => (Some(ProtocolType::Kitty), ask()),
        Pictures::Iterm2 => (Some(ProtocolType::Iterm2), ask()),
        Pictures::Sixel => (Some(ProtocolType::Sixel), ask()),
        Pictures::Auto => (None, ask()),
    };
    let letter = answer.letter.or_else(letter_of_window);
    let found = protocol.or_else(|| letter.and_then(|_| answer.protocol.or_else(of_environment)));
    match found.unwrap_or(ProtocolType::Halfblocks) {
        ProtocolType::Halfblocks if !unicode && protocol.is_none() => Painter::words(),
        found => {
            // A block is two pixels above each other.
            let blocks = found == ProtocolType::Halfblocks;
            let (width, height) = if blocks { (1, 2) } else { letter.unwrap_or(USUAL_LETTER) };
            #[expect(deprecated, reason = "its successor reads the keyboard on a thread that never ends")]
            let mut picker = Picker::from_fontsize(FontSize::new(width, height));
            picker.set_protocol_type(found);
            Painter::of(picker)
        }
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

#[derive(Debug, Default)]
struct Answer {
    protocol: Option<ProtocolType>,
    letter: Option<(u16, u16)>,
}

/// Asks the terminal, and reads until it has said that it is ready. Reads end by themselves: no thread stays behind to
/// swallow the next key.
fn ask() -> Answer {
    let Ok(before) = tcgetattr(std::io::stdin()) else { return Answer::default() };
    let mut waiting = before.clone();
    waiting.special_codes[SpecialCodeIndex::VMIN] = 0;
    waiting.special_codes[SpecialCodeIndex::VTIME] = 1;
    let in_tmux = variable("TERM").starts_with("tmux") || variable("TERM_PROGRAM") == "tmux";
    let bad_kitty = !variable("WEZTERM_EXECUTABLE").is_empty() || !variable("KONSOLE_VERSION").is_empty();
    let not = if bad_kitty { vec![ProtocolType::Kitty, ProtocolType::Sixel] } else { Vec::new() };
    let query = Parser::query(in_tmux, QueryStdioOptions { blacklist_protocols: not, ..QueryStdioOptions::default() });
    let mut out = std::io::stdout();
    let asked = tcsetattr(std::io::stdin(), OptionalActions::Now, &waiting).is_ok()
        && out.write_all(query.as_bytes()).and_then(|()| out.flush()).is_ok();
    let answer = if asked { read() } else { Answer::default() };
    let _raw_mode_is_left_at_the_end_anyway = tcsetattr(std::io::stdin(), OptionalActions::Now, &before);
    answer
}

fn read() -> Answer {
    let (mut parser, mut answer, begun) = (Parser::new(), Answer::default(), Instant::now());
    while begun.elapsed() < PATIENCE {
        let mut bytes = [0; 128];
        let Ok(count) = rustix::io::read(std::io::stdin(), &mut bytes) else { break };
        for byte in bytes.iter().take(count) {
            for response in parser.push(char::from(*byte)) {
                match response {
                    Response::Kitty => answer.protocol = Some(ProtocolType::Kitty),
                    Response::Sixel => answer.protocol = answer.protocol.or(Some(ProtocolType::Sixel)),
                    Response::CellSize(Some((width, height))) if width > 0 && height > 0 => {
                        answer.letter = Some((width, height));
                    }
                    Response::Status => return answer,
                    _ => {}
                }
            }
        }
    }
    answer
}

fn letter_of_window() -> Option<(u16, u16)> {
    let size = tcgetwinsize(std::io::stdout()).ok()?;
    let letter = (size.ws_xpixel.checked_div(size.ws_col)?, size.ws_ypixel.checked_div(size.ws_row)?);
    (letter.0 > 0 && letter.1 > 0).then_some(letter)
}

/// iTerm2's way has no question that others leave in peace.
fn of_environment() -> Option<ProtocolType> {
    let known = ["iTerm", "WezTerm", "mintty", "vscode", "Tabby", "rio", "WarpTerminal"];
    let program = variable("TERM_PROGRAM");
    (known.iter().any(|name| program.contains(name)) || variable("LC_TERMINAL").contains("iTerm"))
        .then_some(ProtocolType::Iterm2)
}
