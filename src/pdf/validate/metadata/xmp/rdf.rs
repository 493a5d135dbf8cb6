//! From a tree of XML to properties, by the syntax of RDF/XML as XMP restricts it (ISO 16684-1, 7 and annex C).
//!
//! Works on a list of what is still to be read, from the outside in; nothing recurses.

use std::{collections::HashSet, rc::Rc};

use super::model::{Form, List, Model, Node, NodeId};
use crate::pdf::xml::{Attribute, Child, Element, ElementId, Name, Tree};

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const DUBLIN_CORE: &str = "http://purl.org/dc/elements/1.1/";

/// A namespace under which early writers put Dublin Core.
const DUBLIN_CORE_EARLY: &str = "http://purl.org/dc/1.1/";

/// Most attributes of an element that stands for something else than the short form of a structure.
const ATTRIBUTES_MAX: usize = 3;

/// The element that holds the properties: the first `rdf:RDF`.
pub(super) fn root(tree: &Tree) -> Option<ElementId> {
    tree.elements().find(|(_, element)| element.name.is(RDF, "RDF")).map(|(id, _)| id)
}

/// Reads the properties in an `rdf:RDF` element.
///
/// # Errors
/// A part of a sentence that says what is against the syntax.
pub(super) fn read(tree: &Tree, root: ElementId) -> Result<Model, String> {
    let mut reader = Reader { tree, model: Model::default(), names: HashSet::new(), open: Vec::new(), about: None };
    let Some(element) = tree.get(root) else { return Ok(reader.model) };
    for child in significant(element) {
        let description = reader.element(child, "rdf:RDF")?;
        if !description.name.is(RDF, "Description") {
            return Err(format!("{} stands where only rdf:Description may", written(&description.name)));
        }
        reader.description(description, Owner::Packet)?;
    }
    while let Some((element, node)) = reader.open.pop() {
        reader.fill(element, node)?;
    }
    Ok(reader.model)
}

/// What a property is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Owner {
    /// The packet.
    Packet,
    /// A structure or list.
    Node(NodeId),
    /// A value, which it qualifies. Qualifiers say nothing that is checked, but their syntax is.
    Value(NodeId),
}

struct Reader<'a> {
    tree: &'a Tree,
    model: Model,
    /// The names that were given in each owner: none may stand twice.
    names: HashSet<(Owner, Rc<str>, String)>,
    /// Elements whose content is still to be read into a node.
    open: Vec<(&'a Element, NodeId)>,
    /// What the packet is about.
    about: Option<String>,
}

