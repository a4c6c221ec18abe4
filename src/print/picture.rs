//! A code as a file: SVG for print, PNG for everything else.

use std::fmt::Write;

use super::code::Code;
use crate::error::{Error, Kind, Result};

/// An SVG: one unit a module, no size of its own, black on white.
#[must_use]
pub fn svg(code: &Code) -> String {
    let side = code.full_side();
    let mut path = String::new();
    for (x, y, length) in code.strips() {
        let _infallible = write!(path, "M{x} {y}h{length}v1h-{length}z");
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>\n"
    )
}

/// A PNG with one bit a pixel and `scale` pixels a module.
///
/// # Errors
/// When it can not be written, which would be a defect.
pub fn png(code: &Code, scale: usize) -> Result<Vec<u8>> {
    let failed = |error: png::EncodingError| Error::new(Kind::Internal, "the PNG can not be made").with_source(error);
    let side = code.full_side() * scale.max(1);
    let row_bytes = side.div_ceil(8);
    let mut pixels = vec![0xff_u8; row_bytes * side];
    for (x, y, length) in code.strips() {
        for row in y * scale..(y + 1) * scale {
            for column in x * scale..(x + length) * scale {
                pixels[row * row_bytes + column / 8] &= !(0x80 >> (column % 8));
            }
        }
    }
    let mut bytes = Vec::new();
    let pixels_a_side =
        u32::try_from(side).map_err(|_| Error::invalid("the picture would be too large; give a smaller --scale"))?;
    let mut encoder = png::Encoder::new(&mut bytes, pixels_a_side, pixels_a_side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
