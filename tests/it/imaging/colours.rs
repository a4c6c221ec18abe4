use super::builders::with_segment;
use super::{data, derive, pixels, plain};

/// Where the scene of `tests/data/kinds` has even colours, and which ones in sRGB. They are the numbers in `make.py`:
/// what stands in the files with profiles was converted there by Little CMS, and comes back here by another library.
const PATCHES: [((u32, u32), [u8; 3]); 5] = [
    ((120, 120), [200, 100, 50]),
    ((290, 160), [90, 60, 160]),
    ((430, 200), [230, 220, 120]),
    ((20, 260), [70, 120, 60]),
    ((400, 300), [230, 230, 230]),
];

#[test]
fn profiles_are_taken_back_to_srgb() {
    let deriver = plain();
    for name in ["baseline.jpg", "adobe-rgb.jpg", "display-p3.jpg", "cmyk.jpg", "rgb.png"] {
        let made = derive(&deriver, &data(&format!("kinds/{name}")), name).expect(name).1;
        let picture = pixels(&made.preview);
        for ((x, y), expected) in PATCHES {
            let seen = picture.get_pixel(x, y).0;
            let off = seen.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
            assert!(off <= Some(7), "{name} at {x},{y}: {seen:?}, not {expected:?}");
        }
    }
}

/// The test above can fail: without its profile the same file looks otherwise.
#[test]
fn without_its_profile_the_same_file_has_other_colours() {
    let stripped = without_app2(&data("kinds/adobe-rgb.jpg"));
    let picture = pixels(&derive(&plain(), &stripped, "a.jpg").expect("derives").1.preview);
    let seen = picture.get_pixel(120, 120).0;
    assert!(seen[0].abs_diff(200) > 10, "{seen:?}");
}

/// Cameras that write Adobe RGB without a profile say so in Exif's interoperability table.
#[test]
fn adobe_rgb_by_name_only() {
    let stripped = without_app2(&data("kinds/adobe-rgb.jpg"));
    let exif = super::builders::Exif { adobe_rgb: true, ..Default::default() }.app1();
    let named = with_segment(&stripped, 0xe1, &exif);
    let picture = pixels(&derive(&plain(), &named, "a.jpg").expect("derives").1.preview);
    let seen = picture.get_pixel(120, 120).0;
    assert!(seen.iter().zip([200, 100, 50]).all(|(a, b)| a.abs_diff(b) <= 7), "{seen:?}");
}

fn without_app2(jpeg: &[u8]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    let mut at = 2;
    while jpeg[at + 1] != 0xda {
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] != 0xe2 {
            out.extend(&jpeg[at..end]);
        }
        at = end;
    }
    out.extend(&jpeg[at..]);
    out
}
