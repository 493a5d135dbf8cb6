//! Profiles of colour spaces, and overprinting with them (part 1, 6.2.3.2; later ones, 6.2.4.2).

use super::profile::Profile;
use crate::pdf::{
    object,
    validate::{rule::Findings, subject::Subject},
};

/// The profile of an `ICCBased` space is of a device, for grey, RGB, CMYK or Lab, in a version that the part knows (part
/// 1, 6.2.3.2; later ones, 6.2.4.2). So is the profile that JPEG 2000 data brings along for itself.
pub(super) fn check_profile(subject: &Subject<'_>, findings: &mut Findings) {
    let part = subject.flavour.part();
    let drawn = &subject.facts().graphics;
    for (held, place) in drawn.profiles.values() {
        let fault = match held.map(Profile::of) {
            None => Some("does not exist".to_owned()),
            Some(None) => Some("does not unpack or is too short".to_owned()),
            Some(Some(profile)) => profile.source_fault(part),
        };
        if let Some(fault) = fault {
            findings.add(*place, || format!("The profile of an ICCBased colour space {fault}."));
        }
    }
    for (profile, place) in drawn.image_profiles.values() {
        if let Some(fault) = profile.source_fault(part) {
            findings.add(*place, || format!("The profile in JPEG 2000 data {fault}."));
        }
    }
}

/// The profile of an `ICCBased` space has as many components as the space (part 1, 6.2.3.2; later ones, 6.2.4.2; ISO
/// 32000-1, 8.6.5.5).
pub(super) fn check_components(subject: &Subject<'_>, findings: &mut Findings) {
    for (held, place) in subject.facts().graphics.profiles.values() {
        let Some(held) = held else { continue };
        let said = object::integer(subject.document, &held.dict, b"N");
        let meant = Profile::of(held).and_then(|profile| profile.components());
        findings.add_if(meant.is_some() && said != meant, *place, || {
            let said = said.map_or("nothing".to_owned(), |said| said.to_string());
            format!("The profile of an ICCBased space has {} components, but its N says {said}.", meant.unwrap_or(0))
        });
    }
}

/// Overprint mode 1 is not set where CMYK by a profile overprints (parts 2 to 4, 6.2.4.2).
pub(super) fn check_overprint_mode(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, _) in subject.facts().graphics.overprinted.iter() {
        findings.add(place, || "An ICCBased CMYK colour overprints with overprint mode 1.".to_owned());
    }
}