impl<'a> Reader<'a> {
    fn element(&self, child: &Child, around: &str) -> Result<&'a Element, String> {
        match child {
            Child::Element(id) => self.tree.get(*id).ok_or_else(|| "an element is lost".to_owned()),
            Child::Text(_) | Child::Section(_) | Child::Other => {
                Err(format!("{around} holds text where only elements may stand"))
            }
        }
    }

    /// Reads the attributes and the elements of a description or typed node into its owner.
    fn description(&mut self, element: &'a Element, owner: Owner) -> Result<(), String> {
        let mut identities = 0;
        for attribute in &element.attributes {
            match Term::of(&attribute.name, Some(&element.name)) {
                Term::Id | Term::NodeId => identities += 1,
                Term::About => {
                    identities += 1;
                    self.about(owner, &attribute.value)?;
                }
                Term::Value => {}
                Term::Property => self.attribute(attribute, owner)?,
                Term::Description
                | Term::Item
                | Term::Datatype
                | Term::ParseType
                | Term::Resource
                | Term::Forbidden => {
                    return Err(format!("the attribute {} may not stand there", written(&attribute.name)));
                }
            }
            if identities > 1 {
                return Err(format!("{} has more than one of rdf:about, rdf:ID, rdf:nodeID", written(&element.name)));
            }
        }
        let value_attributes = element.attributes.iter().filter(|attribute| attribute.name.is(RDF, "value"));
        for attribute in value_attributes {
            self.value(owner, Form::Text(attribute.value.clone()))?;
        }
        self.elements(element, owner)
    }

    /// All descriptions of a packet are about the same.
    fn about(&mut self, owner: Owner, value: &str) -> Result<(), String> {
        if owner != Owner::Packet || value.is_empty() {
            return Ok(());
        }
        match &self.about {
            Some(about) if about != value => Err(format!("descriptions are about \"{about}\" and about \"{value}\"")),
            Some(_) => Ok(()),
            None => {
                self.about = Some(value.to_owned());
                Ok(())
            }
        }
    }

    /// Reads the property elements in an element into their owner.
    fn elements(&mut self, element: &'a Element, owner: Owner) -> Result<(), String> {
        let mut children = Vec::new();
        for child in significant(element) {
            children.push(self.element(child, &written(&element.name))?);
        }
        let value = children.iter().find(|child| child.name.is(RDF, "value")).copied();
        let owner = match (value, owner) {
            (Some(value), Owner::Node(node)) => {
                self.value(owner, Form::Text(String::new()))?;
                self.open.push((value, node));
                Owner::Value(node)
            }
            (Some(_), Owner::Packet | Owner::Value(_)) => return Err("rdf:value stands outside of a value".to_owned()),
            (None, owner) => owner,
        };
        let mut values = 0;
        for child in children {
            if child.name.is(RDF, "value") {
                values += 1;
            } else {
                self.property(child, owner)?;
            }
        }
        if values > 1 { Err("rdf:value stands twice".to_owned()) } else { Ok(()) }
    }

    /// Makes a structure the value that its `rdf:value` is.
    fn value(&mut self, owner: Owner, form: Form) -> Result<(), String> {
        let node = if let Owner::Node(node) = owner { self.model.get_mut(node) } else { None };
        match node {
            Some(node) if matches!(node.form, Form::Structure(_)) => {
                node.form = form;
                Ok(())
            }
            Some(_) | None => Err("rdf:value stands outside of a value".to_owned()),
        }
    }

    fn attribute(&mut self, attribute: &Attribute, owner: Owner) -> Result<(), String> {
        self.node(&attribute.name, owner, Form::Text(attribute.value.clone())).map(drop)
    }

    /// Notes a property element, the content of which is read later.
    fn property(&mut self, element: &'a Element, owner: Owner) -> Result<(), String> {
        match Term::of(&element.name, None) {
            Term::Item if !matches!(owner, Owner::Node(node) if self.is_list(node)) => {
                return Err("rdf:li stands outside of a list".to_owned());
            }
            Term::Item | Term::Value | Term::Property => {}
            Term::About | Term::Id | Term::NodeId | Term::Datatype | Term::ParseType | Term::Resource => {
                return Err(format!("{} is no name of a property", written(&element.name)));
            }
            Term::Description | Term::Forbidden => {
                return Err(format!("{} is no name of a property", written(&element.name)));
            }
        }
        let node = self.node(&element.name, owner, Form::Text(String::new()))?;
        self.open.push((element, node));
        Ok(())
    }

    fn is_list(&self, node: NodeId) -> bool {
        self.model.get(node).is_some_and(|node| matches!(node.form, Form::List(..)))
    }

    /// Adds a node to its owner.
    fn node(&mut self, name: &Name, owner: Owner, form: Form) -> Result<NodeId, String> {
        let Some(namespace) = &name.namespace else {
            return Err(format!("{} belongs to no namespace", written(name)));
        };
        let is_early = &**namespace == DUBLIN_CORE_EARLY;
        let namespace = if is_early { Rc::from(DUBLIN_CORE) } else { Rc::clone(namespace) };
        let is_item = name.is(RDF, "li");
        if !is_item && !self.names.insert((owner, Rc::clone(&namespace), name.local.clone())) {
            return Err(format!("{} stands twice in the same place", written(name)));
        }
        let (prefix, name) = (name.prefix.clone(), name.local.clone());
        let id = self.model.add(Node { namespace, prefix, name, language: None, form });
        match owner {
            Owner::Packet => self.model.add_property(id),
            Owner::Value(_) => {}
            Owner::Node(node) => match self.model.get_mut(node).map(|node| &mut node.form) {
                Some(Form::Structure(held) | Form::List(_, held)) => held.push(id),
                Some(Form::Text(_)) | None => {}
            },
        }
        Ok(id)
    }

    fn set_form(&mut self, node: NodeId, form: Form) {
        if let Some(node) = self.model.get_mut(node) {
            node.form = form;
        }
    }

    /// Reads the content of a property element into its node.
    fn fill(&mut self, element: &'a Element, node: NodeId) -> Result<(), String> {
        self.language(element, node)?;
        let terms =
            || element.attributes.iter().map(|attribute| (Term::of(&attribute.name, Some(&element.name)), attribute));
        let others = terms().filter(|(term, attribute)| *term != Term::Id && !attribute.name.is(XML, "lang")).count();
        let parse = terms().find(|(term, _)| *term == Term::ParseType).map(|(_, attribute)| attribute.value.as_str());
        if element.attributes.len() <= ATTRIBUTES_MAX
            && let Some(parse) = parse
        {
            return match (parse, others) {
                ("Resource", 1) => {
                    self.set_form(node, Form::Structure(Vec::new()));
                    self.elements(element, Owner::Node(node))
                }
                ("Resource", _) => Err(format!("{} has attributes beside rdf:parseType", written(&element.name))),
                _ => Err(format!("rdf:parseType=\"{parse}\" is not allowed in XMP")),
            };
        }
        let is_typed = terms().any(|(term, _)| term == Term::Datatype);
        match (is_typed, others) {
            (true, 1) => self.literal(element, node),
            (false, 0) if element.children.iter().any(|child| !matches!(child, Child::Text(_))) => {
                self.resource(element, node)
            }
            (false, 0) => self.literal(element, node),
            _ => self.short(element, node),
        }
    }

    fn language(&mut self, element: &Element, node: NodeId) -> Result<(), String> {
        let Some(language) = element.attributes.iter().find(|attribute| attribute.name.is(XML, "lang")) else {
            return Ok(());
        };
        let Some(node) = self.model.get_mut(node) else { return Ok(()) };
        if node.language.is_some() {
            return Err("a value has two languages".to_owned());
        }
        node.language = Some(language.value.clone());
        Ok(())
    }

    /// A property whose content is text.
    fn literal(&mut self, element: &Element, node: NodeId) -> Result<(), String> {
        let mut value = String::new();
        for child in &element.children {
            let Child::Text(text) = child else {
                return Err(format!("{} holds more than text", written(&element.name)));
            };
            value.push_str(text);
        }
        self.set_form(node, Form::Text(value));
        Ok(())
    }

    /// A property whose content is one element: a list, a description, or a node with a type.
    fn resource(&mut self, element: &'a Element, node: NodeId) -> Result<(), String> {
        let mut children = significant(element);
        let (Some(child), None) = (children.next(), children.next()) else {
            return Err(format!("{} does not hold exactly one element", written(&element.name)));
        };
        let child = self.element(child, &written(&element.name))?;
        let form = [("Bag", List::Bag), ("Seq", List::Seq), ("Alt", List::Alt)]
            .into_iter()
            .find(|(name, _)| child.name.is(RDF, name))
            .map_or_else(|| Form::Structure(Vec::new()), |(_, list)| Form::List(list, Vec::new()));
        if child.name.namespace.is_none() {
            return Err(format!("{} belongs to no namespace", written(&child.name)));
        }
        if !matches!(Term::of(&child.name, None), Term::Description | Term::Property) {
            return Err(format!("{} stands where a description is expected", written(&child.name)));
        }
        self.set_form(node, form);
        self.description(child, Owner::Node(node))
    }

    /// A property whose attributes are its value, or the fields of a structure, and that holds nothing.
    fn short(&mut self, element: &Element, node: NodeId) -> Result<(), String> {
        if !element.children.is_empty() {
            return Err(format!("{} has both attributes that are its value and content", written(&element.name)));
        }
        let (mut values, mut resources, mut names, mut fields) = (Vec::new(), Vec::new(), 0, Vec::new());
        for attribute in &element.attributes {
            match Term::of(&attribute.name, Some(&element.name)) {
                Term::Id => {}
                Term::NodeId => names += 1,
                Term::Resource => resources.push(attribute),
                Term::Value => values.push(attribute),
                Term::Property if attribute.name.is(XML, "lang") => {}
                Term::Property => fields.push(attribute),
                Term::About | Term::Description | Term::Item | Term::Datatype | Term::ParseType | Term::Forbidden => {
                    return Err(format!("the attribute {} may not stand there", written(&attribute.name)));
                }
            }
        }
        if !resources.is_empty() && (names > 0 || !values.is_empty()) {
            return Err(format!("{} has two attributes that are its value", written(&element.name)));
        }
        if let Some(value) = values.first().or_else(|| resources.first()) {
            self.set_form(node, Form::Text(value.value.clone()));
            return Ok(());
        }
        if !fields.is_empty() {
            self.set_form(node, Form::Structure(Vec::new()));
        }
        fields.into_iter().try_for_each(|attribute| self.attribute(attribute, Owner::Node(node)))
    }
}

