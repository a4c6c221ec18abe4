//! Names of files that photos are written to: safe on every file system, the same each time.

use super::handout::Handout;

/// Longest stem in bytes: with id, kind and extension a name stays within the 255 bytes that file systems allow.
const LONGEST_STEM: usize = 160;
/// Longest extension in bytes that is taken for one.
const LONGEST_EXTENSION: usize = 8;
/// Digits of the id in a name.
const ID_DIGITS: usize = 8;

/// `DSC_0001-1a2b3c4d.JPG`, `DSC_0001-1a2b3c4d-thumbnail.jpg`: the name on the card, the first digits of the photo's id
/// (two cards' DSC_0001.JPG are two files), what it is. Depends on nothing but the photo. `whole_id` for the rare case
/// that two photos agree in all of this.
#[must_use]
pub fn unique(object: &Handout, whole_id: bool) -> String {
    let (stem, extension) = parts(object);
    let id = object.photo.0.simple().to_string();
    let id = if whole_id { id.as_str() } else { &id[..ID_DIGITS] };
    // Extensions tell a RAW from the JPEG that it stands beside.
    let kind = if object.kind.is_camera_file() { String::new() } else { format!("-{}", object.kind) };
    let mark = object.mark.as_ref().map_or(String::new(), |mark| format!("-{mark}"));
    with_extension(&format!("{stem}-{id}{kind}{mark}"), &extension)
}

/// `DSC_0001.JPG`: for browsers, which number what they have already.
#[must_use]
pub fn plain(object: &Handout) -> String {
    let (stem, extension) = parts(object);
    with_extension(&stem, &extension)
}

fn with_extension(stem: &str, extension: &str) -> String {
    if extension.is_empty() { stem.to_owned() } else { format!("{stem}.{extension}") }
}

fn parts(object: &Handout) -> (String, String) {
    let (stem, own) = split(last_part(&object.name));
    if !object.kind.is_camera_file() {
        return (safe(stem), "jpg".to_owned());
    }
    let stored = split(last_part(&object.key)).1.to_lowercase();
    let said = own.to_lowercase();
    // The key's extension tells the content; the name's is kept where it says the same.
    let same = stored.is_empty() || said == stored || (said == "jpeg" && stored == "jpg");
    let extension = if same { own.to_owned() } else { stored };
    (safe(stem), safe_extension(&extension))
}

fn last_part(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn split(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && (1..=LONGEST_EXTENSION).contains(&extension.len()) => {
            (stem, extension)
        }
        _ => (name, ""),
    }
}

fn safe_extension(extension: &str) -> String {
    extension.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// `stem` without what some file system, shell or terminal takes amiss.
fn safe(stem: &str) -> String {
    let mut out = String::with_capacity(stem.len());
    for c in stem.chars() {
        let bad = c.is_control()
            || matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' | '\u{fffd}')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        let c = if bad { '_' } else { c };
        if out.len() + c.len_utf8() > LONGEST_STEM {
            break;
        }
        out.push(c);
    }
    // A dot in front hides a file, a dash is taken for an option, a dot or space behind is dropped by some systems.
    let trimmed = out.trim_start_matches(['.', '-', ' ']).trim_end_matches(['.', ' ']);
    if trimmed.is_empty() { "photo".to_owned() } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::status::PhotoObject;

    fn object(name: &str, key: &str, kind: PhotoObject) -> Handout {
        Handout {
            photo: Uuid::from_u128(0x1a2b_3c4d_0000_0000_0000_0000_0000_0001).into(),
            kind,
            key: key.to_owned(),
            name: name.to_owned(),
            known: None,
            lost: false,
            mark: None,
        }
    }

    #[test]
    fn names_are_stable_and_tell_what_they_are() {
        let card = |kind| object("DSC_0001.JPG", "projects/p/photos/x/original.jpg", kind);
        assert_eq!(unique(&card(PhotoObject::Original), false), "DSC_0001-1a2b3c4d.JPG");
        assert_eq!(unique(&card(PhotoObject::Thumbnail), false), "DSC_0001-1a2b3c4d-thumbnail.jpg");
        assert_eq!(plain(&card(PhotoObject::Watermarked)), "DSC_0001.jpg");
        let other = object("a.jpg", "projects/p/photos/x/original.nef", PhotoObject::Original);
        assert_eq!(unique(&other, false), "a-1a2b3c4d.nef");
        let foreign = object("uploads/2026/x y.webp", "uploads/2026/x y.webp", PhotoObject::Original);
        assert_eq!(unique(&foreign, false), "x y-1a2b3c4d.webp");
        let raw = object("DSC_0001.NEF", "projects/p/photos/x/raw-0123456789abcdef.nef", PhotoObject::Raw);
        assert_eq!(unique(&raw, false), "DSC_0001-1a2b3c4d.NEF");
        let one_of_two = Handout { mark: Some("01234567".to_owned()), ..raw };
        assert_eq!(unique(&one_of_two, false), "DSC_0001-1a2b3c4d-01234567.NEF");
    }

    #[test]
    fn no_name_leaves_the_folder_or_moves_the_cursor() {
        for name in [
            "../../etc/passwd",
            "..\\..\\x",
            "-rf",
            ".hidden",
            "a\u{1b}[2Jb\n",
            "CON:<>|?*",
            "",
            ".",
            "...",
            "\u{202e}gpj",
        ] {
            let out = unique(&object(name, "k", PhotoObject::Original), false);
            assert!(!out.starts_with(['.', '-']) && !out.contains(['/', '\\', '\n', ':', '\u{202e}']), "{out:?}");
            assert!(!out.chars().any(char::is_control), "{out:?}");
        }
        let long = "é".repeat(300);
        assert!(unique(&object(&long, "k.jpg", PhotoObject::Thumbnail), true).len() <= 255);
    }
}
