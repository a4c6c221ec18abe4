//! The markers of a JPEG (ITU-T T.81, annex B), walked strictly before any decoder sees the file.

use std::ops::Range;

use super::error::{ImagingError, Reason};
use super::source::Source;

/// Bytes that are no marker, tolerated between segments: some cameras pad.
const MAX_STRAY_BYTES: u64 = 4096;
const MAX_SEGMENTS: usize = 4096;
/// Of all pieces of a profile together. Real ones for printing reach 2 to 3 MB.
const MAX_ICC_BYTES: u64 = 8 * 1024 * 1024;

/// One colour component of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Component {
    /// Sampling factors, 1 to 4.
    pub h: u8,
    pub v: u8,
}

/// What the segments before the first scan say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JpegHeader {
    pub width: u32,
    pub height: u32,
    /// 1, 3 or 4.
    pub components: Vec<Component>,
    pub progressive: bool,
    /// The `transform` byte of Adobe's APP14, where there is one: 0 RGB or CMYK, 1 YCbCr, 2 YCCK.
    pub adobe_transform: Option<u8>,
    /// Where the TIFF structure inside APP1 lies in the file.
    pub exif: Option<Range<u64>>,
    /// Where the first scan's segment begins.
    pub scans_at: u64,
    icc: Vec<IccPiece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct IccPiece {
    number: u8,
    total: u8,
    at: Range<u64>,
}

/// Walks the segments from `start` to the first scan. `end` is where the picture's bytes must stop.
///
/// # Errors
/// `Truncated` when the file ends first, `Unsupported` for 12 bits, lossless, hierarchical and arithmetic coding,
/// `Corrupt` for what contradicts the standard.
pub(super) fn read_header(source: &mut Source, start: u64, end: u64) -> Result<JpegHeader, ImagingError> {
    let end = end.min(source.len());
    let mut walk = Walk { source, at: start, end, stray: 0 };
    if walk.take::<2>()? != [0xff, 0xd8] {
        return Err(ImagingError::corrupt("it does not begin like a JPEG"));
    }
    let mut found = Found::default();
    for _ in 0..MAX_SEGMENTS {
        let (marker, marker_at) = walk.marker()?;
        match marker {
            // TEM and restart markers have no length; they have no business here but do no harm.
            0x01 | 0xd0..=0xd7 => continue,
            0xd8 => return Err(ImagingError::corrupt("a second picture begins inside the header")),
            0xd9 => return Err(ImagingError::corrupt("the JPEG ends before its first scan")),
            _ => {}
        }
        let body = walk.segment()?;
        match marker {
            0xc0..=0xc2 => found.frame(&mut walk, marker, &body)?,
            0xc4 | 0xc8 | 0xcc => {}
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let what = if marker >= 0xc9 { "arithmetic coding" } else { "lossless or hierarchical coding" };
                return Err(unsupported(format!("a JPEG with {what} is not supported")));
            }
            0xda => return found.finish(marker_at),
            0xe1 => found.exif(&mut walk, &body)?,
            0xe2 => found.icc(&mut walk, &body)?,
            0xee => found.adobe(&mut walk, &body)?,
            _ => {}
        }
        walk.at = body.end;
    }
    Err(ImagingError::corrupt("the JPEG has too many segments"))
}

impl JpegHeader {
    /// 8x8 blocks of all components.
    pub fn blocks(&self) -> u64 {
        let (h_max, v_max) = self.sampling();
        let blocks =
            |side: u32, factor: u8, max: u8| (u64::from(side) * u64::from(factor)).div_ceil(u64::from(max)).div_ceil(8);
        self.components.iter().map(|c| blocks(self.width, c.h, h_max) * blocks(self.height, c.v, v_max)).sum()
    }

    /// The largest sampling factors, horizontal and vertical.
    pub fn sampling(&self) -> (u8, u8) {
        let of = |factor: fn(&Component) -> u8| self.components.iter().map(factor).max().unwrap_or(1);
        (of(|c| c.h), of(|c| c.v))
    }

