//! What is put into a store: bytes in memory, or a local file of known size and hash.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::error::{Problem, StoreError};
use crate::model::digest::{Sha256, Sha256Hasher};

/// The content of one object to be. Cheap to clone.
#[derive(Clone)]
pub enum Source {
    Bytes { bytes: Bytes, sha256: Sha256 },
    File { path: PathBuf, size_bytes: u64, sha256: Sha256 },
}

impl Source {
    /// Bytes in memory; their hash is computed here.
    #[must_use]
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let sha256 = Sha256::of(&bytes);
        Self::Bytes { bytes, sha256 }
    }

    /// A local file, with the size and hash that the caller found. If the file is no longer that when it is sent,
    /// nothing is stored, and the problem is [`Problem::SourceChanged`].
    #[must_use]
    pub fn file(path: impl Into<PathBuf>, size_bytes: u64, sha256: Sha256) -> Self {
        Self::File { path: path.into(), size_bytes, sha256 }
    }

    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        match self {
            Self::Bytes { bytes, .. } => bytes.len() as u64,
            Self::File { size_bytes, .. } => *size_bytes,
        }
    }

    #[must_use]
    pub fn sha256(&self) -> &Sha256 {
        match self {
            Self::Bytes { sha256, .. } | Self::File { sha256, .. } => sha256,
        }
    }

    /// The MD5 of a range (RFC 1321), for `Content-MD5`. Blocking.
    pub(crate) fn md5_blocking(&self, range: &ByteRange) -> Result<[u8; 16], StoreError> {
        use md5::Digest;
        let mut md5 = md5::Md5::new();
        self.for_each_chunk_blocking(range, |chunk| md5.update(chunk))?;
        Ok(md5.finalize().into())
    }

    /// Reads a range without checking its hash. Blocking.
    pub(crate) fn for_each_chunk_blocking(
        &self,
        range: &ByteRange,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), StoreError> {
        match self {
            Self::Bytes { bytes, .. } => {
                let whole = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
                each(whole.and_then(|(start, end)| bytes.get(start..end)).unwrap_or_default());
                Ok(())
            }
            Self::File { path, size_bytes, .. } => {
                let mut reader = FileReader::new(path, *size_bytes, *range, None);
                while let Some(chunk) = reader.next_blocking()? {
                    each(&chunk);
                }
                Ok(())
            }
        }
    }
}

/// Bytes `start..end` of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteRange {
    pub start: u64,
    pub end: u64,
}

impl ByteRange {
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// Reads a range of a file once, from front to back, and keeps the last piece back unless the whole is what was hashed.
pub(crate) struct FileReader {
    path: PathBuf,
    size_bytes: u64,
    next: u64,
    end: u64,
    file: Option<File>,
    check: Option<(Sha256Hasher, Sha256)>,
}

impl FileReader {
    /// Half a MiB: large enough that the switch to a blocking thread does not count.
    const CHUNK_BYTES: u64 = 512 * 1024;

    /// `expected` is the hash of the range, if it is known.
    pub fn new(path: &Path, size_bytes: u64, range: ByteRange, expected: Option<Sha256>) -> Self {
        Self {
            path: path.to_owned(),
            size_bytes,
            next: range.start,
            end: range.end,
            file: None,
            check: expected.map(|expected| (Sha256Hasher::default(), expected)),
        }
    }

    /// The next piece, `None` after the last. Blocking.
    ///
    /// # Errors
    /// [`Problem::SourceChanged`] and [`Problem::SourceUnreadable`].
    pub fn next_blocking(&mut self) -> Result<Option<Bytes>, StoreError> {
        if self.file.is_none() {
            self.file = Some(self.open()?);
        }
        if self.next >= self.end {
            // An empty file has no last piece to be kept back.
            return self.finish_check().map(|()| None);
        }
        let wanted = Self::CHUNK_BYTES.min(self.end - self.next);
        let mut chunk = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
        if let Some(file) = &mut self.file {
            let read = file.by_ref().take(wanted).read_to_end(&mut chunk);
            read.map_err(|error| unreadable(&self.path, error))?;
        }
        if chunk.len() as u64 != wanted {
            return Err(self.changed());
        }
        self.next += wanted;
        if let Some((hasher, _)) = &mut self.check {
            hasher.update(&chunk);
        }
        if self.next >= self.end {
            self.finish_check()?;
        }
        Ok(Some(chunk.into()))
    }

    /// Whether the whole range was read, and is what was hashed.
    pub fn is_done(&self) -> bool {
        self.file.is_some() && self.next >= self.end && self.check.is_none()
    }

    fn open(&self) -> Result<File, StoreError> {
        let mut file = File::open(&self.path).map_err(|error| unreadable(&self.path, error))?;
        let size_bytes = file.metadata().map_err(|error| unreadable(&self.path, error))?.len();
        if size_bytes != self.size_bytes {
            return Err(self.changed());
        }
        if self.next > 0 {
            file.seek(SeekFrom::Start(self.next)).map_err(|error| unreadable(&self.path, error))?;
        }
        Ok(file)
    }

    fn finish_check(&mut self) -> Result<(), StoreError> {
        let Some((hasher, expected)) = self.check.take() else { return Ok(()) };
        if hasher.finish() == expected { Ok(()) } else { Err(self.changed()) }
    }

    fn changed(&self) -> StoreError {
        StoreError::new(Problem::SourceChanged { path: self.path.clone() }, "read the file")
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> StoreError {
    StoreError::new(Problem::SourceUnreadable { path: path.to_owned() }, "read the file").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(path: &Path, size_bytes: u64, expected: Sha256) -> Result<usize, StoreError> {
        let mut reader = FileReader::new(path, size_bytes, ByteRange { start: 0, end: size_bytes }, Some(expected));
        let mut total = 0;
        while let Some(chunk) = reader.next_blocking()? {
            total += chunk.len();
        }
        Ok(total)
    }

    #[test]
    fn a_file_that_is_not_what_was_hashed_never_ends() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a");
        let content: Vec<u8> = (0..1_500_000_u32).map(|i| (i % 251) as u8).collect();
        std::fs::write(&path, &content).expect("written");
        let size = content.len() as u64;
        assert_eq!(read_all(&path, size, Sha256::of(&content)).expect("unchanged"), content.len());
        for (size, hash) in
            [(size, Sha256::of(b"x")), (size + 1, Sha256::of(&content)), (size - 1, Sha256::of(&content))]
        {
            let error = read_all(&path, size, hash).expect_err("changed");
            assert!(matches!(error.problem(), Problem::SourceChanged { .. }), "{error}");
        }
        let error = read_all(&dir.path().join("gone"), size, Sha256::of(&content)).expect_err("gone");
        assert!(matches!(error.problem(), Problem::SourceUnreadable { .. }), "{error}");
    }

    #[test]
    fn an_empty_file_is_checked_too() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("empty");
        std::fs::write(&path, b"").expect("written");
        assert_eq!(read_all(&path, 0, Sha256::of(b"")).expect("unchanged"), 0);
        assert!(read_all(&path, 0, Sha256::of(b"x")).is_err());
    }
}
