//! Graphics states: no transfer functions, no halftones, known intents and blend modes (6.2.5, 6.2.6, 6.2.10).

use lopdf::{Dictionary, Document, Object};

use super::Log;
use crate::{
    domain::EventCode,
    pdf::{
        object,
        standard::{BLEND_MODES, RENDERING_INTENTS},
        validate::Part,
    },
};

/// Keys that a graphics state may have; a dictionary with these alone is one, whatever its type says.
const KEYS: [&[u8]; 31] = [
    b"Type",
    b"LW",
    b"LC",
    b"LJ",
    b"ML",
    b"D",
    b"RI",
    b"OP",
    b"op",
    b"OPM",
    b"Font",
    b"BG",
    b"BG2",
    b"UCR",
    b"UCR2",
    b"TR",
    b"TR2",
    b"HT",
    b"HTP",
    b"HTO",
    b"FL",
    b"SM",
    b"SA",
    b"BM",
    b"SMask",
    b"CA",
    b"ca",
    b"AIS",
    b"TK",
    b"UseBlackPtComp",
    b"AAPL:AA",
];

/// Whether a dictionary is a graphics state.
pub(super) fn is_state(dictionary: &Dictionary) -> bool {
    dictionary.has_type(b"ExtGState")
        || (!dictionary.has(b"Type")
            && !dictionary.is_empty()
            && dictionary.iter().all(|(key, _)| KEYS.contains(&key.as_slice())))
}

/// Mends every graphics state.
pub(super) fn mend(document: &mut Document, part: Part, log: &mut Log) {
    let matters = |dictionary: &Dictionary| {
        is_state(dictionary) || part == Part::One && object::has_any(dictionary, &[b"Group", b"SMaskInData"])
    };
    object::each_dictionary_where(document, matters, |dictionary, document| {
        if part == Part::One {
            opaque(dictionary, document);
        }
        if !is_state(dictionary) {
            return;
        }
        if transfers(dictionary, document) {
            let message = "A transfer function was removed; with readers that use them some colours were others.";
            log.warn(EventCode::VisualDifferences, message);
        }
        for key in ["TR", "HT", "HTP", "HTO"] {
            dictionary.remove(key.as_bytes());
        }
        if object::name(document, dictionary, b"TR2").is_none_or(|name| name != b"Default") {
            dictionary.remove(b"TR2");
        }
        if object::name(document, dictionary, b"RI").is_some_and(|intent| !RENDERING_INTENTS.contains(&intent)) {
            dictionary.remove(b"RI");
        }
        let blend = object::get(document, dictionary, b"BM").and_then(|blend| standard_blend(document, blend));
        if let Some(blend) = blend {
            dictionary.set("BM", Object::Name(blend));
        }
        // Overprint mode 1 is forbidden where CMYK is managed by a profile, as it always is here.
        if object::integer(document, dictionary, b"OPM") == Some(1) {
            dictionary.set("OPM", 0);
        }
    });
}

/// Whether a graphics state changes colours by a transfer function of its own (ISO 32000-1, 10.4). `TR2` counts where both are.
fn transfers(state: &Dictionary, document: &Document) -> bool {
    let function = object::get(document, state, b"TR2").or_else(|| object::get(document, state, b"TR"));
    function.is_some_and(|function| !matches!(function.as_name(), Ok(b"Default" | b"Identity")))
}

/// Takes away what is for transparency alone (ISO 19005-1, 6.4). Where it showed, the page was drawn anew before.
fn opaque(dictionary: &mut Dictionary, document: &Document) {
    let is_group = |group: &Dictionary| object::name(document, group, b"S") == Some(b"Transparency");
    if object::dictionary(document, dictionary, b"Group").is_some_and(is_group) {
        dictionary.remove(b"Group");
    }
    if is_state(dictionary) {
        for key in ["SMask", "CA", "ca", "BM", "AIS", "TK"] {
            dictionary.remove(key.as_bytes());
        }
    } else if object::name(document, dictionary, b"Subtype") == Some(b"Image") {
        dictionary.remove(b"SMaskInData");
    }
}

/// The first known blend mode, `Normal` when none is known.
fn standard_blend(document: &Document, blend: &Object) -> Option<Vec<u8>> {
    let wanted: Vec<&[u8]> = match blend {
        Object::Name(name) => vec![name],
        Object::Array(names) => {
            names.iter().filter_map(|name| object::resolve(document, name).as_name().ok()).collect()
        }
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::String(..)
        | Object::Dictionary(_)
        | Object::Stream(_)
        | Object::Reference(_) => return None,
    };
    Some(wanted.into_iter().find(|name| BLEND_MODES.contains(name)).unwrap_or(b"Normal").to_vec())
}
