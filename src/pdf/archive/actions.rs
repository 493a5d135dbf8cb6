//! Actions: PDF/A-2 takes a short list, everything else goes (ISO 19005-2, 6.5).

use lopdf::{Dictionary, Document, Object};

use super::Log;
use crate::{
    domain::EventCode,
    pdf::{object, validate::Part},
};

/// What may happen when a reader clicks. `GoToE` came with PDF 1.6.
const ALLOWED: [&[u8]; 7] = [b"GoTo", b"GoToR", b"GoToE", b"Thread", b"URI", b"Named", b"SubmitForm"];

/// The named actions that may stay.
const ALLOWED_NAMES: [&[u8]; 4] = [b"NextPage", b"PrevPage", b"FirstPage", b"LastPage"];

/// Every action type of the format, to tell an action from other dictionaries with an `/S`.
const KNOWN: [&[u8]; 21] = [
    b"GoTo",
    b"GoToR",
    b"GoToE",
    b"Thread",
    b"URI",
    b"Named",
    b"SubmitForm",
    b"Launch",
    b"Sound",
    b"Movie",
    b"ResetForm",
    b"ImportData",
    b"JavaScript",
    b"SetOCGState",
    b"Rendition",
    b"Trans",
    b"GoTo3DView",
    b"Hide",
    b"SetState",
    b"NOP",
    b"RichMediaExecute",
];

/// Whether an action may stay.
pub(crate) fn is_allowed(document: &Document, part: Part, action: &Dictionary) -> bool {
    match object::name(document, action, b"S") {
        Some(b"Named") => object::name(document, action, b"N").is_some_and(|name| ALLOWED_NAMES.contains(&name)),
        Some(b"GoToE") => part != Part::One,
        Some(kind) => ALLOWED.contains(&kind),
        None => true,
    }
}

/// Whether a dictionary is an action, allowed or not.
fn is_action(document: &Document, dictionary: &Dictionary) -> bool {
    dictionary.has_type(b"Action")
        || object::name(document, dictionary, b"S").is_some_and(|kind| KNOWN.contains(&kind) && !dictionary.has(b"K"))
}

/// Whether additional actions are what `AA` holds; a font may be named so, too.
fn has_triggers(document: &Document, dictionary: &Dictionary) -> bool {
    object::dictionary(document, dictionary, b"AA").is_some_and(|triggers| {
        !triggers.has(b"Type")
            && triggers.iter().all(|(_, action)| {
                object::as_dictionary(object::resolve(document, action)).is_none_or(|held| held.has(b"S"))
            })
    })
}

/// Removes what may not stay.
pub(super) fn remove(document: &mut Document, part: Part, log: &mut Log) {
    open_action(document, log);
    let matters = |dictionary: &Dictionary| object::has_any(dictionary, &[b"AA", b"A", b"PA", b"Next"]);
    object::each_dictionary_where(document, matters, |dictionary, document| {
        if has_triggers(document, dictionary) {
            let kinds = trigger_kinds(document, dictionary);
            dictionary.remove(b"AA");
            for kind in kinds {
                report(&kind, log);
            }
        }
        let is_widget = object::name(document, dictionary, b"Subtype") == Some(b"Widget");
        let action = object::dictionary(document, dictionary, b"A").filter(|held| is_action(document, held));
        let refused = action
            .filter(|action| is_widget || !is_allowed(document, part, action))
            .map(|action| kind_of(document, action));
        if let Some(kind) = refused {
            dictionary.remove(b"A");
            report(&kind, log);
        }
        // Older readers took a second destination for a link under this key.
        if object::dictionary(document, dictionary, b"PA")
            .is_some_and(|held| is_action(document, held) && !is_allowed(document, part, held))
        {
            dictionary.remove(b"PA");
        }
        follow_ups(dictionary, document, part, log);
    });
}

fn follow_ups(dictionary: &mut Dictionary, document: &Document, part: Part, log: &mut Log) {
    let is_refused = |object: &Object| {
        object::as_dictionary(object::resolve(document, object))
            .is_some_and(|held| is_action(document, held) && !is_allowed(document, part, held))
    };
    match object::get(document, dictionary, b"Next") {
        Some(Object::Array(actions)) if actions.iter().any(is_refused) => {
            let kept: Vec<Object> = actions.iter().filter(|action| !is_refused(action)).cloned().collect();
            dictionary.set("Next", kept);
        }
        Some(single) if is_refused(single) => drop(dictionary.remove(b"Next")),
        Some(_) | None => return,
    }
    report("", log);
}

fn open_action(document: &mut Document, log: &mut Log) {
    let Some(catalog) = object::catalog(document) else { return };
    let action = object::dictionary(document, catalog, b"OpenAction");
    let refused = action
        .filter(|action| object::name(document, action, b"S") != Some(b"GoTo"))
        .map(|action| kind_of(document, action));
    if let Some(kind) = refused
        && let Some(catalog) = object::catalog_mut(document)
    {
        catalog.remove(b"OpenAction");
        report(&kind, log);
    }
}

fn trigger_kinds(document: &Document, dictionary: &Dictionary) -> Vec<String> {
    let triggers = object::dictionary(document, dictionary, b"AA").into_iter().flat_map(Dictionary::iter);
    triggers
        .filter_map(|(_, action)| object::as_dictionary(object::resolve(document, action)))
        .map(|action| kind_of(document, action))
        .collect()
}

fn kind_of(document: &Document, action: &Dictionary) -> String {
    object::name(document, action, b"S").map(object::shown).unwrap_or_default()
}

fn report(kind: &str, log: &mut Log) {
    let message = match kind {
        "JavaScript" => "A script was removed.".to_owned(),
        "" => "An action was removed.".to_owned(),
        kind => format!("An action of the type {kind} was removed."),
    };
    log.warn(EventCode::ActionRemoved, message);
}
