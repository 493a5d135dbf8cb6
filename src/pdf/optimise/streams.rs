//! Streams packed by Flate at its best level, where that makes them smaller.
//!
//! # Why
//! The best level of `flate2` (2 to 4 % over the usual one, in twice the time) and not `zopfli`, which takes a hundred times
//! as long for another 3 %.

use lopdf::{Document, Object, Stream};

use super::Figures;
use crate::pdf::{filters, object, stream};

/// Bytes under which packing gains nothing.
const PACKED_BYTES_MIN: usize = 64;

/// Most bytes that all streams together are unpacked to; those after that stay as they are.
const TOTAL_BYTES_MAX: usize = 1 << 30;

/// Packs them.
pub(super) fn pack(document: &mut Document, figures: &mut Figures) {
    let mut bytes_left = TOTAL_BYTES_MAX;
    for id in object::ids(document) {
        let Some(Object::Stream(held)) = document.objects.get(&id) else { continue };
        // Metadata stay readable without tools.
        if held.dict.has_type(b"Metadata") || held.content.len() < PACKED_BYTES_MIN || held.dict.has(b"F") {
            continue;
        }
        let before = held.content.len();
        let Some(packed) = packed(document, held, &mut bytes_left) else { continue };
        if packed.content.len() < before {
            figures.streams_repacked += 1;
            figures.stream_bytes_saved += before - packed.content.len();
            document.objects.insert(id, Object::Stream(packed));
        }
    }
}

/// The stream packed anew; `None` for one whose filters are not undone.
fn packed(document: &Document, held: &Stream, bytes_left: &mut usize) -> Option<Stream> {
    let names = stream::filters(document, held);
    let is_plain = |name: &Vec<u8>| filters::is_plain(name);
    let kept = usize::from(names.last().is_some_and(|last| !is_plain(last)));
    let undone = names.len() - kept;
    if !names.iter().take(undone).all(is_plain) || (undone == 0 && kept > 0) {
        return None;
    }
    let mut packed = held.clone();
    // What was predicted stays so: only the packing is undone.
    if let [only] = names.as_slice()
        && only == b"FlateDecode"
    {
        let mut bare = Stream::new(lopdf::Dictionary::new(), held.content.clone());
        bare.dict.set("Filter", object::named("FlateDecode"));
        packed.set_content(stream::pack_best(&unpacked(&bare, bytes_left)?));
        return Some(packed);
    }
    let bytes = unpacked(&filters::outer(document, held, kept), bytes_left)?;
    if kept == 0 {
        packed.dict.set("Filter", object::named("FlateDecode"));
        packed.dict.remove(b"DecodeParms");
        packed.set_content(stream::pack_best(&bytes));
    } else {
        // What is packed well already, as JPEG is, needs nothing around it.
        packed.dict.set("Filter", Object::Name(names.last()?.clone()));
        match filters::last_parameters(document, held).cloned() {
            Some(parameters) => packed.dict.set("DecodeParms", parameters),
            None => drop(packed.dict.remove(b"DecodeParms")),
        }
        packed.set_content(bytes);
    }
    Some(packed)
}

fn unpacked(held: &Stream, bytes_left: &mut usize) -> Option<Vec<u8>> {
    let bytes = stream::unpack_within(held, stream::STREAM_BYTES_MAX.min(*bytes_left)).ok()?;
    *bytes_left -= bytes.len();
    Some(bytes)
}
