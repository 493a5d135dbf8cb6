//! Graphics state dictionaries: transfer functions, halftones, rendering intents (part 1, 6.2.8 and 6.2.9; later ones,
//! 6.2.5 and 6.2.6).

use lopdf::{Dictionary, Object};

use crate::pdf::{
    object,
    standard::RENDERING_INTENTS,
    validate::{Part, Place, rule::Findings, subject::Subject},
};

/// Most halftones that one halftone of type 5 is looked at for; there is one for each ink.
const COLORANTS_MAX: usize = 256;

/// A graphics state sets no transfer function: `TR` is not there (part 1, 6.2.8; later ones, 6.2.5).
pub(super) fn check_no_transfer(subject: &Subject<'_>, findings: &mut Findings) {
    for (state, place) in subject.facts().graphics.states.values() {
        let is_there = object::get(subject.document, state, b"TR").is_some();
        findings.add_if(is_there, *place, || "A graphics state has a TR entry.".to_owned());
    }
}

/// `TR2` has no other value than `Default` (part 1, 6.2.8; later ones, 6.2.5).
pub(super) fn check_default_transfer(subject: &Subject<'_>, findings: &mut Findings) {
    for (state, place) in subject.facts().graphics.states.values() {
        let is_other = object::get(subject.document, state, b"TR2")
            .is_some_and(|value| !matches!(value.as_name(), Ok(b"Default")));
        findings.add_if(is_other, *place, || "A graphics state has a TR2 entry other than Default.".to_owned());
    }
}

/// A graphics state does not set where halftones start: `HTP` is not there (parts 2 and 3, 6.2.5), in part 4 `HTO`
/// (6.2.5).
pub(super) fn check_no_halftone_origin(subject: &Subject<'_>, findings: &mut Findings) {
    let key = if subject.flavour.part() == Part::Four { "HTO" } else { "HTP" };
    for (state, place) in subject.facts().graphics.states.values() {
        findings.add_if(state.has(key.as_bytes()), *place, || format!("A graphics state has an {key} entry."));
    }
}

/// A halftone in a graphics state.
struct Halftone<'a> {
    held: &'a Dictionary,
    /// The ink it is for; `None` for all.
    colorant: Option<&'a [u8]>,
    place: Place,
}

/// The halftones of all graphics states, those in halftones of type 5 included.
fn halftones<'a>(subject: &Subject<'a>) -> Vec<Halftone<'a>> {
    let document = subject.document;
    let mut found = Vec::new();
    for (state, place) in subject.facts().graphics.states.values() {
        let Some(held) = object::dictionary(document, state, b"HT") else { continue };
        found.push(Halftone { held, colorant: None, place: *place });
        if object::integer(document, held, b"HalftoneType") != Some(5) {
            continue;
        }
        let of_inks = held.iter().filter_map(|(ink, halftone)| {
            let held = object::as_dictionary(object::resolve(document, halftone))?;
            Some(Halftone { held, colorant: Some(ink.as_slice()), place: *place })
        });
        found.extend(of_inks.take(COLORANTS_MAX));
    }
    found
}

/// Halftones are of type 1 or 5 (parts 2 to 4, 6.2.5).
pub(super) fn check_halftone_type(subject: &Subject<'_>, findings: &mut Findings) {
    for halftone in halftones(subject) {
        let kind = object::integer(subject.document, halftone.held, b"HalftoneType");
        findings.add_if(!matches!(kind, Some(1 | 5)), halftone.place, || {
            kind.map_or("A halftone does not say its type.".to_owned(), |kind| format!("A halftone is of type {kind}."))
        });
    }
}

/// Halftones have no name that a device may know (parts 2 to 4, 6.2.5).
pub(super) fn check_no_halftone_name(subject: &Subject<'_>, findings: &mut Findings) {
    for halftone in halftones(subject) {
        let is_there = object::get(subject.document, halftone.held, b"HalftoneName").is_some();
        findings.add_if(is_there, halftone.place, || "A halftone has a HalftoneName entry.".to_owned());
    }
}

/// A halftone has a transfer function where ISO 32000 asks for one, for an ink that is no primary one, and nowhere else
/// (parts 2 to 4, 6.2.5; ISO 32000-1, table 130).
pub(super) fn check_halftone_transfer(subject: &Subject<'_>, findings: &mut Findings) {
    for Halftone { held, colorant, place } in halftones(subject) {
        let has_function = object::get(subject.document, held, b"TransferFunction").is_some();
        match colorant {
            Some(b"Default") => {}
            None | Some(b"Cyan" | b"Magenta" | b"Yellow" | b"Black") => {
                findings.add_if(has_function, place, || "A halftone has a TransferFunction entry.".to_owned());
            }
            Some(ink) => findings.add_if(!has_function, place, || {
                format!("The halftone of the ink {} has no TransferFunction entry.", object::shown(ink))
            }),
        }
    }
}

