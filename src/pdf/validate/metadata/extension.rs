//! Extension schemas (parts 2 and 3: 6.6.2.3.2 and 6.6.2.3.3; part 1: 6.7.8): a packet describes the schemas that XMP
//! does not predefine, in a list of schemas, which have properties and value types, which have fields.

use std::{collections::BTreeMap, rc::Rc};

use lopdf::Document;

use super::{
    packet::{self, Packet},
    schemas::{Edition, namespace},
    types::{Own, Types},
    xmp::{Form, List, Model, Node},
};
use crate::pdf::validate::{rule::Findings, subject::Subject};

/// The schemas that a packet describes, by namespace.
#[derive(Debug, Default)]
pub(super) struct Schemas(BTreeMap<String, Schema>);

#[derive(Debug)]
struct Schema {
    types: Rc<Types>,
    /// Names of properties and their value types.
    properties: BTreeMap<String, String>,
}

impl Schemas {
    /// Reads them from the properties of a packet. What is described wrongly is left out, and breaks rules below. A schema
    /// that the packet of the catalog describes as well may name the value types that it has there.
    pub(super) fn read(model: &Model, edition: Edition, main: Option<&Self>) -> Self {
        let mut schemas = BTreeMap::new();
        let list = described(model).filter(|node| matches!(node.form, Form::List(..)));
        for schema in list.into_iter().flat_map(|list| model.held(list)) {
            let uri = model.field(schema, namespace::SCHEMA, "namespaceURI").and_then(Node::text);
            let properties = model.field(schema, namespace::SCHEMA, "property");
            let properties = properties.filter(|node| matches!(node.form, Form::List(..)));
            if let (Some(uri), Some(properties)) = (uri, properties) {
                let types = types(model, schema, edition, main);
                let properties = named(model, properties, namespace::PROPERTY, &types);
                schemas.insert(uri.to_owned(), Schema { types: Rc::new(types), properties });
            }
        }
        Self(schemas)
    }

    /// The value type of a property, and the types that its schema knows.
    pub(super) fn find(&self, uri: &str, name: &str) -> Option<(&Types, &str)> {
        let schema = self.0.get(uri)?;
        schema.properties.get(name).map(|value_type| (&*schema.types, value_type.as_str()))
    }
}

/// Names and value types of described properties; the first of a name counts, and only one of a type that is known.
fn named(model: &Model, list: &Node, namespace: &str, types: &Types) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for described in model.held(list) {
        let text = |name| model.field(described, namespace, name).and_then(Node::text).map(str::to_owned);
        if let (Some(name), Some(value_type)) = (text("name"), text("valueType"))
            && types.knows(&value_type)
        {
            found.entry(name).or_insert(value_type);
        }
    }
    found
}

/// The value types that a schema may name: those of XMP, its own, and its own in the packet of the catalog.
fn types(model: &Model, schema: &Node, edition: Edition, main: Option<&Schemas>) -> Types {
    let uri = model.field(schema, namespace::SCHEMA, "namespaceURI").and_then(Node::text);
    let elsewhere = main.zip(uri).and_then(|(main, uri)| main.0.get(uri)).map(|schema| Rc::clone(&schema.types));
    let mut types = Types::new(edition, elsewhere);
    for described in items(model, schema, namespace::SCHEMA, "valueType") {
        let text = |name| model.field(described, namespace::TYPE, name).and_then(Node::text);
        let (Some(name), Some(uri)) = (text("type"), text("namespaceURI")) else { continue };
        let mut fields = BTreeMap::new();
        for field in items(model, described, namespace::TYPE, "field") {
            let text = |name| model.field(field, namespace::FIELD, name).and_then(Node::text).map(str::to_owned);
            if let (Some(name), Some(value_type)) = (text("name"), text("valueType")) {
                fields.insert(name, value_type);
            }
        }
        let own = if fields.is_empty() { Own::Text } else { Own::Structure(uri.to_owned(), fields) };
        types.add(name, own);
    }
    types
}

/// A schema that a packet describes, with what the packet says in it as text.
#[derive(Debug)]
pub(crate) struct DescribedTexts {
    /// Its name for people.
    pub(crate) schema: String,
    /// Its namespace.
    pub(crate) namespace: String,
    /// The prefix that it is to be written with.
    pub(crate) prefix: String,
    /// What is said.
    pub(crate) properties: Vec<DescribedText>,
}

