//! Appearances of annotations: one normal look each, of the right shape (6.3.3).

mod draw;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use crate::pdf::object;

/// Rectangles smaller than this count as empty; an empty one needs no appearance.
const SIDE_MIN: f32 = 1e-6;

/// Mends the appearance of one annotation; one that was not seen before is not seen after.
pub(super) fn mend(document: &mut Document, id: ObjectId, kind: &[u8], field_kind: Option<&[u8]>, is_unseen: bool) {
    let Some(annotation) = object::at(document, id) else { return };
    let size = object::rectangle(document, annotation, b"Rect")
        .map_or([0.0, 0.0], |[left, bottom, right, top]| [(right - left).abs(), (top - bottom).abs()]);
    let is_empty = size.iter().all(|side| *side < SIDE_MIN);
    let look = object::dictionary(document, annotation, b"AP").and_then(|looks| {
        let normal = looks.get(b"N").ok()?;
        (!object::resolve(document, normal).is_null()).then(|| normal.clone())
    });
    let is_button = kind == b"Widget" && field_kind == Some(b"Btn");
    let look = match look {
        Some(_) if is_unseen => Some(blank(document, size)),
        Some(look) => Some(look),
        None if kind == b"Link" || is_empty => None,
        None if is_unseen => Some(blank(document, size)),
        None => Some(draw::draw(document, id, kind, field_kind).unwrap_or_else(|| blank(document, size))),
    };
    let state = object::at(document, id).and_then(|held| object::name(document, held, b"AS")).map(<[u8]>::to_vec);
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
    form(document, size, Dictionary::new(), Vec::new())
}

/// A form that draws `content` in a box of the given size.
fn form(document: &mut Document, [width, height]: [f32; 2], resources: Dictionary, content: Vec<u8>) -> Object {
    let resources = object::add(document, resources);
    let dictionary = dictionary! {
        "Type" => "XObject",
        "Subtype" => "Form",
        "BBox" => vec![0.into(), 0.into(), width.max(0.1).into(), height.max(0.1).into()],
        "Resources" => resources,
    };
    object::add(document, Stream::new(dictionary, content)).into()
}
