//! XMP: from the text of a packet to its properties. The rules of PDF/A are elsewhere.
//!
//! ```text
//! text ─► [`crate::pdf::xml`] a tree ─► [`rdf`] the properties in it ─► [`model::Model`]
//! ```

mod model;
mod rdf;
#[cfg(test)]
mod tests;

use crate::pdf::xml;

pub(super) use model::{Form, List, Model, Node};

/// A packet that was read.
#[derive(Debug)]
pub(super) struct Xmp {
    /// Its properties.
    pub(super) model: Model,
    /// What stands in the processing instruction before it, the header of the packet.
    pub(super) header: Option<String>,
}

impl Xmp {
    /// Reads a packet. One that holds no RDF has no properties.
    ///
    /// # Errors
    /// A part of a sentence that says what is against the rules of XML, RDF or XMP.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let tree = xml::Tree::read(text)?;
        let Some(root) = rdf::root(&tree) else { return Ok(Self { model: Model::default(), header: None }) };
        let header = tree.instruction_before("xpacket", root).map(str::to_owned);
        Ok(Self { model: rdf::read(&tree, root)?, header })
    }
}
