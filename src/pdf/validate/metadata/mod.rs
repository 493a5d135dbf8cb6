//! Metadata (parts 2 and 3: 6.6; part 1: 6.7; part 4: 6.7): packets of XMP, and what they say.
//!
//! ```text
//! streams ─► [`packet`] decoded, read by [`xmp`] ─► properties ─┬─► [`properties`]: defined? of the right [`types`]?
//!            with the schemas that it describes ([`extension`]) ├─► [`identification`]: which flavour is claimed?
//!                                                               └─► [`information`]: does `Info` say the same?
//! ```
//!
//! What XMP predefines stands in tables in [`schemas`]. Part 4 asks only for packets that are well-formed and identify
//! the file. Which actions made a file (`xmpMM:History`) is for its maker to say; no rule here asks for it.

mod dates;
mod extension;
mod identification;
mod information;
mod packet;
mod properties;
mod schemas;
mod streams;
#[cfg(test)]
mod testing;
mod types;
mod xmp;

pub(crate) use extension::described_texts;
pub(super) use identification::claim;
pub(super) use packet::Packets;

use super::{
    Part,
    rule::{Clauses, Rule, Scope},
};

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "metadata-present",
        clauses: Clauses::all("6.7.2", "6.6.2.1", "6.7.2.1"),
        scope: Scope::Every,
        remedy: "Add a metadata stream with XMP to the catalog.",
        check: streams::present,
    },
    Rule {
        name: "metadata-unfiltered",
        clauses: Clauses::only(Part::One, "6.7.2"),
        scope: Scope::Every,
        remedy: "Store the metadata stream without any filter.",
        check: streams::unfiltered,
    },
    Rule {
        name: "xmp-header",
        clauses: Clauses::all("6.7.5", "6.6.2.1", "6.7.2.1"),
        scope: Scope::Every,
        remedy: "Remove the attributes bytes and encoding from the header of the XMP packet.",
        check: streams::header,
    },
    Rule {
        name: "xmp-well-formed",
        clauses: Clauses::all("6.7.9", "6.6.2.1", "6.7.2.1"),
        scope: Scope::Every,
        remedy: "Have the XMP written anew by a tool that follows the XMP specification.",
        check: streams::well_formed,
    },
    Rule {
        name: "xmp-utf-8",
        clauses: Clauses::from_two("6.6.2.1", "6.7.2.1"),
        scope: Scope::Every,
        remedy: "Write the XMP packet in UTF-8.",
        check: streams::utf_8,
    },
    Rule {
        name: "xmp-property-defined",
        clauses: Clauses::to_three("6.7.9", "6.6.2.3.1"),
        scope: Scope::Every,
        remedy: "Remove the property, or describe it in a PDF/A extension schema.",
        check: properties::defined,
    },
    Rule {
        name: "xmp-property-type",
        clauses: Clauses::to_three("6.7.9", "6.6.2.3.1"),
        scope: Scope::Every,
        remedy: "Write the property as its schema defines it.",
        check: properties::typed,
    },
    Rule {
        name: "extension-container",
        clauses: Clauses::to_three("6.7.8", "6.6.2.3.3"),
        scope: Scope::Every,
        remedy: "Write the extension schemas as an rdf:Bag in pdfaExtension:schemas.",
        check: extension::container,
    },
    Rule {
        name: "extension-unknown-fields",
        clauses: Clauses::to_three("6.7.8", "6.6.2.3.2"),
        scope: Scope::Every,
        remedy: "Describe extension schemas with the fields that PDF/A defines, and no others.",
        check: extension::unknown_fields,
    },
    Rule {
        name: "extension-schema",
        clauses: Clauses::to_three("6.7.8", "6.6.2.3.3"),
        scope: Scope::Every,
        remedy: "Give the extension schema its name, namespace and prefix, and its properties as an rdf:Seq.",
        check: extension::schema,
    },
    Rule {
        name: "extension-property",
        clauses: Clauses::to_three("6.7.8", "6.6.2.3.3"),
        scope: Scope::Every,
        remedy: "Describe the property with its name, value type, category and description.",
        check: extension::property,
    },
    Rule {
        name: "extension-value-type",
        clauses: Clauses::to_three("6.7.8", "6.6.2.3.3"),
        scope: Scope::Every,
        remedy: "Describe the value type with its name, namespace, prefix and description, and its fields as an rdf:Seq.",
        check: extension::value_type,
    },
    Rule {
        name: "extension-field",
        clauses: Clauses::to_three("6.7.8", "6.6.2.3.3"),
        scope: Scope::Every,
        remedy: "Describe the field with its name, value type and description.",
        check: extension::field,
    },
    Rule {
        name: "identification-present",
        clauses: Clauses::all("6.7.11", "6.6.4", "6.7.3"),
        scope: Scope::Every,
        remedy: "Say in the XMP, by the PDF/A identification schema, what the file conforms to.",
        check: identification::present,
    },
    Rule {
        name: "identification-part",
        clauses: Clauses::all("6.7.11", "6.6.4", "6.7.3"),
        scope: Scope::Every,
        remedy: "Set pdfaid:part to the number of the part of ISO 19005.",
        check: identification::part,
    },
    Rule {
        name: "identification-conformance",
        clauses: Clauses::all("6.7.11", "6.6.4", "6.7.3"),
        scope: Scope::Every,
        remedy: "Set pdfaid:conformance to the letter of the level; plain PDF/A-4 has none.",
        check: identification::conformance,
    },
    Rule {
        name: "identification-prefix",
        clauses: Clauses::all("6.7.11", "6.6.4", "6.7.3"),
        scope: Scope::Every,
        remedy: "Write the identification with the prefix pdfaid.",
        check: identification::prefix,
    },
    Rule {
        name: "identification-revision",
        clauses: Clauses::only(Part::Four, "6.7.3"),
        scope: Scope::Every,
        remedy: "Set pdfaid:rev to the year of the standard, 2020.",
        check: identification::revision,
    },
    information("info-title", information::title),
    information("info-author", information::author),
    information("info-subject", information::subject),
    information("info-keywords", information::keywords),
    information("info-creator", information::creator),
    information("info-producer", information::producer),
    information("info-creation-date", information::creation_date),
    information("info-modification-date", information::modification_date),
];

/// A rule that holds an entry of `Info` against its property.
const fn information(name: &'static str, check: fn(&super::subject::Subject<'_>, &mut super::rule::Findings)) -> Rule {
    Rule {
        name,
        clauses: Clauses::only(Part::One, "6.7.3"),
        scope: Scope::Every,
        remedy: "Make the document information dictionary and the XMP say the same, or remove the entry.",
        check,
    }
}
