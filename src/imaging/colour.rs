//! Embedded colour profiles (ICC.1) to sRGB.

use std::sync::{Arc, Mutex, PoisonError};

use moxcms::{ColorProfile, DataColorSpace, Layout, Transform8BitExecutor, TransformOptions};

use crate::model::digest::Sha256;

use super::decode::{Decoded, Samples};

/// Profiles remembered: a card holds pictures of one camera or two.
const REMEMBERED: usize = 8;
/// How far a profile may be from sRGB, in steps of 255, to be taken for it.
const SAME: u8 = 2;

/// What is to be done with the samples of a picture.
#[derive(Clone)]
pub(super) enum Conversion {
    /// They are sRGB, or as good as.
    None,
    /// The profile cannot be used.
    Unusable,
    /// Each grey value becomes another one.
    Grey(Arc<[u8; 256]>),
    /// Three samples become three.
    Rgb(Arc<Transform8BitExecutor>),
    /// Four amounts of ink become three samples.
    Cmyk(Arc<Transform8BitExecutor>),
}

/// The channels of a picture that has a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channels {
    Grey,
    Rgb,
    Cmyk,
}

/// Conversions by profile, so that ten thousand files of one camera work theirs out once.
#[derive(Default)]
pub(super) struct Profiles {
    remembered: Mutex<Vec<(Sha256, Channels, Conversion)>>,
}

impl Profiles {
    /// How to get from a picture's own colours to sRGB: by its profile, else by what the camera says in a word.
    pub fn for_decoded(&self, decoded: &Decoded, adobe_rgb_said: bool) -> Conversion {
        let channels = match &decoded.samples {
            Samples::Grey(_) => Channels::Grey,
            Samples::Ycc { .. } | Samples::Rgb(_) => Channels::Rgb,
            Samples::Cmyk(_) => Channels::Cmyk,
        };
        match &decoded.profile {
            Some(profile) => self.conversion(profile, channels),
            None if adobe_rgb_said && channels == Channels::Rgb => adobe_rgb(),
            None => Conversion::None,
        }
    }

    /// How to get from a profile to sRGB.
    pub fn conversion(&self, profile: &[u8], channels: Channels) -> Conversion {
        let key = Sha256::of(profile);
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = remembered.iter().find(|(digest, of, _)| (*digest, *of) == (key, channels)) {
            return found.2.clone();
        }
        let conversion = work_out(profile, channels);
        if remembered.len() >= REMEMBERED {
            remembered.remove(0);
        }
        remembered.push((key, channels, conversion.clone()));
        conversion
    }
}

/// A profile that cannot be used is ignored, which is noted.
pub(super) fn usable(conversion: Conversion, notes: &mut Vec<String>) -> Conversion {
    if matches!(conversion, Conversion::Unusable) {
        notes.push("the colour profile cannot be used and was ignored".to_owned());
        return Conversion::None;
    }
    conversion
}

fn work_out(profile: &[u8], channels: Channels) -> Conversion {
    // The library reads profiles of strangers: what it makes of a hostile one must not take the run down.
    let outcome = std::panic::catch_unwind(|| {
        let profile = ColorProfile::new_from_slice(profile).ok()?;
        match (channels, profile.color_space) {
            (Channels::Grey, DataColorSpace::Gray) => grey(&profile),
            (Channels::Rgb, DataColorSpace::Rgb) => rgb(&profile),
            (Channels::Cmyk, DataColorSpace::Cmyk) => cmyk(&profile),
            // Grey pictures with the profile of a colour space: equal samples stay about equal.
            (Channels::Grey, DataColorSpace::Rgb) => grey_in_rgb(&profile),
            _ => None,
        }
    });
    outcome.ok().flatten().unwrap_or(Conversion::Unusable)
}

/// Adobe RGB (1998), for cameras that only name it.
fn adobe_rgb() -> Conversion {
    rgb(&ColorProfile::new_adobe_rgb()).unwrap_or(Conversion::Unusable)
}

