//! What the dictionary of an annotation says about how it is shown.

use lopdf::{Dictionary, Object};

use super::{all, is_one_of, named};
use crate::pdf::{
    object, stream,
    validate::{Part, rule::Findings, subject::Subject},
};

/// The flags of an annotation (ISO 32000-1, table 165): those that shall be clear, each with its name.
const CLEAR: [(i64, &str); 3] = [(1, "Invisible"), (1 << 1, "Hidden"), (1 << 5, "NoView")];

/// That an annotation is printed.
const PRINT: i64 = 1 << 2;

/// That it is shown or hidden by events; PDF 1.5.
const TOGGLE_NO_VIEW: (i64, &str) = (1 << 8, "ToggleNoView");

/// Most output intents that are looked at; a file has one for each standard that it obeys.
const INTENTS_MAX: usize = 16;

/// Most bytes that a colour profile may unpack to.
const PROFILE_BYTES_MAX: usize = 16 << 20;

/// Where an ICC profile says what its colours are.
const PROFILE_SPACE: std::ops::Range<usize> = 16..20;

/// An annotation has flags; a pop-up needs none from part 2 on (ISO 19005-1, 6.5.3; -2 and -3, 6.3.2; -4, 6.3.2).
pub(super) fn has_flags(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, annotation) in all(subject) {
        let is_exempt = subject.flavour.part() != Part::One && is_one_of(subject, annotation, &[b"Popup"]);
        findings.add_if(!is_exempt && flags(subject, annotation).is_none(), place, || {
            format!("An {} has no F entry.", named(subject, annotation))
        });
    }
}

/// An annotation is printed and not hidden (ISO 19005-1, 6.5.3; -2 and -3, 6.3.2; -4, 6.3.2).
pub(super) fn has_right_flags(subject: &Subject<'_>, findings: &mut Findings) {
    let toggle = (subject.flavour.part() != Part::One).then_some(TOGGLE_NO_VIEW);
    for (place, annotation) in all(subject) {
        let Some(flags) = flags(subject, annotation) else { continue };
        let wrong = CLEAR.into_iter().chain(toggle).find(|(flag, _)| flags & flag != 0);
        if let Some((_, name)) = wrong {
            findings.add(place, || format!("An {} has the flag {name}.", named(subject, annotation)));
        } else {
            findings.add_if(flags & PRINT == 0, place, || {
                format!("An {} lacks the Print flag.", named(subject, annotation))
            });
        }
    }
}

/// An annotation is opaque (ISO 19005-1, 6.5.3).
pub(super) fn is_opaque(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, annotation) in all(subject) {
        let Some(value) = annotation.get(b"CA").ok().and_then(|value| object::number(subject.document, value)) else {
            continue;
        };
        findings.add_if((value - 1.0).abs() > f32::EPSILON, place, || {
            format!("An {} has the opacity {value}.", named(subject, annotation))
        });
    }
}

/// An annotation names colours of its own, which are of the device's RGB, only where the output intent is for RGB
/// (ISO 19005-1, 6.5.3).
pub(super) fn has_defined_colours(subject: &Subject<'_>, findings: &mut Findings) {
    if has_rgb_intent(subject) {
        return;
    }
    for (place, annotation) in all(subject) {
        let used =
            ["C", "IC"].into_iter().find(|key| object::array(subject.document, annotation, key.as_bytes()).is_some());
        if let Some(key) = used {
            findings.add(place, || {
                format!(
                    "An {} has a colour ({key}), but the file has no RGB output intent.",
                    named(subject, annotation)
                )
            });
        }
    }
}

fn flags(subject: &Subject<'_>, annotation: &Dictionary) -> Option<i64> {
    object::integer(subject.document, annotation, b"F")
}

