//! What lies on a card but is nobody's photo.

use std::ffi::OsStr;

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
    "lost+found",
    "lost.dir",
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
    "thm", "lrv", "ctg", "dsc", "ind", "moi", "modd", "moff", "bdm", "bdmv", "cpi", "mpl", "tdt", "tid", "bin", "dat",
    "int", "mrk", "unf", "sec",
];

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

/// Whether a file is junk by its name. `in_camera_folder`: it lies in one of a camera's own folders.
pub(super) fn is_junk_file(name: &OsStr, in_camera_folder: bool) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    if name.starts_with("._") || SYSTEM_FILES.contains(&name.as_str()) {
        return true;
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if PICTURE_EXTENSIONS.contains(&extension) {
        return false;
    }
    in_camera_folder || CAMERA_EXTENSIONS.contains(&extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_is_junk_and_pictures_are_not() {
        for name in ["._DSC_0001.JPG", ".DS_Store", "Thumbs.db", "MVI_0001.THM", "NIKON001.DSC"] {
            assert!(is_junk_file(OsStr::new(name), false), "{name}");
        }
        for name in ["DSC_0001.JPG", "notes.txt", "a.xmp", "MVI_0001.MOV", "x", ".hidden.jpg"] {
            assert!(!is_junk_file(OsStr::new(name), false), "{name}");
        }
        for folder in ["@eaDir", ".Trashes", ".Trash-1000", "System Volume Information"] {
            assert!(is_system_folder(OsStr::new(folder)), "{folder}");
        }
        assert!(!is_system_folder(OsStr::new("DCIM")));
    }

    #[test]
    fn a_picture_in_a_cameras_own_folder_is_not_lost() {
        assert!(is_camera_folder(OsStr::new("MISC")));
        assert!(is_junk_file(OsStr::new("AUTPRINT.TXT"), true));
        assert!(!is_junk_file(OsStr::new("Wedding.JPG"), true));
        assert!(!is_junk_file(OsStr::new("C0001.MP4"), true));
    }
}
