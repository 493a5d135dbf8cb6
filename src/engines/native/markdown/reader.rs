//! Markdown to data: one pass over what the parser finds, with a stack of what is open.

use std::collections::HashMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use pulldown_cmark::{Alignment, BlockQuoteKind, CodeBlockKind, Event as Piece, HeadingLevel, LinkType, Tag};

use super::{
    losses::Losses,
    open::{Kind, Open},
    survey::Survey,
    tree::{Block, Document, Inline},
};
use crate::engines::native::{text, typesetting::Fonts};

/// Most quotes, lists and kinds of emphasis inside each other; what is deeper is set at that depth. Typst stops at about
/// seventy things inside each other, of which each of these makes up to three.
const DEPTH_MAX: usize = 12;

/// Most bytes of a link. PDF/A allows 32 KiB for a string.
const LINK_BYTES_MAX: usize = 2_000;

/// Characters of a line of code that has no place to break.
const CODE_CHARS_MAX: usize = 80;

/// Characters of a word after which it may be broken, and the same in a table.
const WORD_CHARS_MAX: usize = 40;
const CELL_WORD_CHARS_MAX: usize = 16;

/// What is escaped in a link.
const UNSAFE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'}');

#[derive(Debug)]
pub(super) struct Reader<'a> {
    fonts: &'a mut Fonts,
    survey: Survey,
    open: Vec<Open>,
    headings: usize,
    /// Footnotes by name: their place among those referred to, and what they say.
    places: HashMap<String, usize>,
    notes: HashMap<String, Vec<Block>>,
    losses: Losses,
    /// Characters since the last place to break.
    unbroken: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(survey: Survey, fonts: &'a mut Fonts) -> Self {
        Self {
            fonts,
            survey,
            open: vec![Open::new(Kind::Through)],
            headings: 0,
            places: HashMap::new(),
            notes: HashMap::new(),
            losses: Losses::default(),
            unbroken: 0,
        }
    }

    /// Takes the next thing that the parser found.
    pub(super) fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Start(tag) => self.start(tag),
            Piece::End(_) => self.end(),
            Piece::Text(text) => self.text(&text),
            Piece::Code(code) | Piece::InlineMath(code) | Piece::DisplayMath(code) => {
                let text = self.breakable(&code);
                self.add(Inline::Code { text });
            }
            Piece::Html(html) => self.text(&html),
            Piece::InlineHtml(html) => self.html(&html),
            Piece::FootnoteReference(name) => self.reference(&name),
            Piece::SoftBreak => self.text(" "),
            Piece::HardBreak => self.add(Inline::Break),
            Piece::Rule => {
                if let Some(open) = self.open.last_mut() {
                    open.add(Block::Rule);
                }
            }
            Piece::TaskListMarker(ticked) => self.add(Inline::Box { ticked }),
        }
    }

    /// What was read, and what could not be shown as it is meant.
    pub(super) fn finish(mut self) -> (Document, Losses) {
        while self.open.len() > 1 {
            self.end();
        }
        let mut blocks = self.open.pop().map(Open::into_blocks).unwrap_or_default();
        let mut notes: Vec<_> = (0..self.places.len()).map(|_| Vec::new()).collect();
        for (name, place) in &self.places {
            if let (Some(note), Some(body)) = (notes.get_mut(*place), self.notes.remove(name)) {
                *note = body;
            }
        }
        // Footnotes that nothing refers to are shown at the end: they are text of the document.
        let mut left: Vec<_> = self.notes.into_iter().collect();
        left.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (name, body) in left {
            blocks.push(Block::Paragraph {
                body: vec![Inline::Aside { text: format!("[{}]", self.fonts.shown(&name)) }],
            });
            blocks.extend(body);
        }
        let title = self.survey.title.as_deref().map(|title| self.fonts.shown(title));
        (Document { blocks, notes, title }, self.losses)
    }

    fn start(&mut self, tag: Tag<'_>) {
        let kind = match tag {
            Tag::Paragraph => Kind::Paragraph,
            Tag::Heading { level, .. } => Kind::Heading(number(level)),
            Tag::BlockQuote(kind) => Kind::Quote(kind.map(title)),
            Tag::CodeBlock(CodeBlockKind::Indented | CodeBlockKind::Fenced(_)) | Tag::MetadataBlock(_) => Kind::Code,
            Tag::HtmlBlock => Kind::Html,
            Tag::List(start) => Kind::List { start, is_tight: false, items: Vec::new() },
            Tag::Item => Kind::Item,
            Tag::FootnoteDefinition(name) => Kind::Note(name.into_string()),
            Tag::DefinitionList => Kind::Through,
            Tag::DefinitionListTitle => Kind::Term,
            Tag::DefinitionListDefinition => Kind::Definition,
            Tag::Table(alignments) => {
                let columns = alignments.into_iter().map(aligned).collect();
                Kind::Table { columns, head: Vec::new(), rows: Vec::new() }
            }
            Tag::TableHead => Kind::Head(Vec::new()),
            Tag::TableRow => Kind::Row(Vec::new()),
            Tag::TableCell => Kind::Cell,
            Tag::Emphasis => Kind::Emphasis,
            Tag::Strong => Kind::Strong,
            Tag::Strikethrough => Kind::Strike,
            Tag::Superscript => Kind::Raised,
            Tag::Subscript => Kind::Plain,
            Tag::Link { link_type, dest_url, .. } => self.link(link_type, &dest_url),
            Tag::Image { .. } => Kind::Picture,
        };
        self.unbroken = 0;
        let depth = self.open.iter().filter(|open| open.kind.nests()).count();
        let in_list = matches!(self.open.last(), Some(Open { kind: Kind::List { .. }, .. }));
        let is_lost = kind.nests() && depth >= DEPTH_MAX;
        self.losses.nested += usize::from(is_lost);
        let is_through = is_lost || (matches!(kind, Kind::Item) && !in_list);
        self.open.push(Open::new(if is_through { kind.passed_through() } else { kind }));
    }

    /// Where a link leads, if it may.
    fn link(&mut self, kind: LinkType, to: &str) -> Kind {
        if let Some(name) = to.strip_prefix('#') {
            let known = self.survey.names.get(name).or_else(|| self.survey.names.get(&name.to_lowercase()));
            return known.map_or(Kind::Plain, |name| Kind::Jump(name.clone()));
        }
        let to = if kind == LinkType::Email { format!("mailto:{to}") } else { to.to_owned() };
        let scheme = to.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let to = utf8_percent_encode(&to, UNSAFE).to_string();
        if matches!(scheme.as_str(), "http" | "https" | "mailto") && to.len() <= LINK_BYTES_MAX {
            return Kind::Link(to);
        }
        self.losses.links += 1;
        Kind::Plain
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        self.unbroken = 0;
        if let Kind::Heading(_) = open.kind {
            self.headings += 1;
        }
        if let Kind::Note(name) = &open.kind {
            let name = name.clone();
            self.notes.entry(name).or_default().extend(open.into_blocks());
        } else if let Kind::Code = open.kind {
            self.code(&open.words());
        } else if let Kind::Html = open.kind {
            let html = open.words();
            if !is_comment(&html) {
                self.losses.html += 1;
                self.code(&html);
            }
        } else if let Kind::Picture = open.kind {
            self.losses.pictures += 1;
            let words = open.words();
            let text = if words.trim().is_empty() { "[picture]".to_owned() } else { format!("[picture: {words}]") };
            self.add(Inline::Aside { text });
        } else {
            let anchor = self.headings.checked_sub(1).and_then(|index| self.survey.anchors.get(index)).cloned();
            if let Some(parent) = self.open.last_mut() {
                parent.take(open, anchor.flatten());
            }
        }
    }

    fn code(&mut self, code: &str) {
        let (code, broken) = text::broken(&self.fonts.shown(code), CODE_CHARS_MAX);
        self.losses.words += broken;
        let parts = text::blocks(&code);
        if let Some(open) = self.open.last_mut() {
            open.add(Block::Code { parts });
        }
    }

    fn html(&mut self, html: &str) {
        let name: String = html.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        if name.eq_ignore_ascii_case("br") {
            self.add(Inline::Break);
        } else if !is_comment(html) {
            self.losses.html += 1;
            let text = self.breakable(html);
            self.add(Inline::Aside { text });
        }
    }

    fn reference(&mut self, name: &str) {
        let raised = |text: String| Inline::Raised { body: vec![Inline::Text(text)] };
        if !self.survey.notes.contains(name) {
            return self.text(&format!("[^{name}]"));
        }
        // A footnote inside a footnote would have no end if it led back.
        let is_inside = self.open.iter().any(|open| matches!(open.kind, Kind::Note(_)));
        let next = self.places.len();
        let inline = match self.places.get(name) {
            Some(place) => raised((place + 1).to_string()),
            None if is_inside => raised(self.fonts.shown(name)),
            None => {
                self.places.insert(name.to_owned(), next);
                Inline::Note { place: next }
            }
        };
        self.add(inline);
    }

    fn add(&mut self, inline: Inline) {
        if let Some(open) = self.open.last_mut() {
            open.inlines.push(inline);
        }
    }

    fn text(&mut self, text: &str) {
        let is_verbatim = matches!(self.open.last(), Some(Open { kind: Kind::Code | Kind::Html, .. }));
        let text = if is_verbatim { text.to_owned() } else { self.breakable(text) };
        if let Some(open) = self.open.last_mut() {
            // Outside of code, several spaces are one.
            for (index, word) in text.split(' ').enumerate() {
                if index > 0 && (is_verbatim || !open.ends_with_space()) {
                    open.add_text(" ");
                }
                open.add_text(word);
            }
        }
    }

    /// The text as fonts can show it, with places to break in words that have none.
    fn breakable(&mut self, text: &str) -> String {
        let in_cell = self.open.iter().any(|open| matches!(open.kind, Kind::Cell));
        let most = if in_cell { CELL_WORD_CHARS_MAX } else { WORD_CHARS_MAX };
        breakable(&self.fonts.shown(text), most, &mut self.unbroken)
    }
}

