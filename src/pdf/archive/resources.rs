//! Every content stream has resources of its own (6.2.2).

use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::pdf::{Error, object, pages, usage};

/// Gives pages and forms without resources a dictionary: an empty one, or that of whoever draws them.
pub(super) fn own(document: &mut Document) -> Result<(), Error> {
    for page in pages::list(document) {
        let has =
            object::at(document, page).is_some_and(|held| object::dictionary(document, held, b"Resources").is_some());
        if !has {
            let resources = object::add(document, Dictionary::new());
            set(document, page, resources);
        }
    }
    let borrowing: Vec<(ObjectId, ObjectId)> = usage::survey(document)?
        .contents
        .iter()
        .filter(|content| content.borrows)
        .filter_map(|content| Some((content.holder, content.resources?)))
        .collect();
    for (holder, resources) in borrowing {
        set(document, holder, resources);
    }
    Ok(())
}

fn set(document: &mut Document, holder: ObjectId, resources: ObjectId) {
    if let Some(held) = object::at_mut(document, holder) {
        held.set("Resources", Object::Reference(resources));
    }
}
