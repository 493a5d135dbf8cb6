//! The filters of a stream: which can be undone, and what is left when some of them are.

use lopdf::{Dictionary, Document, Object, Stream};

use super::{object, stream};

/// Whether a filter packs any bytes without loss, and can be undone.
pub(crate) fn is_plain(name: &[u8]) -> bool {
    matches!(name, b"FlateDecode" | b"LZWDecode" | b"ASCII85Decode" | b"ASCIIHexDecode" | b"RunLengthDecode")
}

/// A stream that holds what is left when the last `kept` of its filters are still to be undone, with what it refers to
/// put in its place.
pub(crate) fn outer(document: &Document, held: &Stream, kept: usize) -> Stream {
    let filters = stream::filters(document, held);
    let undone = filters.len().saturating_sub(kept);
    let parameters: Vec<Object> = match object::get(document, &held.dict, b"DecodeParms") {
        Some(Object::Array(all)) => all.iter().map(|each| direct(document, each)).collect(),
        Some(one) => vec![direct(document, one)],
        None => Vec::new(),
    };
    let mut dictionary = Dictionary::new();
    if undone > 0 {
        let names: Vec<Object> = filters.into_iter().take(undone).map(Object::Name).collect();
        let mut parameters: Vec<Object> = parameters.into_iter().take(undone).collect();
        parameters.resize(undone, Object::Null);
        if let ([Object::Name(name)], [one]) = (names.as_slice(), parameters.as_slice()) {
            dictionary.set("Filter", Object::Name(name.clone()));
            if !one.is_null() {
                dictionary.set("DecodeParms", one.clone());
            }
        } else {
            dictionary.set("Filter", names);
            dictionary.set("DecodeParms", parameters);
        }
    }
    Stream::new(dictionary, held.content.clone())
}

/// The parameters of the last filter.
pub(crate) fn last_parameters<'a>(document: &'a Document, held: &'a Stream) -> Option<&'a Dictionary> {
    let stated = object::get(document, &held.dict, b"DecodeParms")?;
    match stated.as_array() {
        Ok(all) => object::as_dictionary(object::resolve(document, all.last()?)),
        Err(_) => object::as_dictionary(stated),
    }
}

/// Parameters without references.
fn direct(document: &Document, parameters: &Object) -> Object {
    let Ok(held) = object::resolve(document, parameters).as_dict() else { return Object::Null };
    let mut all = Dictionary::new();
    for (key, value) in held {
        let value = object::resolve(document, value);
        if matches!(value, Object::Integer(_) | Object::Boolean(_) | Object::Real(_)) {
            all.set(key.clone(), value.clone());
        }
    }
    Object::Dictionary(all)
}
