//! An ICC profile of version 4 as one of version 2 (ICC.1:2001-04), which is all that PDF 1.4 and so PDF/A-1 knows.
//!
//! What version 4 may say of a screen or a scanner, three primaries and a curve for each, or one curve for grey, version 2
//! says too, with the same numbers; only a curve that is a formula becomes a table. A profile that is made of tables for
//! all its colours would have to be sampled, which changes colours: it is left to whoever asks.

use moxcms::{ColorProfile, DataColorSpace, ProfileClass, ToneReprCurve, Xyzd};

/// Entries of a curve that was a formula; between them one draws a line, which is off by less than one part in 4,000.
const CURVE_ENTRIES: u16 = 1024;
/// The head of a profile and the number of its tags.
const HEAD_BYTES: usize = 128;
/// What a profile is called that is made here.
const NAME: &str = "Version 2 of an embedded profile";
/// Who may use it; version 2 wants a word on that.
const COPYRIGHT: &str = "As the profile that it was made from";

/// Writes a profile of version 4 as one of version 2; `None` when it is no profile, or not one of primaries and curves.
pub(crate) fn version_two(profile: &[u8]) -> Option<Vec<u8>> {
    let read = ColorProfile::new_from_slice(profile).ok()?;
    // Tables come before primaries where there are both (ICC.1:2010, 8.10.2).
    let tables = [&read.lut_a_to_b_perceptual, &read.lut_a_to_b_colorimetric, &read.lut_a_to_b_saturation];
    if read.pcs != DataColorSpace::Xyz || tables.into_iter().any(Option::is_some) {
        return None;
    }
    let class = match read.profile_class {
        ProfileClass::DisplayDevice => b"mntr",
        ProfileClass::InputDevice => b"scnr",
        ProfileClass::OutputDevice => b"prtr",
        ProfileClass::ColorSpace => b"spac",
        ProfileClass::DeviceLink | ProfileClass::Abstract | ProfileClass::Named => return None,
    };
    let mut tags: Vec<([u8; 4], Vec<u8>)> =
        vec![(*b"desc", description()), (*b"cprt", text()), (*b"wtpt", coordinates(read.white_point)?)];
    let space = if read.color_space == DataColorSpace::Rgb {
        for (name, primary) in
            [(b"rXYZ", read.red_colorant), (b"gXYZ", read.green_colorant), (b"bXYZ", read.blue_colorant)]
        {
            tags.push((*name, coordinates(primary)?));
        }
        for (name, tone) in [(b"rTRC", &read.red_trc), (b"gTRC", &read.green_trc), (b"bTRC", &read.blue_trc)] {
            tags.push((*name, curve(tone.as_ref()?)?));
        }
        b"RGB "
    } else if read.color_space == DataColorSpace::Gray {
        tags.push((*b"kTRC", curve(read.gray_trc.as_ref()?)?));
        b"GRAY"
    } else {
        return None;
    };
    written(profile.first_chunk::<HEAD_BYTES>()?, class, space, &tags)
}

/// Puts the parts together. The rest of the head stays what it was: platform, maker, intent, illuminant, creator.
fn written(head: &[u8; HEAD_BYTES], class: &[u8; 4], space: &[u8; 4], tags: &[([u8; 4], Vec<u8>)]) -> Option<Vec<u8>> {
    let mut bytes = head.to_vec();
    let mut set = |at: usize, value: &[u8]| {
        if let Some(place) = bytes.get_mut(at..at + value.len()) {
            place.copy_from_slice(value);
        }
    };
    set(8, &[2, 0x20, 0, 0]);
    set(12, class);
    set(16, space);
    set(20, b"XYZ ");
    // The profile ID is of version 4 only, and was of other bytes.
    set(84, &[0; 44]);
    bytes.extend(u32::try_from(tags.len()).ok()?.to_be_bytes());
    let mut at = HEAD_BYTES + 4 + 12 * tags.len();
    for (name, value) in tags {
        bytes.extend(name);
        bytes.extend(u32::try_from(at).ok()?.to_be_bytes());
        bytes.extend(u32::try_from(value.len()).ok()?.to_be_bytes());
        at += value.len().next_multiple_of(4);
    }
    for (_, value) in tags {
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    let size = u32::try_from(bytes.len()).ok()?.to_be_bytes();
    bytes.get_mut(..4)?.copy_from_slice(&size);
    Some(bytes)
}

/// A value that begins with the name of its type.
fn value(of_type: &[u8; 4]) -> Vec<u8> {
    [&of_type[..], &[0; 4]].concat()
}

fn text() -> Vec<u8> {
    [value(b"text").as_slice(), COPYRIGHT.as_bytes(), &[0]].concat()
}

/// The name in ASCII (6.5.17); there is none in Unicode and none for a Macintosh, whose room is there nevertheless.
fn description() -> Vec<u8> {
    let count = u32::try_from(NAME.len() + 1).unwrap_or_default().to_be_bytes();
    [value(b"desc").as_slice(), &count, NAME.as_bytes(), &[0], &[0; 8], &[0; 3], &[0; 67]].concat()
}

fn coordinates(of: Xyzd) -> Option<Vec<u8>> {
    let mut bytes = value(b"XYZ ");
    for coordinate in [of.x, of.y, of.z] {
        bytes.extend(fixed(coordinate)?.to_be_bytes());
    }
    Some(bytes)
}

/// A number with 16 bits before and behind the point.
fn fixed(number: f64) -> Option<i32> {
    let scaled = (number * 65_536.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "in the bounds of the type, see before")]
    (scaled.abs() < f64::from(i32::MAX)).then_some(scaled as i32)
}