fn options() -> TransformOptions {
    TransformOptions::default()
}

fn rgb(profile: &ColorProfile) -> Option<Conversion> {
    let srgb = ColorProfile::new_srgb();
    let transform = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, options()).ok()?;
    let mut colours = Vec::new();
    let steps = [0_u8, 51, 102, 153, 204, 255];
    for r in steps {
        for g in steps {
            for b in steps {
                colours.extend([r, g, b]);
            }
        }
    }
    let mut converted = vec![0; colours.len()];
    transform.transform(&colours, &mut converted).ok()?;
    let same = colours.iter().zip(&converted).all(|(a, b)| a.abs_diff(*b) <= SAME);
    Some(if same { Conversion::None } else { Conversion::Rgb(transform) })
}

fn cmyk(profile: &ColorProfile) -> Option<Conversion> {
    let srgb = ColorProfile::new_srgb();
    let transform = profile.create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgb, options()).ok()?;
    let mut probe = [0; 3];
    transform.transform(&[0, 0, 0, 0], &mut probe).ok()?;
    Some(Conversion::Cmyk(transform))
}

fn grey(profile: &ColorProfile) -> Option<Conversion> {
    let srgb = ColorProfile::new_srgb();
    let transform = profile.create_transform_8bit(Layout::Gray, &srgb, Layout::Rgb, options()).ok()?;
    let greys: Vec<u8> = (0..=255).collect();
    let mut converted = vec![0; 768];
    transform.transform(&greys, &mut converted).ok()?;
    Some(grey_table(&converted))
}

fn grey_in_rgb(profile: &ColorProfile) -> Option<Conversion> {
    let Conversion::Rgb(transform) = rgb(profile)? else { return Some(Conversion::None) };
    let greys: Vec<u8> = (0..=255).flat_map(|grey| [grey; 3]).collect();
    let mut converted = vec![0; 768];
    transform.transform(&greys, &mut converted).ok()?;
    Some(grey_table(&converted))
}

fn grey_table(converted: &[u8]) -> Conversion {
    let mut table = [0; 256];
    for (entry, pixel) in table.iter_mut().zip(converted.chunks_exact(3)) {
        *entry = pixel[1];
    }
    if table.iter().zip(0_u8..).all(|(a, b)| a.abs_diff(b) <= SAME) {
        Conversion::None
    } else {
        Conversion::Grey(Arc::new(table))
    }
}

/// Ink on paper without a profile: what is left of white.
pub(super) fn plain_cmyk(ink: &[u8]) -> Vec<u8> {
    let left = |ink: u8, black: u8| {
        let product = u32::from(255 - ink) * u32::from(255 - black) + 127;
        u8::try_from(product / 255).unwrap_or(255)
    };
    ink.chunks_exact(4).flat_map(|p| [left(p[0], p[3]), left(p[1], p[3]), left(p[2], p[3])]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn srgb_is_left_alone_and_wide_colours_are_not() {
        let profiles = Profiles::default();
        let encode = |profile: ColorProfile| profile.encode().expect("encodes");
        let conversion = |profile: &[u8]| profiles.conversion(profile, Channels::Rgb);
        assert!(matches!(conversion(&encode(ColorProfile::new_srgb())), Conversion::None));
        assert!(matches!(conversion(&encode(ColorProfile::new_adobe_rgb())), Conversion::Rgb(_)));
        assert!(matches!(conversion(&encode(ColorProfile::new_display_p3())), Conversion::Rgb(_)));
        assert!(matches!(conversion(b"no profile"), Conversion::Unusable));
        assert!(matches!(profiles.conversion(&encode(ColorProfile::new_srgb()), Channels::Cmyk), Conversion::Unusable));
    }

    #[test]
    fn ink_without_a_profile() {
        assert_eq!(plain_cmyk(&[0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255]), [255, 255, 255, 0, 255, 255, 0, 0, 0]);
    }
}