/// A described property of the value type Text, with its value.
#[derive(Debug)]
pub(crate) struct DescribedText {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) is_internal: bool,
    pub(crate) value: String,
}

/// The schemas that the packet of the catalog describes, with what it says in them as text; nothing of a packet that
/// cannot be read.
pub(crate) fn described_texts(document: &Document) -> Vec<DescribedTexts> {
    let Some(xmp) = packet::read_main(document) else { return Vec::new() };
    let model = &xmp.model;
    let texts = |node: &Node, space: &str, name: &str| model.field(node, space, name)?.text().map(str::to_owned);
    let mut said: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for property in model.properties() {
        if let Some(text) = property.text() {
            said.entry((&property.namespace, &property.name)).or_insert(text);
        }
    }
    let list = described(model).filter(|node| matches!(node.form, Form::List(..)));
    let mut found = Vec::new();
    for schema in list.into_iter().flat_map(|list| model.held(list)) {
        let field = |name| texts(schema, namespace::SCHEMA, name);
        let (Some(uri), Some(prefix)) = (field("namespaceURI"), field("prefix")) else { continue };
        let mut properties = Vec::new();
        for property in items(model, schema, namespace::SCHEMA, "property") {
            let field = |name| texts(property, namespace::PROPERTY, name);
            let name = field("name").filter(|_| field("valueType").as_deref() == Some("Text"));
            let value = name.as_ref().and_then(|name| said.get(&(uri.as_str(), name.as_str())));
            if let (Some(value), Some(name)) = (value.map(|value| (*value).to_owned()), name) {
                let is_internal = field("category").as_deref() == Some("internal");
                let description = field("description").unwrap_or_default();
                properties.push(DescribedText { name, description, is_internal, value });
            }
        }
        let schema = field("schema").unwrap_or_default();
        found.push(DescribedTexts { schema, namespace: uri, prefix, properties });
    }
    found
}

fn described(model: &Model) -> Option<&Node> {
    model.property(namespace::EXTENSION, "schemas")
}

/// The items of a list that is a field.
fn items<'m>(model: &'m Model, node: &'m Node, namespace: &str, name: &str) -> impl Iterator<Item = &'m Node> {
    let list = model.field(node, namespace, name).filter(|field| matches!(field.form, Form::List(..)));
    list.into_iter().flat_map(|list| model.held(list))
}

/// What a field of a description holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Text,
    /// The name of a value type.
    Type,
    /// `internal` or `external`.
    Category,
    /// A list in order.
    Seq,
}

/// What a description consists of.
#[derive(Debug)]
struct Shape {
    what: &'static str,
    namespace: &'static str,
    /// The prefix that its fields must be written with.
    prefix: &'static str,
    /// Names and values of its fields. Lists may be missing, all others may not.
    fields: &'static [(&'static str, Value)],
}

const SCHEMA: Shape = Shape {
    what: "schema",
    namespace: namespace::SCHEMA,
    prefix: "pdfaSchema",
    fields: &[
        ("schema", Value::Text),
        ("namespaceURI", Value::Text),
        ("prefix", Value::Text),
        ("property", Value::Seq),
        ("valueType", Value::Seq),
    ],
};

const PROPERTY: Shape = Shape {
    what: "property",
    namespace: namespace::PROPERTY,
    prefix: "pdfaProperty",
    fields: &[
        ("name", Value::Text),
        ("valueType", Value::Type),
        ("category", Value::Category),
        ("description", Value::Text),
    ],
};

const VALUE_TYPE: Shape = Shape {
    what: "value type",
    namespace: namespace::TYPE,
    prefix: "pdfaType",
    fields: &[
        ("type", Value::Text),
        ("namespaceURI", Value::Text),
        ("prefix", Value::Text),
        ("description", Value::Text),
        ("field", Value::Seq),
    ],
};

const FIELD: Shape = Shape {
    what: "field",
    namespace: namespace::FIELD,
    prefix: "pdfaField",
    fields: &[("name", Value::Text), ("valueType", Value::Type), ("description", Value::Text)],
};

