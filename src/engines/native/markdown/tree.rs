//! What a Markdown text says, as data for the template.

use serde::Serialize;

/// Something that stands below what is before it.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub(super) enum Block {
    Heading {
        level: usize,
        /// What links within the document say.
        anchor: Option<String>,
        body: Vec<Inline>,
    },
    Paragraph {
        body: Vec<Inline>,
    },
    /// Lines of fixed width, in parts that touch: one block of many pages takes time with the square of them.
    Code {
        parts: Vec<String>,
    },
    Quote {
        title: Option<&'static str>,
        body: Vec<Block>,
    },
    List {
        /// Number of the first item, if they have numbers.
        start: Option<u64>,
        tight: bool,
        items: Vec<Vec<Block>>,
    },
    Table {
        columns: Vec<&'static str>,
        head: Vec<Vec<Inline>>,
        rows: Vec<Vec<Vec<Inline>>>,
    },
    Term {
        body: Vec<Inline>,
    },
    Definition {
        body: Vec<Block>,
    },
    Rule,
}

/// Something that stands in a line.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub(super) enum Inline {
    Emphasis {
        body: Vec<Inline>,
    },
    Strong {
        body: Vec<Inline>,
    },
    Strike {
        body: Vec<Inline>,
    },
    Raised {
        body: Vec<Inline>,
    },
    /// A link to the outside.
    Link {
        to: String,
        body: Vec<Inline>,
    },
    /// A link to a heading of this document.
    Jump {
        to: String,
        body: Vec<Inline>,
    },
    Code {
        text: String,
    },
    /// What the document says in HTML, or of a picture that is not shown.
    Aside {
        text: String,
    },
    Box {
        ticked: bool,
    },
    /// The first reference to a footnote, by its place among them.
    Note {
        place: usize,
    },
    Break,
    #[serde(untagged)]
    Text(String),
}

/// A whole text.
#[derive(Debug, Default, Serialize)]
pub(super) struct Document {
    pub(super) blocks: Vec<Block>,
    /// Footnotes in the order of their first references.
    pub(super) notes: Vec<Vec<Block>>,
    /// Its first heading.
    pub(super) title: Option<String>,
}
