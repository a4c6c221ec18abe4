//! Small reads at any place of a file, each checked against its length, and all of them together bounded.

use std::io::{Read, Seek, SeekFrom};

use super::error::{ImagingError, Reason};

/// What is fetched at once.
const PAGE_BYTES: u64 = 16 * 1024;
/// Pages kept: headers jump between a table and the values it points to.
const PAGES: usize = 6;
/// All that looking at headers may fetch, whatever a file makes it look at.
const BUDGET_BYTES: u64 = 32 * 1024 * 1024;

trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

struct Page {
    start: u64,
    bytes: Vec<u8>,
}

/// A file under inspection.
pub(super) struct Source<'a> {
    file: &'a mut dyn ReadSeek,
    len: u64,
    /// The most recently used comes last.
    pages: Vec<Page>,
    budget: u64,
}

impl<'a> Source<'a> {
    /// Wraps a reader; the length is what seeking to its end says now.
    pub fn new<R: Read + Seek>(file: &'a mut R) -> Result<Self, ImagingError> {
        let len = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, len, pages: Vec::with_capacity(PAGES), budget: BUDGET_BYTES })
    }

    /// Length of the file in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Fills `into` from `offset`. `Ok(false)` when that is not wholly inside the file.
    pub fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<bool, ImagingError> {
        let Some(end) = offset.checked_add(into.len() as u64) else { return Ok(false) };
        if end > self.len {
            return Ok(false);
        }
        let mut done = 0;
        while done < into.len() {
            let at = offset + done as u64;
            let page = self.page(at)?;
            let skip = usize::try_from(at - page.start).unwrap_or(usize::MAX);
            let Some(rest) = page.bytes.get(skip..).filter(|rest| !rest.is_empty()) else {
                // The file became shorter since its length was asked.
                return Ok(false);
            };
            let take = rest.len().min(into.len() - done);
            into[done..done + take].copy_from_slice(&rest[..take]);
            done += take;
        }
        Ok(true)
    }

    /// `N` bytes from `offset`, or `None` when they are not there.
    pub fn array<const N: usize>(&mut self, offset: u64) -> Result<Option<[u8; N]>, ImagingError> {
        let mut bytes = [0; N];
        Ok(self.read_at(offset, &mut bytes)?.then_some(bytes))
    }

    /// Up to `len` bytes from `offset`: fewer where the file ends. The caller bounds `len`.
    pub fn bytes(&mut self, offset: u64, len: usize) -> Result<Vec<u8>, ImagingError> {
        let there = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; len.min(there)];
        if !self.read_at(offset, &mut bytes)? {
            bytes.clear();
        }
        Ok(bytes)
    }

    /// Calls `each` with consecutive pieces from `offset` on until it answers `true` or the file ends. Outside of the
    /// budget: this is one pass over the file.
    pub fn scan(&mut self, offset: u64, mut each: impl FnMut(u64, &[u8]) -> bool) -> Result<(), ImagingError> {
        self.file.seek(SeekFrom::Start(offset))?;
        let mut buffer = vec![0; 256 * 1024];
        let mut at = offset;
        loop {
            let read = match self.file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if each(at, &buffer[..read]) {
                return Ok(());
            }
            at += read as u64;
        }
    }

    fn page(&mut self, at: u64) -> Result<&Page, ImagingError> {
        let start = at - at % PAGE_BYTES;
        let found = self.pages.iter().position(|page| page.start == start);
        let page = match found {
            Some(index) => self.pages.remove(index),
            None => self.fetch(start)?,
        };
        if self.pages.len() >= PAGES {
            self.pages.remove(0);
        }
        self.pages.push(page);
        self.pages.last().ok_or_else(|| ImagingError::new(Reason::Internal, "no page was read"))
    }

    fn fetch(&mut self, start: u64) -> Result<Page, ImagingError> {
        let wanted = PAGE_BYTES.min(self.len.saturating_sub(start));
        self.budget = self
            .budget
            .checked_sub(wanted)
            .ok_or_else(|| ImagingError::corrupt("its headers lead all over the file without an end"))?;
        self.file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
        (&mut *self.file).take(wanted).read_to_end(&mut bytes)?;
        Ok(Page { start, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_across_pages_and_never_past_the_end() {
        let data: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut cursor = std::io::Cursor::new(&data);
        let mut source = Source::new(&mut cursor).expect("opens");
        for offset in [0, 16_382, 65_530, 399_992] {
            let expected: [u8; 8] = data[offset..offset + 8].try_into().expect("8 bytes");
            assert_eq!(source.array::<8>(offset as u64).expect("reads"), Some(expected));
        }
        assert_eq!(source.array::<8>(399_993).expect("reads"), None);
        assert_eq!(source.array::<8>(u64::MAX - 3).expect("reads"), None);
        assert_eq!(source.bytes(399_990, 100).expect("reads").len(), 10);
    }

    #[test]
    fn looking_around_is_bounded() {
        let data = vec![0; 40 * 1024 * 1024];
        let mut cursor = std::io::Cursor::new(&data);
        let mut source = Source::new(&mut cursor).expect("opens");
        let refused = (0..40 * 64).find_map(|page| source.array::<1>(page * PAGE_BYTES).err());
        assert_eq!(refused.map(|error| error.reason()), Some(Reason::Corrupt));
    }
}