/// The schemas are a list without order, under the prefix `pdfaExtension` (6.6.2.3.3 of part 2).
pub(super) fn container(subject: &Subject<'_>, findings: &mut Findings) {
    for packet in subject.packets().all() {
        let Some(container) = packet.xmp.as_ref().ok().and_then(|xmp| described(&xmp.model)) else { continue };
        let is_bag = matches!(container.form, Form::List(List::Bag, _));
        findings.add_if(!is_bag, packet.id, || format!("{} is no rdf:Bag.", container.written()));
        findings.add_if(container.prefix.as_deref() != Some("pdfaExtension"), packet.id, || {
            format!("The extension schemas are written as {}.", container.written())
        });
    }
}

/// Descriptions have no fields but those that PDF/A defines (6.6.2.3.2 of part 2).
pub(super) fn unknown_fields(subject: &Subject<'_>, findings: &mut Findings) {
    each(subject, |packet, model, shape, node, _| {
        for field in model.held(node) {
            let is_known = shape.fields.iter().any(|(name, _)| field.is(shape.namespace, name));
            findings.add_if(!is_known, packet.id, || {
                format!("The description of a {} has a field {}.", shape.what, field.written())
            });
        }
    });
}

/// A schema has its name, namespace and prefix as texts, and what it has of properties and value types as lists in
/// order (6.6.2.3.3 of part 2).
pub(super) fn schema(subject: &Subject<'_>, findings: &mut Findings) {
    check(subject, findings, &SCHEMA);
}

/// A property has a name, a value type that is known, a category, and a description (6.6.2.3.3 of part 2).
pub(super) fn property(subject: &Subject<'_>, findings: &mut Findings) {
    check(subject, findings, &PROPERTY);
}

/// A value type has a name, a namespace, a prefix, a description, and what it has of fields as a list in order
/// (6.6.2.3.3 of part 2).
pub(super) fn value_type(subject: &Subject<'_>, findings: &mut Findings) {
    check(subject, findings, &VALUE_TYPE);
}

/// A field has a name, a value type that is known, and a description (6.6.2.3.3 of part 2).
pub(super) fn field(subject: &Subject<'_>, findings: &mut Findings) {
    check(subject, findings, &FIELD);
}

fn check(subject: &Subject<'_>, findings: &mut Findings, wanted: &Shape) {
    each(subject, |packet, model, shape, node, types| {
        if shape.namespace != wanted.namespace {
            return;
        }
        for (name, value) in shape.fields {
            if let Some(fault) = fault(model.field(node, shape.namespace, name), *value, shape.prefix, types) {
                findings.add(packet.id, || format!("{}:{name} of an extension {} {fault}.", shape.prefix, shape.what));
            }
        }
    });
}

/// What is wrong with a field.
fn fault(field: Option<&Node>, value: Value, prefix: &str, types: &Types) -> Option<String> {
    let Some(field) = field else { return (value != Value::Seq).then(|| "is missing".to_owned()) };
    if field.prefix.as_deref() != Some(prefix) {
        return Some(format!("is written as {}", field.written()));
    }
    if value == Value::Seq {
        return (!matches!(field.form, Form::List(List::Seq, _))).then(|| "is no rdf:Seq".to_owned());
    }
    let Some(text) = field.text() else { return Some("is no text".to_owned()) };
    match value {
        Value::Type if !types.knows(text) => Some(format!("names a value type that is not known, \"{text}\"")),
        Value::Category if !matches!(text, "internal" | "external") => {
            Some(format!("is \"{text}\", neither \"internal\" nor \"external\""))
        }
        Value::Type | Value::Category | Value::Text | Value::Seq => None,
    }
}

