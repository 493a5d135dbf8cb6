//! Colours and lines of annotations, as operators.

use lopdf::{Dictionary, Document};

use super::sketch::number;
use crate::pdf::object;

/// The colour under a key as an operator for filling; `None` when it is transparent.
pub(super) fn of(document: &Document, held: &Dictionary, key: &[u8]) -> Option<String> {
    let parts = object::array(document, held, key)?.iter().filter_map(|part| object::number(document, part));
    // More than four are as many too many, however long the list is.
    let parts: Vec<f32> = parts.take(5).collect();
    let operator = match parts.len() {
        1 => "g",
        3 => "rg",
        4 => "k",
        _ => return None,
    };
    let parts: Vec<String> = parts.iter().map(|part| number(*part)).collect();
    Some(format!("{} {operator}", parts.join(" ")))
}

/// The same colour for lines.
pub(super) fn stroking(filling: &str) -> String {
    filling.to_uppercase()
}

/// How wide a border is.
pub(super) fn border_width(document: &Document, held: &Dictionary) -> f32 {
    let by_style =
        object::dictionary(document, held, b"BS").and_then(|style| object::number(document, style.get(b"W").ok()?));
    let by_border =
        || object::array(document, held, b"Border").and_then(|border| object::number(document, border.get(2)?));
    by_style.or_else(by_border).unwrap_or(1.0).max(0.0)
}