    /// Makes sure that the picture is all there: its end marker follows, and there is at least the one bit a block
    /// that any entropy coding needs.
    pub fn check_complete(&self, source: &mut Source, end: u64) -> Result<(), ImagingError> {
        let end = end.min(source.len());
        if end.saturating_sub(self.scans_at) < self.blocks() / 8 {
            return Err(truncated());
        }
        // Most files end in the marker itself; what follows it (a second picture, padding) needs the long way.
        if end >= 2 && source.array::<2>(end - 2)? == Some([0xff, 0xd9]) {
            return Ok(());
        }
        let (mut seen, mut last) = (false, 0_u8);
        source.scan(self.scans_at, |at, bytes| {
            let bytes = &bytes[..bytes.len().min(usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX))];
            seen = (last == 0xff && bytes.first() == Some(&0xd9))
                || memchr::memchr_iter(0xff, bytes).any(|i| bytes.get(i + 1) == Some(&0xd9));
            last = bytes.last().copied().unwrap_or(0);
            seen || bytes.is_empty()
        })?;
        if seen { Ok(()) } else { Err(truncated()) }
    }

    /// The embedded profile put together (ICC.1:2022, annex B.4), if its pieces are all there.
    pub fn icc_profile(&self, source: &mut Source) -> Result<Option<Vec<u8>>, ImagingError> {
        let Some(total) = self.icc.first().map(|piece| piece.total) else { return Ok(None) };
        let mut profile = Vec::new();
        for number in 1..=total {
            let Some(piece) = self.icc.iter().find(|piece| piece.number == number) else { return Ok(None) };
            let len = piece.at.end - piece.at.start;
            if profile.len() as u64 + len > MAX_ICC_BYTES {
                return Ok(None);
            }
            profile.extend(source.bytes(piece.at.start, usize::try_from(len).unwrap_or(0))?);
        }
        Ok(Some(profile))
    }

    /// Whether a profile is embedded, whole or not.
    pub fn has_icc(&self) -> bool {
        !self.icc.is_empty()
    }
}

struct Walk<'s, 'f> {
    source: &'s mut Source<'f>,
    at: u64,
    end: u64,
    stray: u64,
}

impl Walk<'_, '_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], ImagingError> {
        let bytes = self.peek::<N>(self.at)?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn peek<const N: usize>(&mut self, at: u64) -> Result<[u8; N], ImagingError> {
        if at.saturating_add(N as u64) > self.end {
            return Err(truncated());
        }
        self.source.array::<N>(at)?.ok_or_else(truncated)
    }

    /// The next marker's code, and where its `FF` lies.
    fn marker(&mut self) -> Result<(u8, u64), ImagingError> {
        loop {
            let [byte] = self.take::<1>()?;
            if byte != 0xff {
                self.stray += 1;
                if self.stray > MAX_STRAY_BYTES {
                    return Err(ImagingError::corrupt("the JPEG's header is full of bytes that belong to nothing"));
                }
                continue;
            }
            let at = self.at - 1;
            let mut code = 0xff;
            while code == 0xff {
                [code] = self.take::<1>()?;
            }
            if code != 0 {
                return Ok((code, at));
            }
        }
    }

    /// The body of the segment whose length comes next.
    fn segment(&mut self) -> Result<Range<u64>, ImagingError> {
        let len = u64::from(u16::from_be_bytes(self.take::<2>()?));
        if len < 2 {
            return Err(ImagingError::corrupt("a segment of the JPEG is shorter than its own length"));
        }
        let body = self.at..self.at + len - 2;
        if body.end > self.end { Err(truncated()) } else { Ok(body) }
    }
}

#[derive(Default)]
struct Found {
    frame: Option<(u32, u32, Vec<Component>, bool)>,
    adobe: Option<u8>,
    exif: Option<Range<u64>>,
    icc: Vec<IccPiece>,
}

impl Found {
    fn frame(&mut self, walk: &mut Walk, marker: u8, body: &Range<u64>) -> Result<(), ImagingError> {
        if self.frame.is_some() {
            return Err(ImagingError::corrupt("the JPEG has two frames"));
        }
        let wrong = || ImagingError::corrupt("the JPEG's frame header contradicts itself");
        let len = body.end - body.start;
        if len < 6 {
            return Err(wrong());
        }
        let [precision, y1, y0, x1, x0, count] = walk.peek::<6>(body.start)?;
        let (width, height) = (u32::from(u16::from_be_bytes([x1, x0])), u32::from(u16::from_be_bytes([y1, y0])));
        if precision != 8 {
            return Err(unsupported(format!("a JPEG of {precision} bits a sample is not supported")));
        }
        if width == 0 || height == 0 {
            return Err(unsupported("a JPEG that does not tell its size in the header is not supported"));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(unsupported(format!("a JPEG of {count} colour components is not supported")));
        }
        if len != 6 + 3 * u64::from(count) {
            return Err(wrong());
        }
        let mut components = Vec::with_capacity(usize::from(count));
        for index in 0..u64::from(count) {
            let [_, sampling, table] = walk.peek::<3>(body.start + 6 + 3 * index)?;
            let component = Component { h: sampling >> 4, v: sampling & 15 };
            if !(1..=4).contains(&component.h) || !(1..=4).contains(&component.v) || table > 3 {
                return Err(wrong());
            }
            components.push(component);
        }
        self.frame = Some((width, height, components, marker == 0xc2));
        Ok(())
    }

