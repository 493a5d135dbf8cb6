//! The properties of a packet: texts, structures, lists, each with a name.

use std::rc::Rc;

/// The number of a node in its model.
pub(in crate::pdf::validate::metadata) type NodeId = usize;

/// What a packet says: its properties, and the nodes that they consist of.
#[derive(Debug, Default)]
pub(in crate::pdf::validate::metadata) struct Model {
    nodes: Vec<Node>,
    properties: Vec<NodeId>,
}

/// A property, a field of a structure, or an item of a list.
#[derive(Debug)]
pub(in crate::pdf::validate::metadata) struct Node {
    /// The namespace that its name belongs to.
    pub(in crate::pdf::validate::metadata) namespace: Rc<str>,
    /// The prefix that its name is written with.
    pub(in crate::pdf::validate::metadata) prefix: Option<Rc<str>>,
    /// Its name in the namespace.
    pub(in crate::pdf::validate::metadata) name: String,
    /// The language that it is said to be in.
    pub(in crate::pdf::validate::metadata) language: Option<String>,
    /// What it holds.
    pub(in crate::pdf::validate::metadata) form: Form,
}

/// What a node holds.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::pdf::validate::metadata) enum Form {
    /// A text.
    Text(String),
    /// Fields.
    Structure(Vec<NodeId>),
    /// Items.
    List(List, Vec<NodeId>),
}

/// The kinds of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pdf::validate::metadata) enum List {
    /// Without order.
    Bag,
    /// In order.
    Seq,
    /// Of which one is chosen.
    Alt,
}

impl Node {
    /// Whether it has this name.
    pub(in crate::pdf::validate::metadata) fn is(&self, namespace: &str, name: &str) -> bool {
        self.name == name && &*self.namespace == namespace
    }

    /// Its text, when it holds one.
    pub(in crate::pdf::validate::metadata) fn text(&self) -> Option<&str> {
        match &self.form {
            Form::Text(text) => Some(text),
            Form::Structure(_) | Form::List(..) => None,
        }
    }

    /// The nodes that it holds: fields or items.
    pub(in crate::pdf::validate::metadata) fn held(&self) -> &[NodeId] {
        match &self.form {
            Form::Text(_) => &[],
            Form::Structure(held) | Form::List(_, held) => held,
        }
    }

    /// Its name as it is written, for messages.
    pub(in crate::pdf::validate::metadata) fn written(&self) -> String {
        self.prefix.as_ref().map_or_else(|| self.name.clone(), |prefix| format!("{prefix}:{}", self.name))
    }
}

impl Model {
    /// The properties in their order.
    pub(in crate::pdf::validate::metadata) fn properties(&self) -> impl Iterator<Item = &Node> {
        self.properties.iter().filter_map(|id| self.nodes.get(*id))
    }

    /// The property of a name.
    pub(in crate::pdf::validate::metadata) fn property(&self, namespace: &str, name: &str) -> Option<&Node> {
        self.properties().find(|property| property.is(namespace, name))
    }

    /// A node by its number.
    pub(in crate::pdf::validate::metadata) fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// The fields or items of a node.
    pub(in crate::pdf::validate::metadata) fn held<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Node> {
        node.held().iter().filter_map(|id| self.nodes.get(*id))
    }

    /// The field of a name in a structure.
    pub(in crate::pdf::validate::metadata) fn field<'a>(
        &'a self,
        node: &'a Node,
        namespace: &str,
        name: &str,
    ) -> Option<&'a Node> {
        self.held(node).find(|field| field.is(namespace, name))
    }

    /// How many nodes there are.
    pub(in crate::pdf::validate::metadata) fn size(&self) -> usize {
        self.nodes.len()
    }

    /// Adds a node that is no part of anything yet.
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// A node for change.
    pub(super) fn get_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id)
    }

    /// Makes a node a property.
    pub(super) fn add_property(&mut self, id: NodeId) {
        self.properties.push(id);
    }
}
