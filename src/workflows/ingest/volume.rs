//! Which volume a file is on, and where on it: what stays the same when a card is mounted anew elsewhere.
//!
//! Inode and device numbers do not: FAT and exFAT make up new ones at every mount. A volume that cannot be told from
//! others has no identity here, and nothing is remembered of it.

use std::path::{Path, PathBuf};

/// A volume and a path on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnVolume {
    /// The file system's UUID or serial number, with the kind of source it came from.
    pub volume: String,
    /// From the root of the file system, without a leading slash; bytes of the system.
    pub path: PathBuf,
}

/// Where a folder lies on its volume. `None` when the volume cannot be told from others. Blocking.
#[must_use]
pub fn locate(folder: &Path) -> Option<OnVolume> {
    let folder = folder.canonicalize().ok()?;
    #[cfg(target_os = "linux")]
    {
        linux::locate(&folder)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        None
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    use super::OnVolume;

    /// File systems whose `f_fsid` is made from the UUID on the disk (statfs(2), and the kernel's sources of each).
    /// FAT and exFAT give the number of the device instead: two cards in one reader would look the same.
    const FSID_IS_UUID: &[&str] = &["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "overlay"];

    /// One line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
    #[derive(Debug, PartialEq, Eq)]
    pub(super) struct Mount {
        pub device: String,
        /// The folder of the file system that is mounted.
        pub root: PathBuf,
        pub point: PathBuf,
        pub kind: String,
        pub source: PathBuf,
    }

    pub(super) fn locate(folder: &Path) -> Option<OnVolume> {
        let table = std::fs::read("/proc/self/mountinfo").ok()?;
        let mount = find(&table, folder)?;
        let volume = serial(&mount).or_else(|| fsid(&mount))?;
        let below = folder.strip_prefix(&mount.point).ok()?;
        let root = mount.root.strip_prefix("/").unwrap_or(&mount.root);
        Some(OnVolume { volume, path: root.join(below) })
    }

    /// The mount that a path is on: of the deepest ones the last, which hides those before it.
    pub(super) fn find(table: &[u8], path: &Path) -> Option<Mount> {
        let lines = table.split(|&byte| byte == b'\n').filter_map(parse);
        lines.filter(|mount| path.starts_with(&mount.point)).fold(None, |best: Option<Mount>, mount| match best {
            Some(best) if best.point.components().count() > mount.point.components().count() => Some(best),
            _ => Some(mount),
        })
    }

    fn parse(line: &[u8]) -> Option<Mount> {
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
        let separator = fields.iter().position(|&field| field == b"-")?;
        let path = |field: &[u8]| PathBuf::from(OsString::from_vec(unescape(field)));
        let word = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
        Some(Mount {
            device: word(fields.get(2)?),
            root: path(fields.get(3)?),
            point: path(fields.get(4)?),
            kind: word(fields.get(separator + 1)?),
            source: path(fields.get(separator + 2)?),
        })
    }

    /// Space, tab, line break and backslash are written as `\040` and so on.
    fn unescape(field: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(field.len());
        let mut rest = field;
        while let Some((&byte, tail)) = rest.split_first() {
            let octal = tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
            match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
                Some(value) if byte == b'\\' => {
                    out.push(value);
                    rest = tail.get(3..).unwrap_or_default();
                }
                _ => {
                    out.push(byte);
                    rest = tail;
                }
            }
        }
        out
    }

    /// The name under `/dev/disk/by-uuid` that leads to the mount's device: a UUID, of FAT and exFAT the serial number.
    fn serial(mount: &Mount) -> Option<String> {
        let wanted =
            std::fs::metadata(&mount.source).ok().map(|metadata| metadata.rdev()).filter(|&device| device != 0)?;
        for entry in std::fs::read_dir("/dev/disk/by-uuid").ok()?.filter_map(Result::ok) {
            if std::fs::metadata(entry.path()).is_ok_and(|metadata| metadata.rdev() == wanted) {
                return Some(format!("uuid:{}", entry.file_name().to_string_lossy()));
            }
        }
        None
    }

    fn fsid(mount: &Mount) -> Option<String> {
        if !FSID_IS_UUID.contains(&mount.kind.as_str()) {
            return None;
        }
        let id = rustix::fs::statvfs(mount.point.as_os_str().as_bytes()).ok()?.f_fsid;
        (id != 0).then(|| format!("{}:{id:016x}", mount.kind))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_and_latest_mount_counts() {
        let table = b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n\
            2 1 8:17 / /media/My\\040Card rw shared:1 - vfat /dev/sdb1 rw\n\
            3 1 8:33 / /media/My\\040Card rw - exfat /dev/sdc1 rw\n\
            4 1 8:1 /srv/data /mnt/bind rw - ext4 /dev/sda1 rw\n";
        let find = |path: &str| linux::find(table, Path::new(path)).expect("a mount");
        assert_eq!(find("/media/My Card/DCIM").kind, "exfat");
        assert_eq!(find("/media/other").kind, "ext4");
        assert_eq!(find("/mnt/bind/x").root, Path::new("/srv/data"));
    }

    #[test]
    fn a_folder_of_this_disk_has_a_place() {
        let dir = tempfile::tempdir().expect("folder");
        let inner = dir.path().join("a");
        std::fs::create_dir(&inner).expect("folder");
        // On file systems without an identity both are unknown.
        if let (Some(outer), Some(inner)) = (locate(dir.path()), locate(&inner)) {
            assert_eq!(outer.volume, inner.volume);
            assert_eq!(inner.path, outer.path.join("a"));
        }
    }
}