    fn exif(&mut self, walk: &mut Walk, body: &Range<u64>) -> Result<(), ImagingError> {
        // XMP lives in APP1 too, under another name.
        if self.exif.is_none() && body.end - body.start > 6 && walk.peek::<6>(body.start)? == *b"Exif\0\0" {
            self.exif = Some(body.start + 6..body.end);
        }
        Ok(())
    }

    fn icc(&mut self, walk: &mut Walk, body: &Range<u64>) -> Result<(), ImagingError> {
        if body.end - body.start > 14 && walk.peek::<12>(body.start)? == *b"ICC_PROFILE\0" {
            let [number, total] = walk.peek::<2>(body.start + 12)?;
            self.icc.push(IccPiece { number, total, at: body.start + 14..body.end });
        }
        Ok(())
    }

    fn adobe(&mut self, walk: &mut Walk, body: &Range<u64>) -> Result<(), ImagingError> {
        if body.end - body.start >= 12 && walk.peek::<5>(body.start)? == *b"Adobe" {
            let [transform] = walk.peek::<1>(body.start + 11)?;
            self.adobe = Some(transform);
        }
        Ok(())
    }

    fn finish(self, scans_at: u64) -> Result<JpegHeader, ImagingError> {
        let (width, height, components, progressive) =
            self.frame.ok_or_else(|| ImagingError::corrupt("the JPEG's first scan comes before its frame"))?;
        Ok(JpegHeader {
            width,
            height,
            components,
            progressive,
            adobe_transform: self.adobe,
            exif: self.exif,
            scans_at,
            icc: self.icc,
        })
    }
}

fn truncated() -> ImagingError {
    ImagingError::truncated("the file ends before its picture does")
}

fn unsupported(message: impl Into<String>) -> ImagingError {
    ImagingError::new(Reason::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn header(bytes: &[u8]) -> Result<JpegHeader, ImagingError> {
        let mut cursor = Cursor::new(bytes);
        let mut source = Source::new(&mut cursor)?;
        read_header(&mut source, 0, u64::MAX)
    }

    fn frame(marker: u8, width: u16, height: u16) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, marker, 0, 11, 8];
        bytes.extend(height.to_be_bytes());
        bytes.extend(width.to_be_bytes());
        bytes.extend([1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]);
        bytes
    }

    #[test]
    fn reads_the_frame() {
        let found = header(&frame(0xc2, 640, 480)).expect("reads");
        assert_eq!((found.width, found.height, found.progressive), (640, 480, true));
        assert_eq!(found.blocks(), 80 * 60);
    }

    #[test]
    fn kinds_that_are_not_handled_say_so() {
        let reason = |bytes: &[u8]| header(bytes).expect_err("refused").reason();
        assert_eq!(reason(&frame(0xc3, 640, 480)), Reason::Unsupported);
        assert_eq!(reason(&frame(0xc9, 640, 480)), Reason::Unsupported);
        assert_eq!(reason(&frame(0xc0, 0, 480)), Reason::Unsupported);
        assert_eq!(reason(&[0xff, 0xd8, 0xff, 0xd9]), Reason::Corrupt);
        for cut in 2..frame(0xc0, 640, 480).len() - 10 {
            assert_eq!(reason(&frame(0xc0, 640, 480)[..cut]), Reason::Truncated, "cut at {cut}");
        }
    }

    #[test]
    fn too_little_data_for_the_size_is_a_file_cut_off() {
        let mut bytes = frame(0xc0, 40_000, 40_000);
        bytes.extend([0xff, 0xd9]);
        let mut cursor = Cursor::new(&bytes);
        let mut source = Source::new(&mut cursor).expect("opens");
        let found = read_header(&mut source, 0, u64::MAX).expect("reads");
        let error = found.check_complete(&mut source, u64::MAX).expect_err("cut off");
        assert_eq!(error.reason(), Reason::Truncated);
    }
}
