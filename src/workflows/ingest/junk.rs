//! What lies on a card but is nobody's photo.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::imaging::Format;

/// How much of a file tells what it is.
const HEAD_BYTES: usize = 512;

/// Folders whose files no person put there: waste baskets, thumbnails and indexes of other programs.
const SYSTEM_FOLDERS: &[&str] = &[
    "@eadir",
    "#recycle",
    "$recycle.bin",
    ".trashes",
    ".trash",
    ".spotlight-v100",
    ".fseventsd",
    ".temporaryitems",
    ".documentrevisions-v100",
    ".thumbnails",
    "system volume information",
    "__macosx",
];

/// Folders in which cameras keep their own books. A picture in one is still a picture: people use these names too.
const CAMERA_FOLDERS: &[&str] =
    &["misc", "canonmsc", "database", "avf_info", "m4root", "sony", "eos_digital", "nikon", "clpr_info"];

/// Files of operating systems.
const SYSTEM_FILES: &[&str] = &[
    ".ds_store",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "icon\r",
    ".apdisk",
    ".volumeicon.icns",
    ".metadata_never_index",
    ".com.apple.timemachine.donotpresent",
    "indexervolumeguid",
    "wpsettings.dat",
    "autorun.inf",
    ".picasa.ini",
    "picasa.ini",
    ".nomedia",
];

/// What cameras write beside pictures and films: catalogues, print orders, small copies of films.
const CAMERA_EXTENSIONS: &[&str] = &[
    "ctg", "dsc", "ind", "moi", "modd", "moff", "bdm", "bdmv", "cpi", "mpl", "tdt", "tid", "bin", "dat", "int", "mrk",
    "unf", "sec",
];

/// Small copies of films: pictures and films by their content, and yet nobody's.
const SMALL_COPIES: &[&str] = &["thm", "lrv"];

/// What people would miss: never junk, whatever folder of a camera it lies in.
const PICTURE_EXTENSIONS: &[&str] = &[
    "jpg", "jpeg", "jpe", "jfif", "png", "heic", "heif", "hif", "avif", "tif", "tiff", "webp", "gif", "bmp", "psd",
    "jxl", "cr2", "cr3", "crw", "nef", "nrw", "arw", "sr2", "srf", "raf", "dng", "orf", "rw2", "rwl", "raw", "pef",
    "srw", "3fr", "fff", "iiq", "x3f", "mos", "mef", "erf", "kdc", "dcr", "gpr", "mov", "mp4", "m4v", "avi", "mts",
    "m2ts", "mxf", "mpg", "mpeg", "3gp", "wmv", "mkv", "insv", "360", "crm", "braw", "wav",
];

/// Whether everything below a folder of this name is junk.
pub(super) fn is_system_folder(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    SYSTEM_FOLDERS.contains(&name.as_str()) || name.starts_with(".trash-")
}

/// Whether a camera keeps its own books in a folder of this name.
pub(super) fn is_camera_folder(name: &OsStr) -> bool {
    CAMERA_FOLDERS.contains(&name.to_string_lossy().to_ascii_lowercase().as_str())
}

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByName {
    Junk,
    /// Junk, unless its content is that of a picture or a film: recovered and renamed files are called so too.
    Suspect,
    NoJunk,
}

/// Whether a file is junk by its name. `in_camera_folder`: it lies in one of a camera's own folders.
pub(super) fn by_name(name: &OsStr, in_camera_folder: bool) -> ByName {
    let name = name.to_string_lossy().to_ascii_lowercase();
    if name.starts_with("._") || SYSTEM_FILES.contains(&name.as_str()) {
        return ByName::Junk;
    }
    match extension_of(&name) {
        extension if PICTURE_EXTENSIONS.contains(&extension) => ByName::NoJunk,
        extension if SMALL_COPIES.contains(&extension) => ByName::Junk,
        extension if in_camera_folder || CAMERA_EXTENSIONS.contains(&extension) => ByName::Suspect,
        _ => ByName::NoJunk,
    }
}

/// Whether a name promises a picture or a film.
pub(super) fn promises_a_picture(name: &OsStr) -> bool {
    PICTURE_EXTENSIONS.contains(&extension_of(&name.to_string_lossy().to_ascii_lowercase()))
}

/// Whether a file has nothing that people would miss. One that cannot be read may have. Blocking.
pub(super) fn is_junk_by_content(path: &Path) -> bool {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let read = File::open(path).and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head));
    read.is_ok() && !Format::is_known_by(&head)
}

fn extension_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_is_junk_and_pictures_are_not() {
        for name in ["._DSC_0001.JPG", ".DS_Store", "Thumbs.db", "MVI_0001.THM"] {
            assert_eq!(by_name(OsStr::new(name), false), ByName::Junk, "{name}");
        }
        for name in ["NIKON001.DSC", "IMG.DAT"] {
            assert_eq!(by_name(OsStr::new(name), false), ByName::Suspect, "{name}");
        }
        for name in ["DSC_0001.JPG", "notes.txt", "a.xmp", "MVI_0001.MOV", "x", ".hidden.jpg"] {
            assert_eq!(by_name(OsStr::new(name), false), ByName::NoJunk, "{name}");
        }
        for folder in ["@eaDir", ".Trashes", ".Trash-1000", "System Volume Information"] {
            assert!(is_system_folder(OsStr::new(folder)), "{folder}");
        }
        for folder in ["DCIM", "LOST.DIR", "lost+found"] {
            assert!(!is_system_folder(OsStr::new(folder)), "{folder}");
        }
    }

    #[test]
    fn a_picture_in_a_cameras_own_folder_is_not_lost() {
        assert!(is_camera_folder(OsStr::new("MISC")));
        assert_eq!(by_name(OsStr::new("AUTPRINT.TXT"), true), ByName::Suspect);
        assert_eq!(by_name(OsStr::new("DSC0001"), true), ByName::Suspect);
        assert_eq!(by_name(OsStr::new("Wedding.JPG"), true), ByName::NoJunk);
        assert_eq!(by_name(OsStr::new("C0001.MP4"), true), ByName::NoJunk);
    }
}
