//! A document that is shown as a list of the files in it (ISO 32000-1, 12.3.5).

use lopdf::{Dictionary, Document, Object, dictionary, text_string};

use super::tree;
use crate::pdf::{Error, object};

/// The columns: key, what of a file they show, and their heading.
const COLUMNS: [(&str, &str, &str); 4] = [
    ("Name", "F", "Name"),
    ("Description", "Desc", "Description"),
    ("Size", "Size", "Size"),
    ("Modified", "ModDate", "Modified"),
];

/// What of a collection is kept in an archive. Layouts that are drawn by programs, and their resources, are not.
const KEPT: [&[u8]; 5] = [b"Type", b"Schema", b"D", b"View", b"Sort"];

/// Makes a document a portfolio: readers show a table of the files in it, by name, and its own pages first.
///
/// # Errors
/// `Corrupt` when the document has no catalog or no files.
pub fn collection(document: &mut Document) -> Result<(), Error> {
    if tree::entries(document).is_empty() {
        return Err(Error::corrupt("it has no files to be shown"));
    }
    let mut schema = dictionary! { "Type" => "CollectionSchema" };
    for (place, (key, shown, heading)) in (0_i64..).zip(COLUMNS) {
        schema.set(
            key,
            dictionary! {
                "Type" => "CollectionField", "Subtype" => shown, "N" => text_string(heading), "O" => place,
                "V" => true, "E" => false,
            },
        );
    }
    let sort = dictionary! { "Type" => "CollectionSort", "S" => "Name", "A" => true };
    let held = dictionary! { "Type" => "Collection", "Schema" => schema, "View" => "D", "Sort" => sort };
    let held = object::add(document, held);
    let catalog = object::catalog_mut(document).ok_or_else(|| Error::corrupt("it has no catalog"))?;
    catalog.set("Collection", held);
    // Readers that know no portfolios open their list of files.
    catalog.set("PageMode", "UseAttachments");
    Ok(())
}

/// Whether a document asks to be shown as a list of the files in it.
pub fn is_portfolio(document: &Document) -> bool {
    object::catalog(document).is_some_and(|catalog| object::dictionary(document, catalog, b"Collection").is_some())
}

/// Leaves of a portfolio what every reader knows, and nothing where there are no files.
pub(crate) fn simplify(document: &mut Document) {
    let held = object::catalog(document).and_then(|catalog| object::dictionary(document, catalog, b"Collection"));
    let Some(held) = held else { return };
    let kept = KEPT.iter().filter_map(|key| Some((key.to_vec(), held.get(key).ok()?.clone())));
    let mut simple: Dictionary = kept.collect();
    // A view that a program draws, or that is hidden, gives way to the table.
    if !matches!(object::name(document, &simple, b"View"), Some(b"D" | b"T")) {
        simple.set("View", "D");
    }
    let has_files = !tree::entries(document).is_empty();
    if let Some(catalog) = object::catalog_mut(document) {
        if has_files {
            catalog.set("Collection", Object::Dictionary(simple));
        } else {
            catalog.remove(b"Collection");
            if catalog.get(b"PageMode").and_then(Object::as_name).is_ok_and(|mode| mode == b"UseAttachments") {
                catalog.remove(b"PageMode");
            }
        }
    }
}