/// Rendering intents are those of the standard, in graphics states, in content and in images (part 1, 6.2.9; parts 2
/// and 3, 6.2.6).
pub(super) fn check_intents(subject: &Subject<'_>, findings: &mut Findings) {
    let drawn = &subject.facts().graphics;
    let mut check = |name: Option<&Object>, place: Place| {
        let name = name.and_then(|name| name.as_name().ok()).filter(|name| !RENDERING_INTENTS.contains(name));
        if let Some(name) = name {
            findings.add(place, || unknown(&object::shown(name)));
        }
    };
    for (state, place) in drawn.states.values() {
        check(object::get(subject.document, state, b"RI"), *place);
    }
    for (id, place) in &drawn.images {
        let image = object::at(subject.document, *id);
        check(image.and_then(|image| object::get(subject.document, image, b"Intent")), *place);
    }
    for (place, name) in drawn.unknown_intents.iter() {
        findings.add(place, || unknown(name));
    }
}

fn unknown(name: &str) -> String {
    format!("{name} is no rendering intent of the standard.")
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;
    use crate::pdf::validate::{
        Flavour,
        graphics::testing::{Sample, named},
    };

    fn broken(state: Dictionary, flavour: Flavour) -> Vec<&'static str> {
        Sample::drawing("/G gs", dictionary! { "ExtGState" => dictionary! { "G" => state } }).broken(flavour)
    }

    #[test]
    fn transfer_functions_and_halftone_origins_are_refused() {
        for (state, rule, flavours) in [
            (
                dictionary! { "TR" => "Identity" },
                "no-transfer-function",
                &[Flavour::A1B, Flavour::A2B, Flavour::A4][..],
            ),
            (dictionary! { "TR2" => "Identity" }, "default-transfer-function", &[Flavour::A1B, Flavour::A3B]),
            (dictionary! { "HTP" => vec![0.into()] }, "no-halftone-origin", &[Flavour::A2B]),
            (dictionary! { "HTO" => vec![0.into()] }, "no-halftone-origin", &[Flavour::A4]),
        ] {
            for flavour in flavours {
                assert_eq!(broken(state.clone(), *flavour), [rule]);
            }
        }
        assert!(broken(dictionary! { "TR2" => "Default", "HT" => "Default", "LW" => 1 }, Flavour::A2B).is_empty());
    }

    #[test]
    fn halftones_are_plain() {
        let halftone = |held: Dictionary| broken(dictionary! { "HT" => held }, Flavour::A2B);
        let plain = || dictionary! { "HalftoneType" => 1 };
        let with_function = || dictionary! { "HalftoneType" => 1, "TransferFunction" => "Identity" };
        assert!(halftone(plain()).is_empty());
        assert_eq!(halftone(dictionary! { "HalftoneType" => 6 }), ["halftone-type"]);
        assert_eq!(halftone(dictionary! { "HalftoneType" => 1, "HalftoneName" => "X" }), ["no-halftone-name"]);
        assert_eq!(halftone(with_function()), ["halftone-transfer-function"]);
        let several = |ink: &str, held: Dictionary| {
            let mut all = dictionary! { "HalftoneType" => 5, "Default" => plain() };
            all.set(ink, held);
            halftone(all)
        };
        assert!(several("Red", with_function()).is_empty());
        assert_eq!(several("Red", plain()), ["halftone-transfer-function"]);
        assert_eq!(several("Cyan", with_function()), ["halftone-transfer-function"]);
    }

    #[test]
    fn rendering_intents_are_known_wherever_they_are() {
        assert_eq!(broken(dictionary! { "RI" => "Custom" }, Flavour::A1B), ["rendering-intent"]);
        assert!(broken(dictionary! { "RI" => "Perceptual" }, Flavour::A1B).is_empty());
        let drawn = |content| Sample::drawing(content, dictionary! {}).in_rgb().broken(Flavour::A2B);
        assert_eq!(drawn("/Custom ri"), ["rendering-intent"]);
        assert_eq!(drawn("BI /W 1 /H 1 /IM true /Intent /Custom ID a EI"), ["rendering-intent"]);
        assert!(drawn("/Saturation ri").is_empty());
        let mut sample = Sample::drawing("/Im Do", dictionary! {}).in_rgb();
        let held = dictionary! { "Subtype" => "Image", "Intent" => "Custom", "ColorSpace" => named("DeviceRGB") };
        let image = sample.stream(held, b"");
        sample.set(sample.page, "Resources", dictionary! { "XObject" => dictionary! { "Im" => image } });
        assert_eq!(sample.broken(Flavour::A3B), ["rendering-intent"]);
    }
}
