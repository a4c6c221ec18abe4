//! Where the embedded server keeps its program files (about 64 MB): it looks for the user's cache folder in the
//! environment, and has no other setting.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// The variable that names the cache folder.
pub const CACHE_VARIABLE: &str = "XDG_CACHE_HOME";

/// Whether the cache folder that the environment names can be written, or made. Not so with a `HOME` that is
/// read-only or does not exist, as services and cron jobs often have it.
#[must_use]
pub fn cache_is_usable() -> bool {
    let named = std::env::var_os(CACHE_VARIABLE).map(PathBuf::from).filter(|dir| dir.is_absolute());
    let dir = named.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    dir.is_some_and(|dir| can_be_written(&dir))
}

/// Whether files can be made in `dir`, or `dir` can be made in the nearest folder above it that exists.
fn can_be_written(dir: &Path) -> bool {
    dir.ancestors()
        .find(|folder| folder.exists())
        .is_some_and(|folder| folder.is_dir() && access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_can_be_made_is_usable() {
        let dir = tempfile::tempdir().unwrap();
        assert!(can_be_written(&dir.path().join("a/b")));
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(!can_be_written(&file.join("a")));
        assert!(!can_be_written(Path::new("/proc/1/nothing")));
    }
}
