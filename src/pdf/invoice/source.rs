//! The XML of an invoice: elements by the names of their path, texts, and places for findings.

use super::XML_BYTES_MAX;
use crate::pdf::xml::{self, Child, ElementId, Name, Tree};

/// An XML document. Elements are found by their local names; that their namespaces are right is a rule of its own.
#[derive(Debug)]
pub(super) struct Source {
    tree: Tree,
    /// Of each element, the one that it is in; of the root, itself.
    parents: Vec<ElementId>,
}

/// The root of every tree.
pub(super) const ROOT: ElementId = 0;

impl Source {
    /// Reads a document; `None` for what is no XML, too large, or has a document type.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > XML_BYTES_MAX || !may_be_xml(bytes) {
            return None;
        }
        let (text, _) = xml::decode(bytes).ok()?;
        let tree = Tree::read(&text).ok().filter(|tree| !tree.has_document_type())?;
        let mut parents = vec![ROOT; tree.elements().count()];
        for (id, element) in tree.elements() {
            for child in &element.children {
                if let Child::Element(child) = child
                    && let Some(parent) = parents.get_mut(*child)
                {
                    *parent = id;
                }
            }
        }
        Some(Self { tree, parents })
    }

    /// The name of an element.
    pub(super) fn name(&self, id: ElementId) -> Option<&Name> {
        self.tree.get(id).map(|element| &element.name)
    }

    /// The local name of an element.
    pub(super) fn local(&self, id: ElementId) -> &str {
        self.name(id).map_or("", |name| name.local.as_str())
    }

    /// All elements in the order of the document.
    pub(super) fn ids(&self) -> impl Iterator<Item = ElementId> + use<> {
        0..self.parents.len()
    }

    /// The element that one is in; the root has none.
    pub(super) fn parent(&self, id: ElementId) -> Option<ElementId> {
        self.parents.get(id).copied().filter(|_| id != ROOT)
    }

    /// The elements directly in one.
    pub(super) fn children(&self, id: ElementId) -> impl Iterator<Item = ElementId> {
        let children = self.tree.get(id).map(|element| element.children.as_slice()).unwrap_or_default();
        children.iter().filter_map(|child| match child {
            Child::Element(id) => Some(*id),
            Child::Text(_) | Child::Section(_) | Child::Other => None,
        })
    }

    /// The elements at the end of a path of local names, one of `a|b` at each step.
    pub(super) fn all(&self, from: ElementId, path: &[&str]) -> Vec<ElementId> {
        let mut found = vec![from];
        for step in path {
            let is_step = |id: &ElementId| step.split('|').any(|name| name == self.local(*id));
            found = found.iter().flat_map(|id| self.children(*id).filter(is_step)).collect();
        }
        found
    }

    /// The first of them.
    pub(super) fn first(&self, from: ElementId, path: &[&str]) -> Option<ElementId> {
        let mut at = from;
        // Most paths have one element at each step; where the first leads nowhere, others are tried.
        for step in path {
            match self.children(at).find(|id| step.split('|').any(|name| name == self.local(*id))) {
                Some(next) => at = next,
                None => return self.all(from, path).into_iter().next(),
            }
        }
        Some(at)
    }

    /// The text in an element itself, without the space around it.
    pub(super) fn text(&self, id: ElementId) -> String {
        let mut text = String::new();
        for child in self.tree.get(id).map(|element| element.children.as_slice()).unwrap_or_default() {
            match child {
                Child::Text(part) | Child::Section(part) => text.push_str(part),
                Child::Element(_) | Child::Other => {}
            }
        }
        text.trim().to_owned()
    }

    /// The value of an attribute without a namespace.
    pub(super) fn attribute(&self, id: ElementId, name: &str) -> Option<&str> {
        let attributes = &self.tree.get(id)?.attributes;
        let found = attributes.iter().find(|each| each.name.namespace.is_none() && each.name.local == name)?;
        Some(found.value.trim())
    }

    /// Where an element stands, as a path with prefixes, and ordinals among elements of the same name.
    pub(super) fn place(&self, id: ElementId) -> String {
        let mut steps = Vec::new();
        let mut at = Some(id);
        while let Some(id) = at {
            let parent = self.parent(id);
            let mut step = self.name(id).map(|name| match &name.prefix {
                Some(prefix) => format!("{prefix}:{}", name.local),
                None => name.local.clone(),
            });
            if let (Some(parent), Some(step)) = (parent, &mut step) {
                let same = self.children(parent).filter(|other| self.name(*other) == self.name(id));
                let same: Vec<ElementId> = same.collect();
                if same.len() > 1 {
                    let before = same.iter().filter(|other| **other < id).count();
                    step.push_str(&format!("[{}]", before + 1));
                }
            }
            steps.extend(step);
            at = parent;
        }
        steps.reverse();
        format!("/{}", steps.join("/"))
    }
}

/// Whether the first bytes can be the beginning of XML: most files in a PDF are something else.
fn may_be_xml(bytes: &[u8]) -> bool {
    let mut shown = bytes
        .iter()
        .filter(|byte| !matches!(byte, 0 | b' ' | b'\t' | b'\r' | b'\n' | 0xEF | 0xBB | 0xBF | 0xFE | 0xFF));
    shown.next() == Some(&b'<')
}

/// Whether a file is XML: it says so at its beginning, or it is well-formed.
pub(super) fn is_xml(bytes: &[u8]) -> bool {
    let says_so = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).starts_with(b"<?xml");
    says_so
        || bytes.len() <= XML_BYTES_MAX
            && may_be_xml(bytes)
            && xml::decode(bytes).is_ok_and(|(text, _)| Tree::read(&text).is_ok())
}
