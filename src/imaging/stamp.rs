//! A watermark drawn: letters with a dark edge or a picture, at a size, once or slanted as a tile.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};

use super::error::{ImagingError, Reason};
use super::overlay::Overlay;
use super::watermark::{Mark, Placement, Watermark};
use crate::model::text::quoted;

/// DejaVu Sans Bold: Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic letters and many signs.
static FONT: &[u8] = include_bytes!("assets/DejaVuSans-Bold.ttf");
/// Sine and cosine of the slant of tiled marks, 30 degrees.
const SLANT: (f32, f32) = (0.5, 0.866_025_4);
/// Largest side of a decoded watermark picture.
const MAX_PNG_SIDE: u32 = 8192;
/// Pictures with a shorter side than this get no mark: nothing of it could be seen.
const MIN_SIDE: usize = 16;

/// A watermark ready to be drawn at any size.
pub(super) struct Stamp {
    source: StampSource,
    placement: Placement,
    opacity: f32,
    size: f32,
}

enum StampSource {
    Text(String),
    /// Straight alpha, four bytes a pixel.
    Rgba {
        width: u32,
        height: u32,
        bytes: Vec<u8>,
    },
}

/// A drawing with premultiplied alpha, four values from 0 to 1 a pixel.
pub(super) struct Drawing {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<[f32; 4]>,
}

impl Stamp {
    /// Checks a watermark, reads its font or picture, and tells what of the text cannot be drawn.
    pub fn new(watermark: &Watermark) -> Result<(Self, Option<String>), ImagingError> {
        watermark.check()?;
        let (source, note) = match &watermark.mark {
            Mark::Text(text) => {
                let font = font()?;
                let missing: String = text.chars().filter(|&c| !c.is_whitespace() && font.glyph_id(c).0 == 0).collect();
                let note = (!missing.is_empty()).then(|| {
                    format!(
                        "the watermark's font has no letters for {}: boxes stand for them; a PNG can show them",
                        quoted(&missing)
                    )
                });
                (StampSource::Text(text.clone()), note)
            }
            Mark::Png(png) => (read_png(png)?, None),
        };
        let Watermark { placement, opacity, size, .. } = *watermark;
        Ok((Self { source, placement, opacity, size }, note))
    }

    /// The overlay for pictures whose shorter side is `side`; `None` where they are too small for any.
    pub fn draw(&self, side: usize) -> Result<Option<Overlay>, ImagingError> {
        if side < MIN_SIDE {
            return Ok(None);
        }
        let width = (side as f32 * self.size).max(8.0);
        let mark = match &self.source {
            StampSource::Text(text) => draw_text(text, width)?,
            StampSource::Rgba { width: w, height: h, bytes } => shrink_rgba(*w, *h, bytes, width)?,
        };
        let drawing = if self.placement == Placement::Tiled { tile(&mark) } else { mark.with_even_sides() };
        Ok(Some(Overlay::new(&drawing, self.placement, self.opacity)))
    }
}

fn font() -> Result<FontRef<'static>, ImagingError> {
    FontRef::try_from_slice(FONT)
        .map_err(|_| ImagingError::new(Reason::Internal, "the font inside the program is damaged"))
}

fn read_png(png: &[u8]) -> Result<StampSource, ImagingError> {
    let bad = |message: String| ImagingError::new(Reason::BadWatermark, format!("the watermark's PNG {message}"));
    let mut decoder = png::Decoder::new_with_limits(std::io::Cursor::new(png), png::Limits { bytes: 64 << 20 });
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info().map_err(|error| bad(format!("cannot be read: {error}")))?;
    let (width, height) = reader.info().size();
    if width > MAX_PNG_SIDE || height > MAX_PNG_SIDE {
        return Err(bad(format!("has {width} x {height} pixels; at most {MAX_PNG_SIDE} a side are accepted")));
    }
    let mut bytes = vec![0; reader.output_buffer_size().unwrap_or(0)];
    let frame = reader.next_frame(&mut bytes).map_err(|error| bad(format!("cannot be read: {error}")))?;
    bytes.truncate(frame.buffer_size());
    if frame.color_type.samples() == 2 {
        bytes = bytes.chunks_exact(2).flat_map(|p| [p[0], p[0], p[0], p[1]]).collect();
    }
    if bytes.len() as u64 != u64::from(width) * u64::from(height) * 4 {
        return Err(bad("has pixels of an unexpected kind".to_owned()));
    }
    Ok(StampSource::Rgba { width, height, bytes })
}

