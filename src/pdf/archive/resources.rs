//! Every content stream has resources of its own (6.2.2).

use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::pdf::{Error, object, pages, usage, usage::Survey};

/// Gives pages and forms without resources a dictionary: an empty one, or that of whoever draws them. Tells what is used then.
pub(super) fn own(document: &mut Document) -> Result<Survey, Error> {
    for page in pages::list(document) {
        let has =
            object::at(document, page).is_some_and(|held| object::dictionary(document, held, b"Resources").is_some());
        if !has {
            let resources = object::add(document, Dictionary::new());
            set(document, page, resources);
        }
    }
    let survey = usage::survey(document)?;
    let borrowing: Vec<(ObjectId, ObjectId)> = survey
        .contents
        .iter()
        .filter(|content| content.borrows)
        .filter_map(|content| Some((content.holder, content.resources?)))
        .collect();
    if borrowing.is_empty() {
        return Ok(survey);
    }
    for (holder, resources) in borrowing {
        set(document, holder, resources);
    }
    usage::survey(document)
}

fn set(document: &mut Document, holder: ObjectId, resources: ObjectId) {
    if let Some(held) = object::at_mut(document, holder) {
        held.set("Resources", Object::Reference(resources));
    }
}