/// A curve as a table; one that is a table, or nothing but an exponent, stays what it is.
fn curve(tone: &ToneReprCurve) -> Option<Vec<u8>> {
    let entries = match tone {
        ToneReprCurve::Lut(entries) => entries.clone(),
        ToneReprCurve::Parametric(_) => {
            let formula = tone.make_linear_evaluator().ok()?;
            let last = f32::from(CURVE_ENTRIES - 1);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 65,535")]
            let at = |step| (formula.evaluate_value(f32::from(step) / last).clamp(0.0, 1.0) * 65_535.0).round() as u16;
            (0..CURVE_ENTRIES).map(at).collect()
        }
    };
    let mut bytes = value(b"curv");
    bytes.extend(u32::try_from(entries.len()).ok()?.to_be_bytes());
    bytes.extend(entries.iter().flat_map(|entry| entry.to_be_bytes()));
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use moxcms::{Layout, TransformOptions};

    use super::*;

    /// What colours become in sRGB.
    fn shown(profile: &[u8], colours: &[u8], layout: Layout) -> Vec<u8> {
        let (from, to) = (ColorProfile::new_from_slice(profile).unwrap(), ColorProfile::new_srgb());
        let transform = from.create_transform_8bit(layout, &to, Layout::Rgb, TransformOptions::default()).unwrap();
        let channels = if layout == Layout::Gray { 1 } else { 3 };
        let mut shown = vec![0; colours.len() / channels * 3];
        transform.transform(colours, &mut shown).unwrap();
        shown
    }

    #[test]
    fn colours_are_shown_as_by_the_profile_of_version_4() {
        let colours: Vec<u8> = (0..=255_u8).flat_map(|step| [step, 255 - step, step ^ 0x55]).collect();
        for profile in [ColorProfile::new_srgb(), ColorProfile::new_display_p3(), ColorProfile::new_adobe_rgb()] {
            let four = profile.encode().unwrap();
            assert_eq!(four[8], 4);
            let two = version_two(&four).unwrap();
            assert_eq!(two[8], 2);
            let (before, after) = (shown(&four, &colours, Layout::Rgb), shown(&two, &colours, Layout::Rgb));
            let furthest = before.iter().zip(&after).map(|(one, other)| one.abs_diff(*other)).max();
            assert!(furthest <= Some(1), "{furthest:?}");
        }
    }

    #[test]
    fn grey_is_shown_as_by_the_profile_of_version_4() {
        let four = ColorProfile::new_gray_with_gamma(1.8).encode().unwrap();
        let two = version_two(&four).unwrap();
        let greys: Vec<u8> = (0..=255).collect();
        assert_eq!(shown(&four, &greys, Layout::Gray), shown(&two, &greys, Layout::Gray));
    }

    #[test]
    fn what_is_no_profile_or_made_of_tables_is_left() {
        assert_eq!(version_two(b"no profile"), None);
        let mut tables = ColorProfile::new_srgb();
        tables.color_space = DataColorSpace::Cmyk;
        assert_eq!(tables.encode().ok().and_then(|four| version_two(&four)), None);
    }
}