fn shrink_rgba(width: u32, height: u32, bytes: &[u8], wanted: f32) -> Result<Drawing, ImagingError> {
    let failed =
        |error: &dyn std::fmt::Display| ImagingError::new(Reason::Internal, format!("resizing failed: {error}"));
    let (to_width, to_height) =
        (wanted as u32, ((wanted * height as f32 / width as f32) as u32).clamp(1, wanted as u32 * 4));
    let source = ImageRef::new(width, height, bytes, PixelType::U8x4).map_err(|error| failed(&error))?;
    let mut resized = Image::new(to_width, to_height, PixelType::U8x4);
    Resizer::new().resize(&source, &mut resized, &ResizeOptions::new()).map_err(|error| failed(&error))?;
    let pixels = resized.buffer().chunks_exact(4).map(|p| {
        let alpha = f32::from(p[3]) / 255.0;
        [f32::from(p[0]) / 255.0 * alpha, f32::from(p[1]) / 255.0 * alpha, f32::from(p[2]) / 255.0 * alpha, alpha]
    });
    Ok(Drawing { width: to_width as usize, height: to_height as usize, pixels: pixels.collect() })
}

/// One line in white with a dark edge, `wanted` pixels wide at most and a third of that high.
fn draw_text(text: &str, wanted: f32) -> Result<Drawing, ImagingError> {
    let font = font()?;
    let unit = line_width(&font, text, 100.0).max(1.0);
    let scale = (wanted * 100.0 / unit).min(wanted / 3.0).max(6.0);
    let edge = (scale / 16.0).max(1.0);
    let scaled = font.as_scaled(PxScale::from(scale));
    let margin = edge.ceil() + 1.0;
    let (width, height) = (
        (line_width(&font, text, scale) + 2.0 * margin).ceil() as usize,
        (scaled.height() + 2.0 * margin).ceil() as usize,
    );
    let mut fill = vec![0_f32; width * height];
    for glyph in line(&font, text, scale, margin, margin + scaled.ascent()) {
        let Some(outlined) = font.outline_glyph(glyph) else { continue };
        let bounds = outlined.px_bounds();
        outlined.draw(|x, y, coverage| {
            let (x, y) = ((bounds.min.x + x as f32) as i64, (bounds.min.y + y as f32) as i64);
            if let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y))
                && x < width
                && y < height
            {
                let pixel = &mut fill[y * width + x];
                *pixel = (*pixel + coverage).min(1.0);
            }
        });
    }
    let outline = widen(&fill, width, height, edge);
    let pixels = fill.iter().zip(&outline).map(|(&white, &all)| [white, white, white, all.max(white)]).collect();
    Ok(Drawing { width, height, pixels })
}

fn line(font: &FontRef, text: &str, scale: f32, x: f32, baseline: f32) -> Vec<Glyph> {
    let scaled = font.as_scaled(PxScale::from(scale));
    let (mut glyphs, mut x, mut last) = (Vec::new(), x, None);
    for c in text.chars() {
        let id = scaled.glyph_id(c);
        if let Some(last) = last {
            x += scaled.kern(last, id);
        }
        glyphs.push(id.with_scale_and_position(scale, point(x, baseline)));
        x += scaled.h_advance(id);
        last = Some(id);
    }
    glyphs
}

fn line_width(font: &FontRef, text: &str, scale: f32) -> f32 {
    let scaled = font.as_scaled(PxScale::from(scale));
    line(font, text, scale, 0.0, 0.0).last().map_or(0.0, |glyph| glyph.position.x + scaled.h_advance(glyph.id))
}

