//! The signature fields of a document, and what the signatures in them forbid.

use std::{collections::BTreeSet, rc::Rc};

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::Error;
use crate::pdf::{Error as PdfError, object};

/// Most fields of a form, with the places where they are shown. Forms of authorities have two thousand.
const FIELDS_MAX: usize = 1 << 17;

/// Most bytes of the full names of all fields: a deep form may say any amount of them.
const NAME_BYTES_MAX: usize = 16 << 20;

/// Most signatures of a file. Each is over nearly all of it, so that each takes as long as reading the file.
const SIGNATURES_MAX: usize = 100;

/// Most references of a signature, each with rules of its own. There are two kinds.
const REFERENCES_MAX: usize = 4;

/// A signature field.
#[derive(Debug)]
pub(super) struct Field<'a> {
    /// The number of its object; `None` when it is written in its parent.
    pub(super) id: Option<ObjectId>,
    /// Its full name.
    pub(super) name: String,
    /// Its dictionary.
    pub(super) held: &'a Dictionary,
    /// The signature, when it is signed.
    pub(super) signature: Option<&'a Dictionary>,
}

/// The fields of a form.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    /// Those for signatures, in the order of the form.
    pub(super) signatures: Vec<Field<'a>>,
    /// The full names of all fields.
    pub(super) names: BTreeSet<String>,
}

/// A node of the tree of fields, with what it has from those above.
struct Node<'a> {
    object: &'a Object,
    parent_name: Rc<str>,
    is_signature: bool,
}

impl<'a> Fields<'a> {
    /// Reads the fields of a document.
    ///
    /// # Errors
    /// `Document` with `Limit` when there are too many.
    pub(super) fn read(document: &'a Document) -> Result<Self, Error> {
        let mut fields = Self { signatures: Vec::new(), names: BTreeSet::new() };
        let form = object::catalog(document).and_then(|catalog| object::dictionary(document, catalog, b"AcroForm"));
        let Some(roots) = form.and_then(|form| object::array(document, form, b"Fields")) else { return Ok(fields) };
        let node = |object| Node { object, parent_name: Rc::from(""), is_signature: false };
        let mut open: Vec<Node<'a>> = roots.iter().rev().take(FIELDS_MAX + 1).map(node).collect();
        let mut seen = BTreeSet::new();
        let mut looks = 0_usize;
        let mut name_bytes = 0_usize;
        while let Some(node) = open.pop() {
            let id = object::target(document, node.object);
            let Some(held) = object::as_dictionary(object::resolve(document, node.object)) else { continue };
            if id.is_some_and(|id| !seen.insert(id)) {
                continue;
            }
            let kids = object::array(document, held, b"Kids").unwrap_or_default();
            let name = full_name(document, held, &node.parent_name);
            // Fields can share their kids, so that every look at one counts.
            looks += 1 + kids.len();
            name_bytes += name.len();
            if looks > FIELDS_MAX || name_bytes > NAME_BYTES_MAX {
                return Err(PdfError::limit(format!("its form has more than {FIELDS_MAX} fields")).into());
            }
            let is_signature = object::name(document, held, b"FT").map_or(node.is_signature, |kind| kind == b"Sig");
            // Kids without a name are not fields, but the places where the field is shown.
            let is_field =
                |kid: &&Object| object::as_dictionary(object::resolve(document, kid)).is_some_and(|kid| kid.has(b"T"));
            let parent_name: Rc<str> = Rc::from(name.as_str());
            let below = open.len();
            let node = |object| Node { object, parent_name: Rc::clone(&parent_name), is_signature };
            open.extend(kids.iter().rev().filter(is_field).map(node));
            let has_fields = open.len() > below;
            fields.names.insert(name.clone());
            if is_signature && !has_fields {
                let signature = object::dictionary(document, held, b"V");
                fields.signatures.push(Field { id, name, held, signature });
            }
        }
        Ok(fields)
    }

