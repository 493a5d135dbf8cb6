//! Fonts: every font that shows text is in the file, and says the same as the dictionary that uses it (6.2.11).

mod build;
mod choice;
pub(crate) mod cmap;
mod code_space;
mod compact;
mod composite;
mod drawings;
mod embedded;
mod encode;
mod encoding;
mod folder;
pub(crate) mod glyphs;
mod lists;
pub(crate) mod maps;
mod metrics;
pub(crate) mod names;
mod outlines;
mod place;
pub(crate) mod program;
mod rebuild;
mod scripts;
mod simple;
mod substitute;
mod symbols;
#[cfg(test)]
pub(crate) mod tests;
mod typeset;
mod unicode_map;
mod widths;

use lopdf::{Dictionary, Document, Object, ObjectId};

pub(crate) use build::assemble;
pub use folder::FontFolder;
pub(crate) use metrics::tables;
pub(crate) use rebuild::simple_names;
pub(crate) use typeset::{Style, Typeface};
pub(crate) use unicode_map::write as write_unicode_map;

use super::{
    archive::Log,
    object,
    usage::{FontUse, Survey},
    validate::{self, Part},
};
use crate::domain::EventCode;
use place::Program;

/// Mends every font that the document uses.
pub(crate) fn mend(document: &mut Document, part: Part, survey: &Survey, folder: &FontFolder, log: &mut Log) {
    let matters = |dictionary: &Dictionary| object::has_any(dictionary, &[b"CIDSet", b"CharSet", b"CIDSystemInfo"]);
    object::each_dictionary_where(document, matters, |dictionary, document| {
        if part != Part::One {
            lists::remove(dictionary);
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
    for (id, used) in survey.fonts.iter().filter(|(_, used)| !used.codes.is_empty()) {
        encode::rename(document, *id);
        match place::settle(document, *id, part) {
            Program::There => embedded::mend(document, *id),
            Program::Missing | Program::Broken if used.is_visible => replace(document, *id, part, used, folder, log),
            Program::Missing | Program::Broken => {}
        }
        encode::mend(document, *id, part, used);
    }
    let mut measured = validate::measure(document, part, survey);
    let mut is_changed = false;
    for (id, glyphs) in &measured {
        let is_visible = survey.fonts.get(id).is_some_and(|used| used.is_visible);
        is_changed |= rebuild::mend(document, *id, part, is_visible, glyphs);
        is_changed |= drawings::mend(document, *id, glyphs);
    }
    if is_changed {
        measured = validate::measure(document, part, survey);
    }
    // What the program cannot take, the dictionary has to.
    for (id, glyphs) in measured {
        widths::mend(document, id, &glyphs);
    }
    lists::write(document, part, survey);
}

fn replace(document: &mut Document, id: ObjectId, part: Part, used: &FontUse, folder: &FontFolder, log: &mut Log) {
    let Some(name) = object::at(document, id).map(|font| base_name(document, font)) else { return };
    match substitute::substitute(document, id, part, used, folder) {
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

/// The collection that a font or a map states; a map may have a list of them, of which the first counts.
pub(crate) fn system_info<'a>(document: &'a Document, holder: &'a Dictionary) -> Option<&'a Dictionary> {
    let stated = object::get(document, holder, b"CIDSystemInfo")?;
    let first = if let Object::Array(items) = stated { object::resolve(document, items.first()?) } else { stated };
    object::as_dictionary(first)
}

/// The dictionary that holds the descriptor: the font itself, or the descendant of a composite one.
pub(crate) fn described<'a>(document: &'a Document, font: &'a Dictionary) -> Option<&'a Dictionary> {
    if object::name(document, font, b"Subtype") == Some(b"Type0") {
        let descendant = object::array(document, font, b"DescendantFonts")?.first()?;
        return object::as_dictionary(object::resolve(document, descendant));
    }
    Some(font)
}