/// The coverage grown by `radius` pixels, with a soft rim.
fn widen(fill: &[f32], width: usize, height: usize, radius: f32) -> Vec<f32> {
    let reach = radius.ceil() as isize;
    let mut disc = Vec::new();
    for dy in -reach..=reach {
        for dx in -reach..=reach {
            let distance = ((dx * dx + dy * dy) as f32).sqrt();
            let weight = (radius + 0.5 - distance).clamp(0.0, 1.0);
            if weight > 0.0 {
                disc.push((dx, dy, weight));
            }
        }
    }
    let mut out = vec![0_f32; fill.len()];
    for y in 0..height {
        for x in 0..width {
            let coverage = fill[y * width + x];
            if coverage == 0.0 {
                continue;
            }
            for &(dx, dy, weight) in &disc {
                let (Some(x), Some(y)) = (x.checked_add_signed(dx), y.checked_add_signed(dy)) else { continue };
                if x < width && y < height {
                    let pixel = &mut out[y * width + x];
                    *pixel = pixel.max(coverage * weight);
                }
            }
        }
    }
    out
}

impl Drawing {
    fn empty(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![[0.0; 4]; width * height] }
    }

    fn with_even_sides(&self) -> Drawing {
        let mut even = Drawing::empty(self.width.next_multiple_of(2), self.height.next_multiple_of(2));
        for (row, line) in self.pixels.chunks_exact(self.width).enumerate() {
            even.pixels[row * even.width..row * even.width + self.width].copy_from_slice(line);
        }
        even
    }

    /// The value between pixels, nothing outside.
    fn sample(&self, x: f32, y: f32) -> [f32; 4] {
        let (x0, y0) = (x.floor(), y.floor());
        let mut sum = [0.0; 4];
        for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
            let weight = (1.0 - (x - x0 - dx).abs()) * (1.0 - (y - y0 - dy).abs());
            let (column, row) = ((x0 + dx) as i64, (y0 + dy) as i64);
            if let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row))
                && column < self.width
                && row < self.height
            {
                let pixel = self.pixels[row * self.width + column];
                sum.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += value * weight);
            }
        }
        sum
    }
}

/// A piece that repeats without a seam: two slanted marks, like bricks in a wall.
fn tile(mark: &Drawing) -> Drawing {
    let (sin, cos) = SLANT;
    let (w, h) = (mark.width as f32, mark.height as f32);
    // Wide enough that neighbours in a row do not touch; high enough that the rows between, half a step aside, lie
    // more than two heights of the mark away, measured across the slant.
    let step_x = 1.2 * (w * cos + h * sin);
    let step_y = (sin * step_x + 4.4 * h) / cos;
    let even = |step: f32| (step.ceil() as usize).next_multiple_of(4);
    let mut tile = Drawing::empty(even(step_x), even(step_y));
    let (reach_x, reach_y) =
        (((w * cos + h * sin) / 2.0).ceil() as isize + 1, ((w * sin + h * cos) / 2.0).ceil() as isize + 1);
    for dy in -reach_y..=reach_y {
        for dx in -reach_x..=reach_x {
            let (x, y) = (dx as f32, dy as f32);
            // Back from the slant, which goes up to the right.
            let pixel = mark.sample(x * cos - y * sin + (w - 1.0) / 2.0, x * sin + y * cos + (h - 1.0) / 2.0);
            if pixel[3] <= 0.0 {
                continue;
            }
            for (centre_x, centre_y) in [(tile.width / 4, tile.height / 4), (tile.width * 3 / 4, tile.height * 3 / 4)] {
                let column = wrap(centre_x, dx, tile.width);
                let row = wrap(centre_y, dy, tile.height);
                tile.pixels[row * tile.width + column] = pixel;
            }
        }
    }
    tile
}

fn wrap(centre: usize, by: isize, period: usize) -> usize {
    let (centre, period) = (isize::try_from(centre).unwrap_or(0), isize::try_from(period).unwrap_or(1).max(1));
    usize::try_from((centre + by).rem_euclid(period)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_the_font_lacks_are_said() {
        let note = |text: &str| {
            Stamp::new(&Watermark { mark: Mark::Text(text.to_owned()), ..Watermark::default() }).expect("fine").1
        };
        assert_eq!(note("Ñandú Ελλάδα Київ © 2026"), None);
        assert!(note("東京 2026").is_some_and(|note| note.contains("東京")));
    }
}
