//! File systems of a test's own: cards that are put in and pulled out, and disks that are small or read-only.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file system over a folder; it goes with the value.
pub struct Mounted(PathBuf);

impl Mounted {
    /// An empty one in memory.
    #[track_caller]
    pub fn tmpfs(dir: &Path, megabytes: u32) -> Self {
        std::fs::create_dir_all(dir).unwrap();
        Self::mount(&["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"], dir)
    }

    /// What is at `from`, at a second place.
    #[track_caller]
    pub fn bind(from: &Path, dir: &Path) -> Self {
        std::fs::create_dir_all(dir).unwrap();
        Self::mount(&["--bind", from.to_str().unwrap()], dir)
    }

    #[track_caller]
    fn mount(arguments: &[&str], dir: &Path) -> Self {
        assert!(
            mount(arguments, dir),
            "this test mounts a small file system: run it as root, or in a user namespace (unshare -rm)"
        );
        Self(dir.to_owned())
    }

    /// Mounts it again with other options, such as `ro`.
    #[track_caller]
    pub fn set(&self, options: &str) {
        assert!(mount(&["-o", &format!("remount,{options}")], &self.0), "remount {options}");
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// At once, whoever still reads from it: a card that is pulled out.
    pub fn pull_out(self) {
        drop(self);
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("-l").arg(&self.0).stderr(Stdio::null()).status();
    }
}

fn mount(arguments: &[&str], dir: &Path) -> bool {
    Command::new("mount").args(arguments).arg(dir).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
