//! Appearances of annotations: one normal look each, of the right shape (6.3.3). Those that have none get the look that readers
//! give them, as far as they agree.

mod asked;
mod colour;
mod endings;
mod fields;
mod marks;
mod sketch;
#[cfg(test)]
mod tests;
mod text;

pub(super) use asked::take_request;
pub(super) use sketch::Pens;
pub(super) use text::inherited;

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};

use super::Log;
use crate::{domain::EventCode, pdf::object};

/// Rectangles smaller than this count as empty; an empty one needs no appearance.
const SIDE_MIN: f32 = 1e-6;

/// How deep a field may be in others.
const FIELD_DEPTH_MAX: usize = 32;

/// An annotation whose appearance is mended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Its number.
    pub(super) id: ObjectId,
    /// Its type.
    pub(super) kind: &'a [u8],
    /// The type of the field whose widget it is.
    pub(super) field_kind: Option<&'a [u8]>,
    /// Whether it was not seen before; it is not seen after then.
    pub(super) is_unseen: bool,
    /// Whether the form asks readers to draw its fields from their values.
    pub(super) is_asked: bool,
}

/// Mends the appearance of one annotation.
pub(super) fn mend(document: &mut Document, subject: Subject<'_>, pens: &mut Pens<'_>, log: &mut Log) {
    let Subject { id, kind, field_kind, is_unseen, is_asked } = subject;
    let Some(annotation) = object::at(document, id) else { return };
    let size = object::rectangle(document, annotation, b"Rect")
        .map_or([0.0, 0.0], |[left, bottom, right, top]| [(right - left).abs(), (top - bottom).abs()]);
    let is_empty = size.iter().all(|side| *side < SIDE_MIN);
    let look = object::dictionary(document, annotation, b"AP").and_then(|looks| {
        let normal = looks.get(b"N").ok()?;
        (!object::resolve(document, normal).is_null()).then(|| normal.clone())
    });
    let state = object::name(document, annotation, b"AS").map(<[u8]>::to_vec);
    let is_stale =
        is_asked && look.as_ref().is_some_and(|look| asked::is_stale(document, annotation, field_kind, look, pens));
    let (look, state) = match look.filter(|_| !is_stale) {
        Some(_) if is_unseen => (Some(blank(document, size)), state),
        Some(look) => (Some(look), state),
        // PDF/A-1 asks for the look of a field however small it is (ISO 19005-1, 6.9).
        None if kind == b"Link" || is_empty && kind != b"Widget" => (None, state),
        None if is_empty || is_unseen => (Some(blank(document, size)), state),
        None => {
            let held = annotation.clone();
            let (drawn, drawn_state) = match (kind, field_kind) {
                (b"Widget", Some(field_kind)) => fields::draw(document, &held, field_kind, size, pens),
                (b"Widget", None) => (None, None),
                _ => (marks::draw(document, &held, kind, pens), None),
            };
            if drawn.is_some() {
                tell(kind, is_stale, log);
            }
            (Some(drawn.unwrap_or_else(|| blank(document, size))), drawn_state.or(state))
        }
    };
    let is_button = kind == b"Widget" && field_kind == Some(b"Btn");
    let (look, state) = match look {
        None => (None, state),
        Some(look) if is_button => states(document, &look, state),
        Some(look) => (single(document, look, state.as_deref()).or_else(|| Some(blank(document, size))), None),
    };
    let Some(annotation) = object::at_mut(document, id) else { return };
    match look {
        None => drop(annotation.remove(b"AP")),
        Some(look) => annotation.set("AP", dictionary! { "N" => look }),
    }
    match state {
        Some(state) => annotation.set("AS", Object::Name(state)),
        None => drop(annotation.remove(b"AS")),
    }
}

/// Tells that something was drawn that readers draw each in their own way.
fn tell(kind: &[u8], is_stale: bool, log: &mut Log) {
    let message = match kind {
        // Every reader has signs of its own for these.
        b"Text" | b"FileAttachment" => return,
        b"Widget" if is_stale => {
            "Form fields were drawn anew from their values, as the form asks readers to do.".to_owned()
        }
        b"Widget" => "Form fields that had no appearance were given one.".to_owned(),
        _ => format!("Annotations of the type {} that had no appearance were given one.", object::shown(kind)),
    };
    log.inform(EventCode::VisualDifferences, message);
}

/// A button needs a dictionary of states.
fn states(document: &mut Document, look: &Object, state: Option<Vec<u8>>) -> (Option<Object>, Option<Vec<u8>>) {
    match object::resolve(document, look) {
        Object::Dictionary(states) => {
            let mut kept = Dictionary::new();
            for (key, form) in states {
                if object::target(document, form)
                    .is_some_and(|id| matches!(document.objects.get(&id), Some(Object::Stream(_))))
                {
                    kept.set(key.clone(), form.clone());
                }
            }
            (Some(Object::Dictionary(kept)), state)
        }
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::String(..)
        | Object::Array(_)
        | Object::Stream(_)
        | Object::Reference(_) => {
            let state = state.unwrap_or_else(|| b"Off".to_vec());
            let mut kept = Dictionary::new();
            kept.set(state.clone(), look.clone());
            (Some(Object::Dictionary(kept)), Some(state))
        }
    }
}

/// Everything but a button needs one form.
fn single(document: &Document, look: Object, state: Option<&[u8]>) -> Option<Object> {
    match object::resolve(document, &look) {
        Object::Stream(_) => Some(look),
        Object::Dictionary(states) => {
            let chosen = state.and_then(|state| states.get(state).ok());
            let chosen = chosen.or_else(|| states.iter().map(|(_, form)| form).next())?;
            matches!(object::resolve(document, chosen), Object::Stream(_)).then(|| chosen.clone())
        }
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::String(..)
        | Object::Array(_)
        | Object::Reference(_) => None,
    }
}

/// A form that draws nothing.
pub(crate) fn blank(document: &mut Document, size: [f32; 2]) -> Object {
    sketch::Sketch::new(size).add(document)
}
