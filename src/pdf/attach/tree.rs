//! The tree of embedded files: read however it is, written sorted and balanced (ISO 32000-1, 7.9.6).

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};

use crate::pdf::{Error, merge::tree, object};

/// Most entries or kids of a node. A reader loads a node at once.
const FAN_OUT: usize = 64;

/// An entry of the tree.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its key, a text string.
    pub(crate) key: Object,
    /// The file specification, most often behind a reference.
    pub(crate) file: Object,
}

impl Entry {
    /// The bytes by which entries are in order.
    fn order(&self) -> &[u8] {
        self.key.as_str().unwrap_or_default()
    }
}

/// The entries in the order of the file.
pub(crate) fn entries(document: &Document) -> Vec<Entry> {
    let names = object::catalog(document).and_then(|catalog| object::dictionary(document, catalog, b"Names"));
    let root = names.and_then(|names| object::dictionary(document, names, b"EmbeddedFiles"));
    let pairs = root.map(|root| tree::pairs(document, root, b"Names")).unwrap_or_default();
    pairs.into_iter().map(|(key, file)| Entry { key, file }).collect()
}

/// Writes the tree anew; without entries there is none.
///
/// # Errors
/// `Corrupt` when the document has no catalog.
pub(crate) fn write(document: &mut Document, mut entries: Vec<Entry>) -> Result<(), Error> {
    entries.sort_by(|one, other| one.order().cmp(other.order()));
    let root = root(document, entries);
    let catalog = document.trailer.get(b"Root").and_then(Object::as_reference);
    let catalog = catalog.map_err(|_| Error::corrupt("it has no catalog"))?;
    let has_names = object::at(document, catalog).is_some_and(|catalog| catalog.has(b"Names"));
    if root.is_none() && !has_names {
        return Ok(());
    }
    object::edit_entry(document, catalog, b"Names", |names| match root {
        Some(root) => names.set("EmbeddedFiles", root),
        None => drop(names.remove(b"EmbeddedFiles")),
    })
    .ok_or_else(|| Error::corrupt("it has no catalog"))
}

/// Builds the tree from its leaves up to its root.
fn root(document: &mut Document, entries: Vec<Entry>) -> Option<ObjectId> {
    let mut level: Vec<(Node, Dictionary)> = Vec::new();
    for leaf in entries.chunks(FAN_OUT) {
        if let (Some(first), Some(last)) = (leaf.first(), leaf.last()) {
            level.push((Node { first: first.key.clone(), last: last.key.clone() }, names(leaf)));
        }
    }
    while level.len() > 1 {
        let mut above = Vec::new();
        for group in level.chunks(FAN_OUT) {
            let mut kids: Vec<Object> = Vec::new();
            let mut span: Option<Node> = None;
            for (node, held) in group {
                let mut held = held.clone();
                held.set("Limits", vec![node.first.clone(), node.last.clone()]);
                kids.push(object::add(document, held).into());
                let first = span.map_or_else(|| node.first.clone(), |span| span.first);
                span = Some(Node { first, last: node.last.clone() });
            }
            above.extend(span.map(|span| (span, dictionary! { "Kids" => kids })));
        }
        level = above;
    }
    // The root has no limits.
    level.pop().map(|(_, held)| object::add(document, held))
}

/// The keys that a node reaches from and to.
#[derive(Debug)]
struct Node {
    first: Object,
    last: Object,
}

fn names(leaf: &[Entry]) -> Dictionary {
    let names: Vec<Object> = leaf.iter().flat_map(|entry| [entry.key.clone(), entry.file.clone()]).collect();
    dictionary! { "Names" => names }
}
