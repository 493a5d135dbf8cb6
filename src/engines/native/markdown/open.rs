//! What is open while a Markdown text is read.

use super::tree::{Block, Inline};

/// Something that was begun and has not ended, with what it holds so far.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) kind: Kind,
    pub(super) blocks: Vec<Block>,
    pub(super) inlines: Vec<Inline>,
    /// Whether text stood in it without a paragraph of its own, as in the items of a list without blank lines.
    pub(super) is_tight: bool,
}

/// What it is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Blocks that are set as if it were not there.
    Through,
    /// Text that is set as if it were not there.
    Plain,
    Paragraph,
    Heading(usize),
    Quote(Option<&'static str>),
    Code,
    Html,
    List {
        start: Option<u64>,
        is_tight: bool,
        items: Vec<Vec<Block>>,
    },
    Item,
    Note(String),
    Term,
    Definition,
    Table {
        columns: Vec<&'static str>,
        head: Vec<Vec<Inline>>,
        rows: Vec<Vec<Vec<Inline>>>,
    },
    Head(Vec<Vec<Inline>>),
    Row(Vec<Vec<Inline>>),
    Cell,
    Emphasis,
    Strong,
    Strike,
    Raised,
    Link(String),
    Jump(String),
    Picture,
}

impl Kind {
    /// Whether there is a limit to how many of these may be inside each other.
    pub(super) fn nests(&self) -> bool {
        match self {
            Self::Quote(_)
            | Self::List { .. }
            | Self::Note(_)
            | Self::Definition
            | Self::Emphasis
            | Self::Strong
            | Self::Strike
            | Self::Raised
            | Self::Link(_)
            | Self::Jump(_) => true,
            Self::Through
            | Self::Plain
            | Self::Paragraph
            | Self::Heading(_)
            | Self::Code
            | Self::Html
            | Self::Item
            | Self::Term
            | Self::Table { .. }
            | Self::Head(_)
            | Self::Row(_)
            | Self::Cell
            | Self::Picture => false,
        }
    }

    /// What is set in its place when there are too many.
    pub(super) fn passed_through(&self) -> Self {
        match self {
            Self::Quote(_) | Self::List { .. } | Self::Note(_) | Self::Definition | Self::Item => Self::Through,
            Self::Through
            | Self::Plain
            | Self::Paragraph
            | Self::Heading(_)
            | Self::Code
            | Self::Html
            | Self::Term
            | Self::Table { .. }
            | Self::Head(_)
            | Self::Row(_)
            | Self::Cell
            | Self::Emphasis
            | Self::Strong
            | Self::Strike
            | Self::Raised
            | Self::Link(_)
            | Self::Jump(_)
            | Self::Picture => Self::Plain,
        }
    }
}

impl Open {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, blocks: Vec::new(), inlines: Vec::new(), is_tight: false }
    }

    /// Adds text to the text that is there.
    pub(super) fn add_text(&mut self, text: &str) {
        if let Some(Inline::Text(last)) = self.inlines.last_mut() {
            last.push_str(text);
        } else if !text.is_empty() {
            self.inlines.push(Inline::Text(text.to_owned()));
        }
    }

    /// Whether the text that is there ends with a space.
    pub(super) fn ends_with_space(&self) -> bool {
        matches!(self.inlines.last(), Some(Inline::Text(last)) if last.ends_with(' '))
    }

    /// Adds a block below the text that is there.
    pub(super) fn add(&mut self, block: Block) {
        self.end_text();
        self.blocks.push(block);
    }

    /// Makes a paragraph of text that has none.
    pub(super) fn end_text(&mut self) {
        if !self.inlines.is_empty() {
            self.is_tight = true;
            self.blocks.push(Block::Paragraph { body: std::mem::take(&mut self.inlines) });
        }
    }

    /// Everything in it, as blocks.
    pub(super) fn into_blocks(mut self) -> Vec<Block> {
        self.end_text();
        self.blocks
    }

    /// The text in it, without its looks.
    pub(super) fn words(&self) -> String {
        words(&self.inlines)
    }
}

fn words(inlines: &[Inline]) -> String {
    let word = |inline: &Inline| match inline {
        Inline::Text(text) | Inline::Code { text } | Inline::Aside { text } => text.clone(),
        Inline::Emphasis { body }
        | Inline::Strong { body }
        | Inline::Strike { body }
        | Inline::Raised { body }
        | Inline::Link { body, .. }
        | Inline::Jump { body, .. } => words(body),
        Inline::Break => "\n".to_owned(),
        Inline::Box { .. } | Inline::Note { .. } => String::new(),
    };
    inlines.iter().map(word).collect()
}

impl Open {
    /// Takes over something that has ended; a heading has a name that links know it by.
    pub(super) fn take(&mut self, mut ended: Self, anchor: Option<String>) {
        let is_tight = ended.is_tight || !ended.inlines.is_empty();
        let body = |ended: &mut Self| std::mem::take(&mut ended.inlines);
        match std::mem::replace(&mut ended.kind, Kind::Through) {
            Kind::Through | Kind::Note(_) | Kind::Code | Kind::Html => {
                self.end_text();
                self.blocks.extend(ended.into_blocks());
            }
            Kind::Plain | Kind::Picture => self.inlines.append(&mut ended.inlines),
            Kind::Paragraph => {
                self.end_text();
                self.blocks.push(Block::Paragraph { body: ended.inlines });
            }
            Kind::Heading(level) => {
                self.add(Block::Heading { level, anchor, body: ended.inlines });
            }
            Kind::Quote(title) => self.add(Block::Quote { title, body: ended.into_blocks() }),
            Kind::List { start, is_tight, items } => self.add(Block::List { start, tight: is_tight, items }),
            Kind::Item => {
                if let Kind::List { is_tight: list, items, .. } = &mut self.kind {
                    *list |= is_tight;
                    items.push(ended.into_blocks());
                }
            }
            Kind::Term => self.add(Block::Term { body: ended.inlines }),
            Kind::Definition => self.add(Block::Definition { body: ended.into_blocks() }),
            Kind::Table { columns, head, rows } => self.add(Block::Table { columns, head, rows }),
            Kind::Head(cells) => {
                if let Kind::Table { head, .. } = &mut self.kind {
                    *head = cells;
                }
            }
            Kind::Row(cells) => {
                if let Kind::Table { rows, .. } = &mut self.kind {
                    rows.push(cells);
                }
            }
            Kind::Cell => {
                if let Kind::Head(cells) | Kind::Row(cells) = &mut self.kind {
                    cells.push(ended.inlines);
                }
            }
            Kind::Emphasis => self.inlines.push(Inline::Emphasis { body: body(&mut ended) }),
            Kind::Strong => self.inlines.push(Inline::Strong { body: body(&mut ended) }),
            Kind::Strike => self.inlines.push(Inline::Strike { body: body(&mut ended) }),
            Kind::Raised => self.inlines.push(Inline::Raised { body: body(&mut ended) }),
            Kind::Link(to) => self.inlines.push(Inline::Link { to, body: body(&mut ended) }),
            Kind::Jump(to) => self.inlines.push(Inline::Jump { to, body: body(&mut ended) }),
        }
    }
}