/// Whether the profile of the file's PDF/A output intent is for RGB.
fn has_rgb_intent(subject: &Subject<'_>) -> bool {
    let document = subject.document;
    let intents = subject.catalog().and_then(|catalog| object::array(document, catalog, b"OutputIntents"));
    intents.unwrap_or_default().iter().take(INTENTS_MAX).any(|intent| {
        let Some(intent) = object::as_dictionary(object::resolve(document, intent)) else { return false };
        let Some(Object::Stream(profile)) = object::get(document, intent, b"DestOutputProfile") else { return false };
        object::name(document, intent, b"S") == Some(b"GTS_PDFA1")
            && stream::unpack_within(profile, PROFILE_BYTES_MAX)
                .is_ok_and(|bytes| bytes.get(PROFILE_SPACE) == Some(&b"RGB "[..]))
    })
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Object, Stream, dictionary};

    use super::super::{RULES, testing};
    use crate::pdf::validate::Flavour;

    fn broken(annotation: Dictionary, flavour: Flavour) -> Vec<&'static str> {
        let mut annotation = annotation;
        annotation.set("AP", dictionary! {});
        let found = testing::broken(&testing::annotated(annotation), flavour, RULES);
        found.into_iter().filter(|name| !name.starts_with("annotation-appearance")).collect()
    }

    #[test]
    fn an_annotation_is_printed_and_not_hidden() {
        let missing = &["annotation-flags-present"][..];
        let wrong = &["annotation-flags"][..];
        let cases = [
            ("Text", Some(4), Flavour::A1B, &[][..]),
            ("Text", Some(4 + 8 + 16 + 64 + 128), Flavour::A4, &[]),
            ("Text", None, Flavour::A1B, missing),
            ("Text", None, Flavour::A2B, missing),
            ("Popup", None, Flavour::A1B, missing),
            ("Popup", None, Flavour::A2B, &[]),
            ("Popup", Some(0), Flavour::A2B, wrong),
            ("Text", Some(0), Flavour::A2B, wrong),
            ("Text", Some(4 + 1), Flavour::A1B, wrong),
            ("Text", Some(4 + 2), Flavour::A2B, wrong),
            ("Text", Some(4 + 32), Flavour::A4, wrong),
            ("Text", Some(4 + 256), Flavour::A1B, &[]),
            ("Text", Some(4 + 256), Flavour::A3B, wrong),
        ];
        for (subtype, flags, flavour, expected) in cases {
            let mut annotation = dictionary! { "Subtype" => subtype };
            if let Some(flags) = flags {
                annotation.set("F", flags);
            }
            assert_eq!(broken(annotation, flavour), expected, "{subtype} {flags:?} {flavour}");
        }
    }

    #[test]
    fn a_translucent_annotation_is_refused_in_part_1_only() {
        let annotation = |value: Object| dictionary! { "Subtype" => "Text", "F" => 4, "CA" => value };
        assert_eq!(broken(annotation(Object::Real(0.5)), Flavour::A1B), ["annotation-opacity"]);
        assert!(broken(annotation(Object::Integer(1)), Flavour::A1B).is_empty());
        assert!(broken(annotation(Object::Real(0.5)), Flavour::A2B).is_empty());
    }

    #[test]
    fn colours_of_an_annotation_need_an_rgb_output_intent_in_part_1() {
        let coloured = |key: &str| {
            let annotation = dictionary! { "Subtype" => "Square", "F" => 4, key => vec![1.into(), 0.into(), 0.into()] };
            testing::annotated(annotation)
        };
        for key in ["C", "IC"] {
            let mut document = coloured(key);
            assert!(testing::breaks(&document, Flavour::A1B, RULES, "annotation-colour"));
            assert!(!testing::breaks(&document, Flavour::A2B, RULES, "annotation-colour"));
            for (space, is_right) in [(b"RGB ", true), (b"CMYK", false)] {
                let profile = [&[0; 16][..], space].concat();
                let profile = document.add_object(Stream::new(dictionary! {}, profile));
                let intent = dictionary! { "S" => "GTS_PDFA1", "DestOutputProfile" => profile };
                document.catalog_mut().unwrap().set("OutputIntents", vec![intent.into()]);
                assert_eq!(!testing::breaks(&document, Flavour::A1B, RULES, "annotation-colour"), is_right);
            }
        }
    }
}
