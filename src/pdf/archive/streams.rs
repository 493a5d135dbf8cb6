//! Streams: filters that PDF/A takes, no data outside the file, images and forms without forbidden entries.

use lopdf::{Document, Object, ObjectId, Stream};

use crate::pdf::{object, standard::RENDERING_INTENTS, stream};

/// Filters that [`stream::unpack`] can undo.
const UNDONE: [&[u8]; 5] = [b"FlateDecode", b"LZWDecode", b"ASCII85Decode", b"ASCIIHexDecode", b"Crypt"];

/// Mends every stream.
pub(super) fn mend(document: &mut Document) {
    let is_stream = |(_, object): &(&ObjectId, &Object)| matches!(object, Object::Stream(_));
    let streams: Vec<ObjectId> = document.objects.iter().filter(is_stream).map(|(id, _)| *id).collect();
    for id in streams {
        object::edit(document, id, |object, document| {
            if let Object::Stream(held) = object {
                filters(held, document);
                entries(held, document);
            }
            if is_postscript(object, document) {
                // A PostScript form is for printers that are gone; no reader shows it, and PDF/A forbids it.
                *object = Object::Null;
            }
        });
    }
}

fn is_postscript(object: &Object, document: &Document) -> bool {
    object::as_dictionary(object).is_some_and(|held| {
        object::name(document, held, b"Subtype") == Some(b"PS") && !held.has_type(b"Font") && held.has(b"Length")
    })
}

/// Re-packs LZW, takes the identity `Crypt` filter out, and brings data from outside to nothing.
fn filters(held: &mut Stream, document: &Document) {
    for key in [&b"F"[..], b"FFilter", b"FDecodeParms"] {
        held.dict.remove(key);
    }
    let names = stream::filters(document, held);
    if !names.iter().any(|name| matches!(name.as_slice(), b"LZWDecode" | b"LZW" | b"Crypt")) {
        return;
    }
    if names.iter().all(|name| UNDONE.contains(&name.as_slice())) {
        let mut plain = held.clone();
        without_crypt(&mut plain, &names, document);
        if let Ok(bytes) = stream::unpack(&plain) {
            stream::set_packed(held, stream::pack(&bytes));
        }
    } else {
        without_crypt(held, &names, document);
    }
}

fn without_crypt(held: &mut Stream, names: &[Vec<u8>], document: &Document) {
    let is_kept = |index: &usize| names.get(*index).is_some_and(|name| name != b"Crypt");
    if names.iter().all(|name| name != b"Crypt") {
        return;
    }
    let kept: Vec<usize> = (0..names.len()).filter(is_kept).collect();
    if let Some(parameters) = object::array(document, &held.dict, b"DecodeParms") {
        let parameters: Vec<Object> =
            kept.iter().map(|index| parameters.get(*index).cloned().unwrap_or(Object::Null)).collect();
        held.dict.set("DecodeParms", parameters);
    } else {
        held.dict.remove(b"DecodeParms");
    }
    let filters: Vec<Object> = kept.iter().filter_map(|index| names.get(*index).cloned().map(Object::Name)).collect();
    if filters.is_empty() {
        held.dict.remove(b"Filter");
        held.dict.remove(b"DecodeParms");
    } else {
        held.dict.set("Filter", filters);
    }
}

fn entries(held: &mut Stream, document: &Document) {
    match object::name(document, &held.dict, b"Subtype") {
        Some(b"Image") => {
            for key in ["Interpolate", "Alternates", "OPI"] {
                held.dict.remove(key.as_bytes());
            }
            if object::name(document, &held.dict, b"Intent").is_some_and(|intent| !RENDERING_INTENTS.contains(&intent))
            {
                held.dict.remove(b"Intent");
            }
            let is_mask =
                object::get(document, &held.dict, b"ImageMask").is_some_and(|mask| mask.as_bool().unwrap_or(false));
            if is_mask {
                held.dict.set("BitsPerComponent", 1);
                held.dict.remove(b"ColorSpace");
            }
        }
        Some(b"Form") => {
            for key in ["OPI", "PS", "Ref", "Subtype2"] {
                held.dict.remove(key.as_bytes());
            }
        }
        Some(_) | None => {}
    }
}