    /// The fields that are signed, each with its signature.
    ///
    /// # Errors
    /// `Document` with `Limit` when there are too many.
    pub(super) fn signed(&self) -> Result<Vec<(&Field<'a>, &'a Dictionary)>, Error> {
        let found: Vec<_> = self.signatures.iter().filter_map(|field| Some((field, field.signature?))).collect();
        if found.len() > SIGNATURES_MAX {
            return Err(PdfError::limit(format!("it has more than {SIGNATURES_MAX} signatures")).into());
        }
        Ok(found)
    }

    /// Says whether a field of a name may be signed, new or not.
    ///
    /// # Errors
    /// `Locked` when a signature that is there allows no changes (ISO 32000-1, 12.8.2.2), or none of this field (12.8.2.4).
    pub(super) fn allow(&self, document: &Document, name: &str) -> Result<(), Error> {
        let permissions = object::catalog(document).and_then(|catalog| object::dictionary(document, catalog, b"Perms"));
        let certifying = permissions.and_then(|held| object::dictionary(document, held, b"DocMDP"));
        if let Some(signature) = certifying {
            obey(document, "DocMDP", &references(document, signature)?, name)?;
        }
        for (field, signature) in self.signed()? {
            let mut rules = references(document, signature)?;
            // Its own lock binds even where the signature does not repeat it (ISO 32000-2, table 236).
            rules.extend(object::dictionary(document, field.held, b"Lock"));
            obey(document, &field.name, &rules, name)?;
        }
        Ok(())
    }
}

/// The rules that a signature makes for those after it.
fn references<'a>(document: &'a Document, signature: &'a Dictionary) -> Result<Vec<&'a Dictionary>, Error> {
    let held = object::array(document, signature, b"Reference").unwrap_or_default();
    if held.len() > REFERENCES_MAX {
        return Err(PdfError::limit(format!("a signature has more than {REFERENCES_MAX} references")).into());
    }
    let held = held.iter().filter_map(|held| object::as_dictionary(object::resolve(document, held)));
    let binding =
        held.filter(|held| matches!(object::name(document, held, b"TransformMethod"), Some(b"DocMDP" | b"FieldMDP")));
    Ok(binding.filter_map(|held| object::dictionary(document, held, b"TransformParams")).collect())
}

/// Fails when a rule does not allow a field to be signed. `P` of 1 allows no changes at all, wherever it stands; only
/// rules for fields have an `Action`.
fn obey(document: &Document, field: &str, rules: &[&Dictionary], name: &str) -> Result<(), Error> {
    for rules in rules {
        if object::integer(document, rules, b"P") == Some(1) {
            return Err(locked(field, "allows no changes at all"));
        }
        if locks(document, rules, name) {
            return Err(locked(field, &format!("locks the field `{name}`")));
        }
    }
    Ok(())
}

fn locked(field: &str, why: &str) -> Error {
    Error::Locked { why: format!("the signature in `{field}` {why}") }
}

/// Whether rules lock a field (ISO 32000-1, table 256). A name stands for all fields below it as well.
fn locks(document: &Document, rules: &Dictionary, name: &str) -> bool {
    let listed = object::array(document, rules, b"Fields").unwrap_or_default();
    let names = listed.iter().filter_map(|listed| lopdf::decode_text_string(object::resolve(document, listed)).ok());
    let mut names = names.filter(|listed| {
        name.strip_prefix(listed.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    match object::name(document, rules, b"Action") {
        Some(b"All") => true,
        Some(b"Include") => names.next().is_some(),
        Some(b"Exclude") => names.next().is_none(),
        Some(_) | None => false,
    }
}

fn full_name(document: &Document, held: &Dictionary, parent: &str) -> String {
    match object::text(document, held, b"T") {
        Some(own) if parent.is_empty() => own,
        Some(own) => format!("{parent}.{own}"),
        None => parent.to_owned(),
    }
}
