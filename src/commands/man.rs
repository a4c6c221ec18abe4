//! `man`: the manual pages, made from the command line's own help.

use std::path::{Path, PathBuf};

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::model::text;
use crate::ui::{Done, Finished};

#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write a page for each command into this folder, such as ~/.local/share/man/man1
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
}

/// Prints the first page, or writes them all.
///
/// # Errors
/// When a file can not be written.
pub fn run(app: &App, args: &ManArgs) -> Finished {
    let mut command = crate::cli::command();
    command.build();
    match &args.to {
        None => app.ui.text("text", &String::from_utf8_lossy(&page(&command, "photoctl")?)),
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(|error| Error::io("create the folder", folder, error))?;
            let count = write_pages(&command, "photoctl", folder)?;
            app.ui.written_to(folder, &format!("{} written to {}", text::count(count, "page"), text::path(folder)));
        }
    }
    Ok(Done::OK)
}

fn write_pages(command: &clap::Command, name: &str, folder: &Path) -> Result<u64> {
    let path = folder.join(format!("{name}.1"));
    std::fs::write(&path, page(command, name)?).map_err(|error| Error::io("write", &path, error))?;
    let mut count = 1;
    for inner in command.get_subcommands() {
        count += write_pages(inner, &format!("{name}-{}", inner.get_name()), folder)?;
    }
    Ok(count)
}

fn page(command: &clap::Command, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // clap_mangen takes the page's name from the command's.
    let command = command.clone().name(name.to_owned()).display_name(name.to_owned());
    clap_mangen::Man::new(command)
        .render(&mut bytes)
        .map_err(|error| Error::new(Kind::Internal, "cannot make a manual page").with_source(error))?;
    Ok(bytes)
}