/// Visits every description: of schemas, their properties, their value types, and the fields of these.
fn each(subject: &Subject<'_>, mut visit: impl FnMut(&Packet, &Model, &Shape, &Node, &Types)) {
    let edition = Edition::of(subject.flavour.part());
    let main = subject.packets().main().map(|main| &main.schemas);
    for packet in subject.packets().all() {
        let Ok(xmp) = &packet.xmp else { continue };
        let (model, main) = (&xmp.model, main.filter(|_| !packet.is_main));
        let list = described(model).filter(|node| matches!(node.form, Form::List(..)));
        for schema in list.into_iter().flat_map(|list| model.held(list)) {
            let types = types(model, schema, edition, main);
            let mut visit = |shape: &Shape, node: &Node| visit(packet, model, shape, node, &types);
            visit(&SCHEMA, schema);
            items(model, schema, namespace::SCHEMA, "property").for_each(|property| visit(&PROPERTY, property));
            for value_type in items(model, schema, namespace::SCHEMA, "valueType") {
                visit(&VALUE_TYPE, value_type);
                items(model, value_type, namespace::TYPE, "field").for_each(|field| visit(&FIELD, field));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::pdf::validate::{
        Flavour,
        metadata::testing::{breaks, description, packet},
    };

    const DESCRIBED: &str = r#"<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
        <pdfaSchema:schema>Own</pdfaSchema:schema><pdfaSchema:namespaceURI>urn:own/</pdfaSchema:namespaceURI>
        <pdfaSchema:prefix>own</pdfaSchema:prefix>
        <pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
          <pdfaProperty:name>size</pdfaProperty:name><pdfaProperty:valueType>Seq Box</pdfaProperty:valueType>
          <pdfaProperty:category>external</pdfaProperty:category>
          <pdfaProperty:description>how large</pdfaProperty:description>
        </rdf:li></rdf:Seq></pdfaSchema:property>
        <pdfaSchema:valueType><rdf:Seq><rdf:li rdf:parseType="Resource">
          <pdfaType:type>Box</pdfaType:type><pdfaType:namespaceURI>urn:part/</pdfaType:namespaceURI>
          <pdfaType:prefix>part</pdfaType:prefix><pdfaType:description>a box</pdfaType:description>
          <pdfaType:field><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaField:name>w</pdfaField:name>
            <pdfaField:valueType>closed Choice of Integer</pdfaField:valueType>
            <pdfaField:description>width</pdfaField:description></rdf:li></rdf:Seq></pdfaType:field>
        </rdf:li></rdf:Seq></pdfaSchema:valueType>
        </rdf:li></rdf:Bag></pdfaExtension:schemas>
        <own:size><rdf:Seq><rdf:li part:w="12"/></rdf:Seq></own:size>"#;

    const RULES: [&str; 8] = [
        "xmp-property-defined",
        "xmp-property-type",
        "extension-container",
        "extension-unknown-fields",
        "extension-schema",
        "extension-property",
        "extension-value-type",
        "extension-field",
    ];

    fn broken(xmp: &str) -> Vec<&'static str> {
        let text = packet(&description(xmp));
        RULES.into_iter().filter(|rule| breaks(rule, Flavour::A2B, &text)).collect()
    }

    #[test]
    fn a_schema_that_is_described_may_be_used() {
        assert_eq!(broken(DESCRIBED), Vec::<&str>::new());
    }

    #[test]
    fn a_description_that_is_wrong_is_refused() {
        let cases = [
            ("rdf:Bag>", "rdf:Alt>", "extension-container"),
            ("<pdfaSchema:schema>Own</pdfaSchema:schema>", "", "extension-schema"),
            (
                "<pdfaSchema:prefix>own</pdfaSchema:prefix>",
                "<pdfaSchema:prefix rdf:parseType=\"Resource\"/>",
                "extension-schema",
            ),
            ("pdfaSchema:prefix>", "pdfaSchema:suffix>", "extension-unknown-fields"),
            ("external", "public", "extension-property"),
            ("Seq Box", "Seq Cube", "extension-property"),
            ("<pdfaProperty:description>how large</pdfaProperty:description>", "", "extension-property"),
            ("<pdfaType:prefix>part</pdfaType:prefix>", "", "extension-value-type"),
            ("Choice of Integer", "Choice of Number", "extension-field"),
            ("pdfaField:description>", "own:description>", "extension-field"),
            ("part:w=\"12\"", "part:w=\"wide\"", "xmp-property-type"),
            ("part:w=\"12\"", "part:h=\"12\"", "xmp-property-type"),
            ("own:size>", "own:weight>", "xmp-property-defined"),
        ];
        for (from, to, rule) in cases {
            let changed = DESCRIBED.replace(from, to);
            assert_ne!(changed, DESCRIBED, "{from}");
            assert!(broken(&changed).contains(&rule), "{from} as {to}: {:?}", broken(&changed));
        }
    }
}