/// Puts places to break into words without one. Scripts that do not part words by spaces have them already.
pub(in crate::engines::native) fn breakable(text: &str, most: usize, unbroken: &mut usize) -> String {
    let mut broken = String::with_capacity(text.len());
    for character in text.chars() {
        let has_place = character.is_whitespace() || character == '-' || u32::from(character) >= 0x0E00;
        *unbroken = if has_place { 0 } else { *unbroken + 1 };
        if *unbroken > most {
            broken.push('\u{200b}');
            *unbroken = 1;
        }
        broken.push(character);
    }
    broken
}

fn is_comment(html: &str) -> bool {
    html.trim().strip_prefix("<!--").is_some_and(|rest| rest.find("-->") == Some(rest.len() - 3))
}

fn number(level: HeadingLevel) -> usize {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

fn title(kind: BlockQuoteKind) -> &'static str {
    match kind {
        BlockQuoteKind::Note => "Note",
        BlockQuoteKind::Tip => "Tip",
        BlockQuoteKind::Important => "Important",
        BlockQuoteKind::Warning => "Warning",
        BlockQuoteKind::Caution => "Caution",
    }
}

fn aligned(alignment: Alignment) -> &'static str {
    match alignment {
        Alignment::None => "start",
        Alignment::Left => "left",
        Alignment::Center => "center",
        Alignment::Right => "right",
    }
}
