//! Fonts: every font that shows text is in the file, and says the same as the dictionary that uses it (6.2.11).

mod build;
mod choice;
pub(crate) mod cmap;
mod code_space;
mod embedded;
mod encoding;
mod folder;
pub(crate) mod glyphs;
pub(crate) mod names;
pub(crate) mod program;
mod substitute;
mod symbols;
#[cfg(test)]
mod tests;
mod undefined;
mod unicode_map;

use lopdf::{Dictionary, Document, Object, ObjectId};

pub(crate) use build::assemble;
pub use folder::FontFolder;
pub(crate) use undefined::shows_undefined;
pub(crate) use unicode_map::write as write_unicode_map;

use super::{archive::Log, object, usage::Survey};
use crate::domain::EventCode;

/// Mends every font that the document uses.
pub(crate) fn mend(document: &mut Document, survey: &Survey, folder: &FontFolder, log: &mut Log) {
    object::each_dictionary(document, |dictionary, document| {
        // Both may be left out, and are wrong more often than right.
        if dictionary.has_type(b"FontDescriptor") || dictionary.has(b"FontFile") || dictionary.has(b"FontFile3") {
            dictionary.remove(b"CIDSet");
            dictionary.remove(b"CharSet");
        }
        // The map is a stream or the name `Identity`; any other name means nothing.
        let has_map = matches!(object::get(document, dictionary, b"CIDToGIDMap"), Some(Object::Stream(_)));
        let is_unmapped = object::name(document, dictionary, b"Subtype") == Some(b"CIDFontType2")
            && !has_map
            && dictionary.has(b"CIDSystemInfo");
        if is_unmapped {
            dictionary.set("CIDToGIDMap", object::named("Identity"));
        }
    });
    for (id, used) in &survey.fonts {
        if used.codes.is_empty() {
            continue;
        }
        let Some(font) = object::at(document, *id) else { continue };
        if !is_embedded(document, font) {
            if used.is_visible {
                replace(document, *id, used, folder, log);
            }
        } else {
            embedded::mend(document, *id, used);
        }
    }
}

fn replace(document: &mut Document, id: ObjectId, used: &super::usage::FontUse, folder: &FontFolder, log: &mut Log) {
    let Some(name) = object::at(document, id).map(|font| base_name(document, font)) else { return };
    match substitute::substitute(document, id, used, folder) {
        Some(done) => {
            let message = format!("The font \"{name}\" is not in the document; {} took its place.", done.family);
            if done.is_compatible {
                log.inform(EventCode::FontSubstituted, message);
            } else {
                log.warn(EventCode::FontSubstituted, message);
            }
            if !done.missing.is_empty() {
                let missing: String = done.missing.iter().take(20).collect();
                log.warn(
                    EventCode::VisualDifferences,
                    format!(
                        "No installed font has the characters \"{missing}\" of the font \"{name}\"; they are not shown."
                    ),
                );
            }
        }
        None => log.warn(
            EventCode::FontSubstituted,
            format!("The font \"{name}\" is not in the document, and no installed font can take its place."),
        ),
    }
}

/// The name of a font for messages, without the tag of a subset.
pub(crate) fn base_name(document: &Document, font: &Dictionary) -> String {
    let name = object::name(document, font, b"BaseFont").map(object::shown).unwrap_or_default();
    match name.split_once('+') {
        Some((_, rest)) => rest.to_owned(),
        None if name.is_empty() => "unnamed".to_owned(),
        None => name,
    }
}

/// The dictionary that holds the descriptor: the font itself, or the descendant of a composite one.
pub(crate) fn described<'a>(document: &'a Document, font: &'a Dictionary) -> Option<&'a Dictionary> {
    if object::name(document, font, b"Subtype") == Some(b"Type0") {
        let descendant = object::array(document, font, b"DescendantFonts")?.first()?;
        return object::as_dictionary(object::resolve(document, descendant));
    }
    Some(font)
}

/// Whether the font program is in the document. The glyphs of a Type 3 font always are.
pub(crate) fn is_embedded(document: &Document, font: &Dictionary) -> bool {
    if object::name(document, font, b"Subtype") == Some(b"Type3") {
        return true;
    }
    described(document, font).and_then(|held| object::dictionary(document, held, b"FontDescriptor")).is_some_and(
        |descriptor| {
            [&b"FontFile"[..], b"FontFile2", b"FontFile3"]
                .iter()
                .any(|key| object::dictionary(document, descriptor, key).is_some())
        },
    )
}
