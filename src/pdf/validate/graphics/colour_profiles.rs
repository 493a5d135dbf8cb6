//! Profiles of colour spaces, and overprinting with them (part 1, 6.2.3.2; later ones, 6.2.4.2).

use super::profile::Profile;
use crate::pdf::validate::{rule::Findings, subject::Subject};

/// The profile of an `ICCBased` space is of a device, for grey, RGB, CMYK or Lab, in a version that the part knows (part
/// 1, 6.2.3.2; later ones, 6.2.4.2). So is the profile that JPEG 2000 data brings along for itself.
pub(super) fn check_profile(subject: &Subject<'_>, findings: &mut Findings) {
    let part = subject.flavour.part();
    let drawn = &subject.facts().graphics;
    for (id, embedded) in &drawn.profiles {
        let fault = match &embedded.profile {
            None if id.is_none() => Some("does not exist".to_owned()),
            None => Some("does not unpack or is too short".to_owned()),
            Some(profile) => profile.source_fault(part),
        };
        if let Some(fault) = fault {
            findings.add(embedded.place, || format!("The profile of an ICCBased colour space {fault}."));
        }
    }
    for (colour, place) in drawn.data_colours.values() {
        let profile = colour.as_ref().and_then(|colour| colour.profile.as_ref());
        if let Some(fault) = profile.and_then(|profile| profile.source_fault(part)) {
            findings.add(*place, || format!("The profile in JPEG 2000 data {fault}."));
        }
    }
}

/// The profile of an `ICCBased` space has as many components as the space (part 1, 6.2.3.2; later ones, 6.2.4.2; ISO
/// 32000-1, 8.6.5.5).
pub(super) fn check_components(subject: &Subject<'_>, findings: &mut Findings) {
    for embedded in subject.facts().graphics.profiles.values() {
        let meant = embedded.profile.as_ref().and_then(Profile::components);
        findings.add_if(meant.is_some() && embedded.components != meant, embedded.place, || {
            let said = embedded.components.map_or("nothing".to_owned(), |said| said.to_string());
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

#[cfg(test)]
mod tests {
    use lopdf::{Object, dictionary};

    use crate::pdf::validate::{
        Flavour,
        graphics::testing::{Sample, icc, named},
    };

    fn with_profile(bytes: &[u8], components: i64, content: &str) -> Sample {
        let mut sample = Sample::drawing(content, dictionary! {});
        let profile = sample.profile(bytes, components);
        let state = dictionary! { "OPM" => 1, "op" => true };
        sample.set(
            sample.page,
            "Resources",
            dictionary! {
                "ColorSpace" => dictionary! { "C" => vec![named("ICCBased"), profile.into()] },
                "ExtGState" => dictionary! { "G" => state },
            },
        );
        sample
    }

    #[test]
    fn a_profile_is_valid_and_has_as_many_components_as_it_says() {
        let broken = |bytes: &[u8], components, flavour| with_profile(bytes, components, "/C cs").broken(flavour);
        assert!(broken(&icc(b"spac", b"Lab ", 2), 3, Flavour::A1B).is_empty());
        assert_eq!(broken(&icc(b"mntr", b"RGB ", 4), 3, Flavour::A1B), ["icc-profile"]);
        assert_eq!(broken(&icc(b"link", b"RGB ", 2), 3, Flavour::A2B), ["icc-profile"]);
        assert_eq!(broken(b"short", 3, Flavour::A4), ["icc-profile"]);
        assert_eq!(broken(&icc(b"mntr", b"RGB ", 2), 1, Flavour::A2B), ["icc-components"]);
    }

    #[test]
    fn a_space_without_a_profile_is_refused() {
        let spaces = dictionary! { "C" => vec![named("ICCBased"), Object::Null] };
        let sample = Sample::drawing("/C cs", dictionary! { "ColorSpace" => spaces });
        assert_eq!(sample.broken(Flavour::A2B), ["icc-profile"]);
    }

    #[test]
    fn cmyk_by_a_profile_does_not_overprint_in_mode_1() {
        let broken = |content| with_profile(&icc(b"prtr", b"CMYK", 2), 4, content).broken(Flavour::A2B);
        assert_eq!(broken("/G gs /C cs 0 0 1 1 re f"), ["icc-overprint-mode"]);
        assert!(broken("/G gs /C CS 0 0 1 1 re S").is_empty());
        assert!(broken("/C cs 0 0 1 1 re f").is_empty());
    }
}
