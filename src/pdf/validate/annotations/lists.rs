//! The annotations of every page, read once for all rules.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::pdf::{
    object,
    validate::subject::{Page, Subject},
};

/// Most annotations and appearances that are read, counted for each page: pages that share a list, annotations that share
/// appearances, make many out of a small file. A real atlas has some 100,000.
const ENTRIES_MAX: usize = 1 << 20;

/// An annotation of a page.
pub(in crate::pdf::validate) struct Annotation<'a> {
    /// The object it is in.
    pub(in crate::pdf::validate) id: ObjectId,
    /// Its dictionary.
    pub(in crate::pdf::validate) held: &'a Dictionary,
    /// The streams of its appearances.
    pub(in crate::pdf::validate) looks: Vec<ObjectId>,
}

/// The annotations of pages.
#[derive(Default)]
pub(in crate::pdf::validate) struct Lists<'a> {
    pages: BTreeMap<ObjectId, Vec<Annotation<'a>>>,
    /// Whether there are more than are read.
    pub(in crate::pdf::validate) are_too_long: bool,
}

impl<'a> Lists<'a> {
    /// Reads those of every page.
    pub(in crate::pdf::validate) fn read(subject: &Subject<'a>) -> Self {
        Self::read_within(subject, ENTRIES_MAX)
    }

    fn read_within(subject: &Subject<'a>, entries_max: usize) -> Self {
        let mut lists = Self::default();
        let mut budget = Budget(entries_max);
        for page in subject.pages() {
            let held = object::array(subject.document, page.held, b"Annots").unwrap_or_default();
            let mut list = Vec::new();
            for annotation in held {
                if !budget.spend() {
                    break;
                }
                let id = object::target(subject.document, annotation).unwrap_or(page.id);
                let Some(held) = object::as_dictionary(object::resolve(subject.document, annotation)) else { continue };
                list.push(Annotation { id, held, looks: looks(subject.document, held, &mut budget) });
            }
            if !list.is_empty() {
                lists.pages.insert(page.id, list);
            }
        }
        lists.are_too_long = budget.0 == 0;
        lists
    }

    /// Those of a page.
    pub(in crate::pdf::validate) fn of(&self, page: &Page<'a>) -> &[Annotation<'a>] {
        self.pages.get(&page.id).map(Vec::as_slice).unwrap_or_default()
    }
}

/// How many entries may still be read.
struct Budget(usize);

impl Budget {
    /// Takes one; none is left when it says no.
    fn spend(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 > 0
    }
}

/// The streams of an annotation's appearances: each is a form, or a dictionary of forms by state.
fn looks(document: &Document, annotation: &Dictionary, budget: &mut Budget) -> Vec<ObjectId> {
    let mut found = Vec::new();
    for (_, look) in object::dictionary(document, annotation, b"AP").into_iter().flatten() {
        if !budget.spend() {
            break;
        }
        if let Object::Dictionary(states) = object::resolve(document, look) {
            let states = states.iter().take_while(|_| budget.spend());
            found.extend(states.filter_map(|(_, state)| object::target(document, state)));
        } else {
            found.extend(object::target(document, look));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use lopdf::{Document, Object, Stream, dictionary};

    use super::{super::testing::document, *};
    use crate::pdf::validate::Flavour;

    /// A document whose two pages share a list of some annotations, which share appearances.
    fn sharing(annotations: usize) -> Document {
        let mut document = document(dictionary! {}, dictionary! {});
        let look = document.add_object(Stream::new(dictionary! {}, Vec::new()));
        let states = dictionary! { "On" => look, "Off" => look };
        let appearances = document.add_object(dictionary! { "N" => states });
        let annotation = document.add_object(dictionary! { "Subtype" => "Widget", "AP" => appearances });
        let list = document.add_object(vec![Object::Reference(annotation); annotations]);
        let root = object::catalog(&document).unwrap().get(b"Pages").unwrap().as_reference().unwrap();
        let kids = (0..2).map(|_| Object::Reference(document.add_object(dictionary! { "Annots" => list })));
        let kids: Vec<Object> = kids.collect();
        object::at_mut(&mut document, root).unwrap().set("Kids", kids);
        document
    }

    #[test]
    fn annotations_come_with_their_appearances_in_every_state() {
        let document = sharing(3);
        let subject = Subject::new(b"", 0, &document, Flavour::A2B);
        for page in subject.pages() {
            let found: Vec<usize> = subject.annotations(page).iter().map(|annotation| annotation.looks.len()).collect();
            assert_eq!(found, [2, 2, 2]);
        }
        assert!(!subject.annotation_lists().are_too_long);
    }

    #[test]
    fn pages_that_share_a_list_of_annotations_cost_no_more_than_the_limit() {
        let document = sharing(100);
        let subject = Subject::new(b"", 0, &document, Flavour::A2B);
        let lists = Lists::read_within(&subject, 50);
        assert!(lists.are_too_long);
        let counts = subject.pages().iter().map(|page| lists.of(page).len());
        assert_eq!(counts.collect::<Vec<_>>(), [13, 0]);
    }
}
