//! Transparency: not in part 1 (6.4); later on with blend modes of the standard and a blending space (parts 2 and 3,
//! 6.2.10; part 4, 6.2.9).

use std::collections::BTreeSet;

use lopdf::{Dictionary, Object, ObjectId};

use super::output_intents::Targets;
use crate::pdf::{
    object,
    standard::BLEND_MODES,
    validate::{
        Part, Place, annotations,
        content::Kind,
        rule::Findings,
        subject::{Page, Subject},
    },
};

/// How far an opacity may be from 1, written as a real number.
const OPACITY_TOLERANCE: f32 = 0.000_001;

/// The transparency group of a page or a form.
pub(super) fn group<'a>(subject: &Subject<'a>, held: &'a Dictionary) -> Option<&'a Dictionary> {
    let group = object::dictionary(subject.document, held, b"Group")?;
    (object::name(subject.document, group, b"S") == Some(b"Transparency")).then_some(group)
}

/// The blending space that a page or a group sets. A group that is not isolated has the one of whatever it is part of
/// (ISO 32000-1, 11.6.6).
pub(super) fn blending_space<'a>(subject: &Subject<'a>, held: &'a Dictionary, kind: Kind) -> Option<&'a Object> {
    let group = group(subject, held)?;
    let is_isolated =
        object::get(subject.document, group, b"I").is_some_and(|held| matches!(held, Object::Boolean(true)));
    if kind != Kind::Page && !is_isolated {
        return None;
    }
    object::get(subject.document, group, b"CS")
}

/// A graphics state sets no soft mask (part 1, 6.4).
pub(super) fn check_no_soft_mask(subject: &Subject<'_>, findings: &mut Findings) {
    for (state, place) in subject.facts().graphics.states.values() {
        let is_set =
            object::get(subject.document, state, b"SMask").is_some_and(|mask| !matches!(mask.as_name(), Ok(b"None")));
        findings.add_if(is_set, *place, || "A graphics state sets a soft mask.".to_owned());
    }
}

/// No image and no form has a soft mask (part 1, 6.4).
pub(super) fn check_no_mask_image(subject: &Subject<'_>, findings: &mut Findings) {
    let drawn = &subject.facts().graphics;
    let images = drawn.images.iter().filter_map(|(id, place)| Some((object::at(subject.document, *id)?, *place)));
    let forms = drawn.pieces.values().filter(|used| is_form(used.kind)).map(|used| (used.held, used.place));
    for (held, place) in images.chain(forms) {
        findings.add_if(held.has(b"SMask"), place, || "An image or a form has a soft mask.".to_owned());
    }
}

/// Neither a page nor a form is a transparency group (part 1, 6.4).
pub(super) fn check_no_group(subject: &Subject<'_>, findings: &mut Findings) {
    for used in subject.facts().graphics.pieces.values() {
        let is_group = (used.kind == Kind::Page || is_form(used.kind)) && group(subject, used.held).is_some();
        findings.add_if(is_group, used.place, || "A page or a form is a transparency group.".to_owned());
    }
}

/// The blend mode is `Normal` or `Compatible` (part 1, 6.4).
pub(super) fn check_plain_blend_mode(subject: &Subject<'_>, findings: &mut Findings) {
    for (state, place) in subject.facts().graphics.states.values() {
        let Some(mode) = object::get(subject.document, state, b"BM") else { continue };
        let is_plain = matches!(mode.as_name(), Ok(b"Normal" | b"Compatible"));
        findings.add_if(!is_plain, *place, || format!("A graphics state sets the blend mode {}.", shown(mode)));
    }
}

/// The opacities `CA` and `ca` are 1 (part 1, 6.4).
pub(super) fn check_opaque(subject: &Subject<'_>, findings: &mut Findings) {
    for (state, place) in subject.facts().graphics.states.values() {
        for key in ["CA", "ca"] {
            let Some(alpha) = object::get(subject.document, state, key.as_bytes()) else { continue };
            let is_opaque = alpha.as_float().is_ok_and(|alpha| (alpha - 1.0).abs() < OPACITY_TOLERANCE);
            findings.add_if(!is_opaque, *place, || format!("A graphics state sets {key} to another value than 1."));
        }
    }
}

