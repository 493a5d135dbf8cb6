//! Properties of schemas that XMP does not predefine. PDF/A wants each described in the packet (ISO 19005-2, 6.6.2.3).

use std::collections::BTreeSet;

use lopdf::Document;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::description::clean;
use crate::{
    domain::limits,
    pdf::{attach, validate},
};

/// Most schemas of one document. Real ones have two.
const SCHEMAS_MAX: usize = 32;

/// Most properties of one schema. Real ones have ten.
const PROPERTIES_MAX: usize = 256;

/// Most characters of a name, a prefix or a namespace.
const NAME_CHARS_MAX: usize = 256;

/// Namespaces that the packet itself is made of.
const OWN_NAMESPACES: [&str; 14] = [
    "adobe:ns:meta/",
    "http://ns.adobe.com/pdf/1.3/",
    "http://ns.adobe.com/xap/1.0/",
    "http://ns.adobe.com/xap/1.0/rights/",
    "http://purl.org/dc/elements/1.1/",
    "http://www.aiim.org/pdfa/ns/extension/",
    "http://www.aiim.org/pdfa/ns/field#",
    "http://www.aiim.org/pdfa/ns/id/",
    "http://www.aiim.org/pdfa/ns/property#",
    "http://www.aiim.org/pdfa/ns/schema#",
    "http://www.aiim.org/pdfa/ns/type#",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://www.w3.org/2000/xmlns/",
    "http://www.w3.org/XML/1998/namespace",
];

/// Prefixes that always mean these.
const OWN_PREFIXES: [&str; 13] = [
    "dc",
    "pdf",
    "pdfaExtension",
    "pdfaField",
    "pdfaProperty",
    "pdfaSchema",
    "pdfaType",
    "pdfaid",
    "rdf",
    "x",
    "xml",
    "xmp",
    "xmpRights",
];

/// The property by which schemas of invoices and their like name a file of the document.
const FILE_NAME: &str = "DocumentFileName";

/// Says why a schema or a property cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// It is no namespace, or one that has its own way into the metadata.
    #[error("`{0}` cannot be the namespace of a custom schema")]
    Namespace(String),
    /// It is no prefix, or one that has a meaning.
    #[error("`{0}` cannot be the prefix of a custom schema")]
    Prefix(String),
    /// It is no name of XML.
    #[error("`{0}` cannot be the name of a property")]
    Name(String),
    /// There are too many properties.
    #[error("a custom schema has more than {PROPERTIES_MAX} properties")]
    Properties,
}

/// Who says what a property says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Category {
    /// The program that writes the file.
    Internal,
    /// People, or other programs.
    #[default]
    External,
}

/// A schema of its own with what is said in it, all of it texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) prefix: String,
    pub(super) properties: Vec<Property>,
}

/// A property of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) category: Category,
    pub(super) value: String,
}

impl Schema {
    /// A schema that says nothing yet; `name` is for people.
    ///
    /// # Errors
    /// When the namespace or the prefix is not free, or not one.
    pub fn new(name: &str, namespace: &str, prefix: &str) -> Result<Self, SchemaError> {
        let is_namespace = !namespace.is_empty()
            && namespace.chars().count() <= NAME_CHARS_MAX
            && namespace.chars().all(|each| each.is_ascii_graphic() && !"\"<>\\^`{|}".contains(each));
        if !is_namespace || OWN_NAMESPACES.contains(&namespace) {
            return Err(SchemaError::Namespace(namespace.to_owned()));
        }
        let is_reserved = prefix.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("xml"));
        if !is_name(prefix) || is_reserved || OWN_PREFIXES.contains(&prefix) {
            return Err(SchemaError::Prefix(prefix.to_owned()));
        }
        let (namespace, prefix) = (namespace.to_owned(), prefix.to_owned());
        Ok(Self { name: shown(name, &prefix), namespace, prefix, properties: Vec::new() })
    }

    /// Says a property. One that was said before is replaced; an empty value takes it away.
    ///
    /// # Errors
    /// When the name is none, or there are too many properties.
    pub fn say(&mut self, name: &str, description: &str, category: Category, value: &str) -> Result<(), SchemaError> {
        if !is_name(name) {
            return Err(SchemaError::Name(name.to_owned()));
        }
        let value = clean(value);
        self.properties.retain(|property| property.name != name);
        if value.is_empty() {
            return Ok(());
        }
        if self.properties.len() == PROPERTIES_MAX {
            return Err(SchemaError::Properties);
        }
        let (name, description) = (name.to_owned(), shown(description, name));
        self.properties.push(Property { name, description, category, value });
        Ok(())
    }

    /// Says in this one what another of the same namespace says.
    ///
    /// # Errors
    /// When that makes too many properties.
    pub fn take(&mut self, other: &Self) -> Result<(), SchemaError> {
        other.properties.iter().try_for_each(|said| self.say(&said.name, &said.description, said.category, &said.value))
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// What a property says.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|property| property.name == name).map(|property| property.value.as_str())
    }
}

