//! The properties and value types that XMP predefines, as tables: name and value type, in the spelling of the XMP
//! specification. Part 1 refers to its edition of January 2004, parts 2 and 3 to that of September 2005.
//!
//! A value that the specification calls a closed choice is checked for its type alone, as validators commonly do.

mod documents;
mod media;
mod pictures;
mod structures;

use crate::pdf::validate::Part;

/// The namespaces that rules name.
pub(super) mod namespace {
    /// Dublin Core.
    pub(in crate::pdf::validate::metadata) const DC: &str = "http://purl.org/dc/elements/1.1/";
    /// XMP Basic.
    pub(in crate::pdf::validate::metadata) const XMP: &str = "http://ns.adobe.com/xap/1.0/";
    /// Adobe PDF.
    pub(in crate::pdf::validate::metadata) const PDF: &str = "http://ns.adobe.com/pdf/1.3/";
    /// The identification of PDF/A.
    pub(in crate::pdf::validate::metadata) const PDFA_ID: &str = "http://www.aiim.org/pdfa/ns/id/";
    /// The container of extension schemas.
    pub(in crate::pdf::validate::metadata) const EXTENSION: &str = "http://www.aiim.org/pdfa/ns/extension/";
    /// The fields of a description of a schema.
    pub(in crate::pdf::validate::metadata) const SCHEMA: &str = "http://www.aiim.org/pdfa/ns/schema#";
    /// The fields of a description of a property.
    pub(in crate::pdf::validate::metadata) const PROPERTY: &str = "http://www.aiim.org/pdfa/ns/property#";
    /// The fields of a description of a value type.
    pub(in crate::pdf::validate::metadata) const TYPE: &str = "http://www.aiim.org/pdfa/ns/type#";
    /// The fields of a description of a field.
    pub(in crate::pdf::validate::metadata) const FIELD: &str = "http://www.aiim.org/pdfa/ns/field#";
}

/// The editions of the XMP specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edition {
    /// January 2004.
    Of2004,
    /// September 2005.
    Of2005,
}

impl Edition {
    /// The edition that a part refers to. Part 4 refers to a later one, but checks no properties.
    pub(super) const fn of(part: Part) -> Self {
        match part {
            Part::One => Self::Of2004,
            Part::Two | Part::Three | Part::Four => Self::Of2005,
        }
    }
}

/// Properties of one namespace, or fields of one structure, each with its value type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    /// The namespace of the names.
    namespace: &'static str,
    /// The only edition that has them; `None` for all.
    only: Option<Edition>,
    /// Names and value types.
    rows: &'static [(&'static str, &'static str)],
}

impl Table {
    /// Names that all editions have.
    const fn all(namespace: &'static str, rows: &'static [(&'static str, &'static str)]) -> Self {
        Self { namespace, only: None, rows }
    }

    /// Names that one edition has.
    const fn only(edition: Edition, namespace: &'static str, rows: &'static [(&'static str, &'static str)]) -> Self {
        Self { namespace, only: Some(edition), rows }
    }

    fn holds_in(&self, edition: Edition) -> bool {
        self.only.is_none_or(|only| only == edition)
    }

    fn find(&self, namespace: &str, name: &str) -> Option<&'static str> {
        if self.namespace != namespace {
            return None;
        }
        self.rows.iter().find(|(row, _)| *row == name).map(|(_, value_type)| *value_type)
    }
}

/// A structured value type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Structure {
    /// Its name, in small letters.
    name: &'static str,
    fields: Table,
}

impl Structure {
    /// The value type of a field.
    pub(super) fn field(&self, namespace: &str, name: &str) -> Option<&'static str> {
        self.fields.find(namespace, name)
    }
}

/// The value type of a predefined property.
pub(super) fn property(edition: Edition, namespace: &str, name: &str) -> Option<&'static str> {
    [documents::TABLES, media::TABLES, pictures::TABLES]
        .into_iter()
        .flatten()
        .filter(|table| table.holds_in(edition))
        .find_map(|table| table.find(namespace, name))
}

/// A predefined structured value type, by its name in small letters.
pub(super) fn structure(edition: Edition, name: &str) -> Option<&'static Structure> {
    structures::STRUCTURES.iter().find(|structure| structure.name == name && structure.fields.holds_in(edition))
}