/// Only blend modes of the standard are used, in graphics states (parts 2 and 3, 6.2.10; part 4, 6.2.9) and, in part 4,
/// in annotations.
pub(super) fn check_blend_modes(subject: &Subject<'_>, findings: &mut Findings) {
    let document = subject.document;
    let mut check = |held: &Dictionary, place: Place| {
        let Some(mode) = object::get(document, held, b"BM") else { return };
        let modes = mode.as_array().map_or(std::slice::from_ref(mode), Vec::as_slice);
        let unknown = modes
            .iter()
            .map(|mode| object::resolve(document, mode))
            .find(|mode| mode.as_name().is_ok_and(|name| !BLEND_MODES.contains(&name)) || mode.as_name().is_err());
        if let Some(unknown) = unknown {
            findings.add(place, || format!("{} is no blend mode of the standard.", shown(unknown)));
        }
    };
    for (state, place) in subject.facts().graphics.states.values() {
        check(state, *place);
    }
    if subject.flavour.part() == Part::Four {
        for (place, annotation) in annotations::all(subject) {
            check(annotation, place);
        }
    }
}

/// A page with transparency has a blending space: from an output intent, or from its group (parts 2 and 3, 6.2.10; part
/// 4, 6.2.9).
pub(super) fn check_blending_space(subject: &Subject<'_>, findings: &mut Findings) {
    let mut targets = Targets::default();
    if targets.of_document(subject).is_some() {
        return;
    }
    let is_four = subject.flavour.part() == Part::Four;
    let transparent = transparent_pieces(subject);
    for page in subject.pages() {
        let has_space = object::dictionary(subject.document, page.held, b"Group")
            .is_some_and(|group| object::get(subject.document, group, b"CS").is_some());
        if has_space || is_four && targets.of(subject, page.held).is_some() {
            continue;
        }
        findings.add_if(
            is_transparent(subject, page, &transparent),
            Place { object: Some(page.id.0), page: Some(page.number) },
            || format!("Page {} has transparency, but no blending colour space.", page.number),
        );
    }
}

fn is_transparent<'a>(subject: &Subject<'a>, page: &Page<'a>, transparent: &BTreeSet<ObjectId>) -> bool {
    transparent.contains(&page.id)
        || subject.annotations(page).iter().any(|annotation| {
            let is_blended = subject.flavour.part() == Part::Four
                && object::get(subject.document, annotation.held, b"BM")
                    .is_some_and(|mode| mode.as_name().is_ok_and(|name| name != b"Normal"));
            is_blended || annotation.looks.iter().any(|look| transparent.contains(look))
        })
}

/// The pieces that are transparent or draw one that is: found backwards from those that are, each piece once.
fn transparent_pieces(subject: &Subject<'_>) -> BTreeSet<ObjectId> {
    let pieces = &subject.facts().graphics.pieces;
    let mut users: std::collections::BTreeMap<ObjectId, Vec<ObjectId>> = std::collections::BTreeMap::new();
    for (id, used) in pieces {
        for child in &used.children {
            users.entry(*child).or_default().push(*id);
        }
    }
    let mut open: Vec<ObjectId> = pieces.iter().filter(|(_, used)| used.is_transparent).map(|(id, _)| *id).collect();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(users.get(&id).into_iter().flatten());
        }
    }
    found
}

/// Whether a piece of content is a form.
pub(super) const fn is_form(kind: Kind) -> bool {
    matches!(kind, Kind::Form | Kind::Appearance)
}