/// A text for people, or what stands for it when there is none.
fn shown(text: &str, otherwise: &str) -> String {
    let text: String = clean(text).chars().take(limits::NAME_CHARS_MAX).collect();
    if text.is_empty() { otherwise.to_owned() } else { text }
}

/// Whether it is a name of XML without a colon. Those of ASCII alone are read alike by all readers.
fn is_name(text: &str) -> bool {
    text.len() <= NAME_CHARS_MAX
        && text.starts_with(|each: char| each.is_ascii_alphabetic() || each == '_')
        && text.chars().all(|each| each.is_ascii_alphanumeric() || matches!(each, '_' | '-' | '.'))
}

/// The schemas that the metadata of a document describe, with what is said in them as text. A schema that names a file by
/// `DocumentFileName`, as those of invoices do, is left out when the document does not have that file.
pub fn schemas(document: &Document) -> Vec<Schema> {
    let mut found: Vec<Schema> = Vec::new();
    for described in validate::described_texts(document) {
        let known = found.iter().position(|schema| schema.namespace == described.namespace);
        let schema = match known {
            Some(index) => found.get_mut(index),
            None if found.len() < SCHEMAS_MAX => {
                let schema = Schema::new(&described.schema, &described.namespace, &described.prefix);
                found.extend(schema);
                found.last_mut().filter(|schema| schema.namespace == described.namespace)
            }
            None => None,
        };
        let Some(schema) = schema else { continue };
        for text in described.properties {
            let category = if text.is_internal { Category::Internal } else { Category::External };
            // What cannot be written again is what nothing but a broken description says.
            let said = schema.say(&text.name, &text.description, category, &text.value);
            if matches!(said, Err(SchemaError::Properties)) {
                break;
            }
        }
    }
    if found.iter().any(|schema| schema.value(FILE_NAME).is_some()) {
        let files: BTreeSet<String> =
            attach::list(document).unwrap_or_default().into_iter().map(|file| file.name).collect();
        found.retain(|schema| schema.value(FILE_NAME).is_none_or(|name| files.contains(name)));
    }
    found.retain(|schema| !schema.properties.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_or_the_packet_cannot_hold_is_refused() {
        for namespace in ["", "a b", "urn:<x>", "http://purl.org/dc/elements/1.1/"] {
            assert_eq!(Schema::new("N", namespace, "own"), Err(SchemaError::Namespace(namespace.to_owned())));
        }
        for prefix in ["", "1a", "a:b", "ä", "xmlfoo", "XMLx", "dc", "pdfaid"] {
            assert_eq!(Schema::new("N", "urn:own", prefix), Err(SchemaError::Prefix(prefix.to_owned())));
        }
        let mut schema = Schema::new("", "urn:own", "own").unwrap();
        for name in ["", "a b", "-a", "a:b", "ä"] {
            assert_eq!(schema.say(name, "", Category::External, "x"), Err(SchemaError::Name(name.to_owned())));
        }
    }

    #[test]
    fn the_last_word_on_a_property_counts() {
        let mut schema = Schema::new("", "urn:own", "own").unwrap();
        for value in ["one", "two\u{0}\nlines"] {
            schema.say("note", "", Category::External, value).unwrap();
        }
        assert_eq!((schema.value("note"), schema.properties.len()), (Some("two lines"), 1));
        schema.say("note", "", Category::External, " ").unwrap();
        assert_eq!(schema.value("note"), None);
    }

    #[test]
    fn there_are_only_so_many_properties() {
        let mut schema = Schema::new("", "urn:own", "own").unwrap();
        for index in 0..PROPERTIES_MAX {
            schema.say(&format!("p{index}"), "", Category::External, "x").unwrap();
        }
        assert_eq!(schema.say("more", "", Category::External, "x"), Err(SchemaError::Properties));
        assert_eq!(schema.say("p0", "", Category::External, "y"), Ok(()));
    }
}
