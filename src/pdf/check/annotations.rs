//! Annotations of one page (6.3, 6.4.1).

use lopdf::{Document, Object, ObjectId};

use super::Findings;
use crate::pdf::{
    archive::rules::{ALLOWED_ANNOTATIONS, annotations_of, field_kind, flag},
    object,
};

/// Checks the annotations of one page.
pub(super) fn check(document: &Document, page: ObjectId, findings: &mut Findings) {
    for id in annotations_of(document, page) {
        one(document, id, findings);
    }
}

fn one(document: &Document, id: ObjectId, findings: &mut Findings) {
    let Some(annotation) = object::at(document, id) else { return };
    let kind = object::name(document, annotation, b"Subtype").unwrap_or_default();
    if kind != b"Widget" && !ALLOWED_ANNOTATIONS.contains(&kind) {
        findings.add("6.3.1", format!("There is an annotation of the type {}.", object::shown(kind)));
    }
    if kind == b"Popup" {
        return;
    }
    let flags = object::integer(document, annotation, b"F").unwrap_or(0);
    let refused = flag::HIDDEN | flag::INVISIBLE | flag::NO_VIEW | flag::TOGGLE_NO_VIEW;
    if flags & flag::PRINT == 0 || flags & refused != 0 {
        findings.add("6.3.2", format!("An annotation of the type {} is hidden or not printed.", object::shown(kind)));
    }
    if kind == b"Widget" && (annotation.has(b"A") || annotation.has(b"AA")) {
        findings.add("6.4.1", "A form field has an action.");
    }
    let rectangle = object::rectangle(document, annotation, b"Rect").unwrap_or_default();
    let is_empty = rectangle[0] >= rectangle[2] && rectangle[1] >= rectangle[3];
    let looks = object::dictionary(document, annotation, b"AP");
    let Some(looks) = looks else {
        if kind != b"Link" && !is_empty {
            findings.add("6.3.3", format!("An annotation of the type {} has no appearance.", object::shown(kind)));
        }
        return;
    };
    if looks.iter().any(|(key, _)| key != b"N") {
        findings.add("6.3.3", "An annotation has more than its normal appearance.");
    }
    let is_button = kind == b"Widget" && field_kind(document, id).as_deref() == Some(b"Btn");
    let is_right = match object::get(document, looks, b"N") {
        Some(Object::Stream(_)) => !is_button,
        Some(Object::Dictionary(_)) => is_button,
        Some(_) | None => false,
    };
    if !is_right {
        findings.add("6.3.3", "The appearance of an annotation has the wrong shape.");
    }
}