fn shown(mode: &Object) -> String {
    mode.as_name().map_or_else(|_| "something that is no name".to_owned(), object::shown)
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;
    use crate::pdf::validate::{
        Flavour,
        graphics::testing::{Sample, named},
    };

    fn with_state(state: Dictionary, content: &str) -> Sample {
        let spaces = dictionary! { "DefaultGray" => vec![named("CalGray"), dictionary! {}.into()] };
        Sample::drawing(
            content,
            dictionary! {
                "ExtGState" => dictionary! { "G" => state },
                "ColorSpace" => spaces,
            },
        )
    }

    #[test]
    fn part_1_has_no_transparency() {
        for (state, rule) in [
            (dictionary! { "SMask" => dictionary! {} }, "no-soft-mask"),
            (dictionary! { "BM" => "Multiply" }, "plain-blend-mode"),
            (dictionary! { "CA" => Object::Real(0.5) }, "opaque"),
            (dictionary! { "ca" => 0 }, "opaque"),
        ] {
            assert_eq!(with_state(state, "/G gs").broken(Flavour::A1B), [rule]);
        }
        let plain = dictionary! { "SMask" => "None", "BM" => "Normal", "CA" => 1, "ca" => Object::Real(1.0) };
        assert!(with_state(plain, "/G gs").broken(Flavour::A1B).is_empty());
        let mut sample = Sample::new();
        sample.set(sample.page, "Group", dictionary! { "S" => "Transparency" });
        assert_eq!(sample.broken(Flavour::A1B), ["no-transparency-group"]);
    }

    #[test]
    fn of_several_blend_modes_that_there_are_not_the_first_in_the_content_is_named() {
        let states: Vec<String> = (0..20).map(|number| format!("G{number}")).collect();
        let mut held = Dictionary::new();
        for name in &states {
            held.set(name.as_str(), dictionary! { "BM" => named(name) });
        }
        let content: String = states.iter().rev().map(|name| format!("/{name} gs ")).collect();
        let sample = Sample::drawing(&content, dictionary! { "ExtGState" => held });
        let failures = sample.failures(Flavour::A2B);
        let said = failures.iter().find(|failure| failure.rule == "blend-mode").unwrap();
        assert!(said.message.contains("G19"), "{}", said.message);
    }

    #[test]
    fn part_1_has_no_soft_masks_of_images() {
        let mut sample = Sample::drawing("/Im Do", dictionary! {}).in_rgb();
        let mask = sample.stream(dictionary! { "Subtype" => "Image" }, b"");
        let image = sample.stream(dictionary! { "Subtype" => "Image", "SMask" => mask }, b"");
        sample.set(sample.page, "Resources", dictionary! { "XObject" => dictionary! { "Im" => image } });
        assert_eq!(sample.broken(Flavour::A1B), ["no-mask-image"]);
        assert!(sample.broken(Flavour::A2B).is_empty());
    }

    #[test]
    fn blend_modes_are_known() {
        let broken = |mode: Object, flavour| with_state(dictionary! { "BM" => mode }, "/G gs").broken(flavour);
        assert_eq!(broken(named("Wonderful"), Flavour::A2B), ["blend-mode"]);
        assert_eq!(broken(vec![named("Normal"), named("Wonderful")].into(), Flavour::A4), ["blend-mode"]);
        assert!(broken(named("Luminosity"), Flavour::A2B).is_empty());
        let mut sample = Sample::new();
        let note = dictionary! { "Subtype" => "Text", "BM" => "Wonderful" };
        sample.set(sample.page, "Annots", vec![note.into()]);
        assert!(sample.broken(Flavour::A4).contains(&"blend-mode"));
        assert!(sample.broken(Flavour::A2B).is_empty());
    }

    #[test]
    fn a_page_with_transparency_has_a_blending_space() {
        let half = || dictionary! { "ca" => Object::Real(0.5) };
        let painted = "/G gs 0 0 1 1 re f";
        assert_eq!(with_state(half(), painted).broken(Flavour::A2B), ["blending-space"]);
        assert_eq!(with_state(half(), painted).broken(Flavour::A4), ["blending-space"]);
        assert!(with_state(half(), painted).in_rgb().broken(Flavour::A2B).is_empty());
        assert!(with_state(half(), "/G gs 0 0 1 1 re S").broken(Flavour::A2B).is_empty());
        let mut grouped = with_state(half(), painted);
        let space = vec![named("CalRGB"), dictionary! {}.into()];
        grouped.set(grouped.page, "Group", dictionary! { "S" => "Transparency", "CS" => space });
        assert!(grouped.broken(Flavour::A2B).is_empty());
    }

    #[test]
    fn transparency_in_what_a_page_draws_is_its_own() {
        let mut sample = Sample::drawing("/F Do", dictionary! {});
        let inner = sample.stream(
            dictionary! {
                "Subtype" => "Form", "Group" => dictionary! { "S" => "Transparency" }, "Resources" => dictionary! {},
            },
            b"",
        );
        let outer = sample.stream(
            dictionary! {
                "Subtype" => "Form",
                "Resources" => dictionary! { "XObject" => dictionary! { "F" => inner } },
            },
            b"/F Do",
        );
        sample.set(sample.page, "Resources", dictionary! { "XObject" => dictionary! { "F" => outer } });
        assert_eq!(sample.broken(Flavour::A3B), ["blending-space"]);
    }
}
