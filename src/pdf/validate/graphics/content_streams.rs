//! Content streams: operators and resources (part 1, 6.2.10; later ones, 6.2.2).

use crate::pdf::validate::{rule::Findings, subject::Subject};

/// Content has operators of the standard only, also between `BX` and `EX` (part 1, 6.2.10; later ones, 6.2.2).
pub(super) fn check_operators(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, name) in subject.facts().graphics.unknown_operators.iter() {
        findings.add(place, || format!("\"{}\" is no operator of content.", shortened(name)));
    }
}

/// Content names resources of its own only, not those of a page that it is drawn on or that a page inherits (parts 2 to
/// 4, 6.2.2).
pub(super) fn check_own_resources(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, name) in subject.facts().graphics.inherited.iter() {
        findings.add(place, || format!("Content uses the resource {name}, which is not in its own resources."));
    }
}

/// Content names resources that there are (part 4, 6.2.2).
pub(super) fn check_defined_resources(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, name) in subject.facts().graphics.undefined.iter() {
        findings.add(place, || format!("Content uses the resource {name}, which does not exist."));
    }
}

/// Content can be read: its streams unpack to their end, and to no more than can be looked at.
pub(super) fn check_readable(subject: &Subject<'_>, findings: &mut Findings) {
    let facts = subject.facts();
    for (place, _) in facts.graphics.unreadable.iter() {
        findings.add(place, || "A content stream is damaged: it does not unpack to its end.".to_owned());
    }
    if facts.is_too_large {
        findings.add_document("The content streams unpack to more than can be checked.");
    }
}

/// The start of a text, for messages.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, dictionary};

    use crate::pdf::{
        stream,
        validate::{Flavour, graphics::testing::Sample},
    };

    #[test]
    fn unknown_operators_are_refused_between_bx_and_ex_too() {
        let broken = |content| Sample::drawing(content, dictionary! {}).broken(Flavour::A1B);
        assert_eq!(broken("BX /X ps EX"), ["operators-defined"]);
        assert!(broken("q 1 0 0 1 0 0 cm 0 0 1 1 re n Q").is_empty());
    }

    #[test]
    fn a_stream_that_does_not_unpack_is_refused() {
        let mut sample = Sample::new();
        let content = sample.stream(dictionary! { "Filter" => "Nonsense" }, b"q Q");
        sample.set(sample.page, "Contents", content);
        assert_eq!(sample.broken(Flavour::A2B), ["content-readable"]);
    }

    #[test]
    fn a_stream_that_ends_before_its_data_do_is_refused() {
        let packed = stream::pack(b"q 1 0 0 1 0 0 cm 0 0 1 1 re n Q");
        for (bytes, is_whole) in [(packed.len(), true), (packed.len() - 4, true), (packed.len() / 2, false)] {
            let mut sample = Sample::new();
            let content = sample.stream(dictionary! { "Filter" => "FlateDecode" }, &packed[..bytes]);
            sample.set(sample.page, "Contents", content);
            assert_eq!(sample.broken(Flavour::A2B).is_empty(), is_whole, "{bytes} of {} bytes", packed.len());
        }
    }

    #[test]
    fn resources_are_those_of_the_content_itself() {
        let form = |resources: Option<Dictionary>| {
            let mut sample = Sample::new().in_rgb();
            let state = dictionary! { "ExtGState" => dictionary! { "G" => dictionary! {} } };
            let mut held = dictionary! { "Subtype" => "Form" };
            if let Some(resources) = resources {
                held.set("Resources", resources);
            }
            let form = sample.stream(held, b"/G gs");
            let content = sample.stream(dictionary! {}, b"/F Do");
            let mut own = state;
            own.set("XObject", dictionary! { "F" => form });
            sample.set(sample.page, "Resources", own);
            sample.set(sample.page, "Contents", content);
            sample
        };
        let own = dictionary! { "ExtGState" => dictionary! { "G" => dictionary! {} } };
        assert!(form(Some(own)).broken(Flavour::A2B).is_empty());
        assert_eq!(form(None).broken(Flavour::A2B), ["resources-own"]);
        assert_eq!(form(Some(dictionary! {})).broken(Flavour::A4), ["resources-own"]);
        assert!(form(None).broken(Flavour::A1B).is_empty());
    }

    #[test]
    fn resources_that_are_nowhere_are_refused_by_part_4() {
        let sample = Sample::drawing("/X Do /Nothing gs", dictionary! {});
        assert_eq!(sample.broken(Flavour::A4), ["resources-defined"]);
        assert!(sample.broken(Flavour::A2B).is_empty());
    }
}