/// The children of an element that are not space.
fn significant(element: &Element) -> impl Iterator<Item = &Child> {
    element.children.iter().filter(|child| !matches!(child, Child::Text(text) if text.trim().is_empty()))
}

/// A name as it is written.
fn written(name: &Name) -> String {
    name.prefix.as_ref().map_or_else(|| name.local.clone(), |prefix| format!("{prefix}:{}", name.local))
}

/// The names that RDF itself defines, and all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    Description,
    Item,
    About,
    Id,
    NodeId,
    Resource,
    Datatype,
    ParseType,
    Value,
    /// `rdf:RDF`, and names that RDF once had.
    Forbidden,
    /// Anything else.
    Property,
}

impl Term {
    /// The term of an element, or of an attribute of a `holder`: `about` and `ID` may lack the prefix there.
    fn of(name: &Name, holder: Option<&Name>) -> Self {
        let is_rdf = |name: &Name| name.namespace.as_deref() == Some(RDF);
        let is_bare = name.namespace.is_none() && matches!(name.local.as_str(), "about" | "ID");
        let is_of_rdf = is_rdf(name) || (is_bare && holder.is_some_and(is_rdf));
        if !is_of_rdf {
            return Self::Property;
        }
        match name.local.as_str() {
            "Description" => Self::Description,
            "li" => Self::Item,
            "about" => Self::About,
            "ID" => Self::Id,
            "nodeID" => Self::NodeId,
            "resource" => Self::Resource,
            "datatype" => Self::Datatype,
            "parseType" => Self::ParseType,
            "value" => Self::Value,
            "RDF" | "aboutEach" | "aboutEachPrefix" | "bagID" => Self::Forbidden,
            _ => Self::Property,
        }
    }
}
