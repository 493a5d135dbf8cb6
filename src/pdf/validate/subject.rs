//! The document under check: its bytes, its objects, and what is derived from them once for all rules.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::{
    Flavour,
    annotations::{self, Annotation},
    content, embedded_files, file_structure, metadata,
};
use crate::pdf::object;

/// Most pages of a tree that are looked at; a tree with more is reported as unreadable.
const PAGES_MAX: usize = 1 << 20;

/// What a page takes over from the nodes above it (ISO 32000-1, 7.7.3.4).
const INHERITED: [&[u8]; 4] = [b"Resources", b"MediaBox", b"CropBox", b"Rotate"];

/// A document under check.
pub(super) struct Subject<'a> {
    /// The file, from its header on: offsets of the cross-reference table count from there.
    pub(super) bytes: &'a [u8],
    /// How many bytes stand before the header.
    pub(super) junk: usize,
    /// Its objects. Decrypted where that needs no password.
    pub(super) document: &'a Document,
    /// What it is checked against.
    pub(super) flavour: Flavour,
    /// What may still be spent on the files in it.
    pub(super) budget: embedded_files::Budget,
    pages: OnceCell<Vec<Page<'a>>>,
    reachable: OnceCell<Vec<(ObjectId, &'a Object)>>,
    dictionaries: OnceCell<Vec<(ObjectId, &'a Dictionary)>>,
    annotations: OnceCell<annotations::Lists<'a>>,
    facts: OnceCell<content::Facts<'a>>,
    written: OnceCell<file_structure::Written>,
    packets: OnceCell<metadata::Packets>,
    specifications: OnceCell<Vec<embedded_files::Specification<'a>>>,
}

/// A page with what it inherits.
pub(super) struct Page<'a> {
    /// The number of its object.
    pub(super) id: ObjectId,
    /// Its place, counted from 1.
    pub(super) number: u32,
    /// Its dictionary.
    pub(super) held: &'a Dictionary,
    /// What it has from the nodes above it.
    inherited: BTreeMap<&'static [u8], &'a Object>,
}

impl<'a> Page<'a> {
    /// An entry of its own or inherited, resolved.
    pub(super) fn get(&self, document: &'a Document, key: &[u8]) -> Option<&'a Object> {
        object::get(document, self.held, key).or_else(|| self.inherited.get(key).copied())
    }

    /// Whether it has resources of its own, not inherited ones.
    pub(super) fn owns_resources(&self) -> bool {
        self.held.has(b"Resources")
    }

    /// The resources in force.
    pub(super) fn resources(&self, document: &'a Document) -> Option<&'a Dictionary> {
        self.get(document, b"Resources").and_then(object::as_dictionary)
    }
}

impl<'a> Subject<'a> {
    pub(super) fn new(bytes: &'a [u8], junk: usize, document: &'a Document, flavour: Flavour) -> Self {
        Self {
            bytes,
            junk,
            document,
            flavour,
            budget: embedded_files::Budget::default(),
            pages: OnceCell::new(),
            reachable: OnceCell::new(),
            dictionaries: OnceCell::new(),
            annotations: OnceCell::new(),
            facts: OnceCell::new(),
            written: OnceCell::new(),
            packets: OnceCell::new(),
            specifications: OnceCell::new(),
        }
    }

    /// The same with another budget: for a file that is embedded in another.
    pub(super) fn within(self, budget: embedded_files::Budget) -> Self {
        Self { budget, ..self }
    }

    /// The pages in order.
    pub(super) fn pages(&self) -> &[Page<'a>] {
        self.pages.get_or_init(|| pages(self.document))
    }

    /// The catalog.
    pub(super) fn catalog(&self) -> Option<&'a Dictionary> {
        object::catalog(self.document)
    }

    /// Every indirect object that can be reached from the trailer.
    pub(super) fn objects(&self) -> impl Iterator<Item = (ObjectId, &'a Object)> {
        self.reachable.get_or_init(|| reachable(self.document)).iter().copied()
    }

    /// Visits every object that can be reached from the trailer, direct ones included, with the number of the indirect
    /// object it is in.
    pub(super) fn each_value(&self, mut visit: impl FnMut(ObjectId, &'a Object)) {
        let mut open = Vec::new();
        for (id, object) in self.objects() {
            open.push(object);
            while let Some(object) = open.pop() {
                visit(id, object);
                if let Object::Array(items) = object {
                    open.extend(items.iter().rev());
                } else if let Some(held) = object::as_dictionary(object) {
                    open.extend(held.iter().map(|(_, value)| value));
                }
            }
        }
    }

    /// Visits every dictionary that can be reached from the trailer, those of streams and direct ones included, with
    /// the number of the indirect object it is in.
    pub(super) fn each_dictionary(&self, mut visit: impl FnMut(ObjectId, &'a Dictionary)) {
        let all = self.dictionaries.get_or_init(|| {
            let mut found = Vec::new();
            self.each_value(|id, object| found.extend(object::as_dictionary(object).map(|held| (id, held))));
            found
        });
        all.iter().for_each(|(id, held)| visit(*id, held));
    }

    /// The annotations of a page.
    pub(super) fn annotations(&self, page: &Page<'a>) -> &[Annotation<'a>] {
        self.annotation_lists().of(page)
    }

    /// The annotations of all pages, read once.
    pub(super) fn annotation_lists(&self) -> &annotations::Lists<'a> {
        self.annotations.get_or_init(|| annotations::Lists::read(self))
    }

    /// What the content streams that are drawn say, read once.
    pub(super) fn facts(&self) -> &content::Facts<'a> {
        self.facts.get_or_init(|| content::read(self))
    }

    /// The file as it is written, read once.
    pub(super) fn written(&self) -> &file_structure::Written {
        self.written.get_or_init(|| file_structure::Written::read(self.bytes, self.junk, self.document))
    }

    /// What the metadata say, read once.
    pub(super) fn packets(&self) -> &metadata::Packets {
        self.packets.get_or_init(|| metadata::Packets::read(self))
    }

    /// The file specifications that have an embedded file, found once.
    pub(super) fn specifications(&self) -> &[embedded_files::Specification<'a>] {
        self.specifications.get_or_init(|| embedded_files::specifications(self.document))
    }
}

/// The leaves of the page tree, each with what it inherits. A node that is met again is passed over.
fn pages(document: &Document) -> Vec<Page<'_>> {
    let mut found = Vec::new();
    let Some(root) = object::catalog(document).and_then(|catalog| catalog.get(b"Pages").ok()) else { return found };
    let mut seen = BTreeSet::new();
    let mut open = vec![(root, BTreeMap::new())];
    while let Some((node, inherited)) = open.pop() {
        let (Some(id), Some(held)) =
            (object::target(document, node), object::as_dictionary(object::resolve(document, node)))
        else {
            continue;
        };
        if found.len() >= PAGES_MAX || !seen.insert(id) {
            continue;
        }
        let Some(kids) = object::array(document, held, b"Kids") else {
            let number = u32::try_from(found.len() + 1).unwrap_or(u32::MAX);
            found.push(Page { id, number, held, inherited });
            continue;
        };
        let mut below = inherited;
        below.extend(INHERITED.into_iter().filter_map(|key| Some((key, object::get(document, held, key)?))));
        open.extend(kids.iter().rev().map(|kid| (kid, below.clone())));
    }
    found
}

/// All objects that the trailer leads to, in the order of their numbers.
fn reachable(document: &Document) -> Vec<(ObjectId, &Object)> {
    let found = object::referenced(document);
    document.objects.iter().filter(|(id, _)| found.contains(id)).map(|(id, object)| (*id, object)).collect()
}
