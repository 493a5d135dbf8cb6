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

/// Content can be read: its streams unpack, and to no more than can be looked at.
pub(super) fn check_readable(subject: &Subject<'_>, findings: &mut Findings) {
    let facts = subject.facts();
    for (place, _) in facts.graphics.unreadable.iter() {
        findings.add(place, || "A content stream does not unpack.".to_owned());
    }
    if facts.is_too_large {
        findings.add_document("The content streams unpack to more than can be checked.");
    }
}

/// The start of a text, for messages.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
