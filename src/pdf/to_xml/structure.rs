//! The logical structure of a tagged document with its text (ISO 32000-1, 14.7 and 14.8).

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::sink::Sink;
use crate::{
    domain::limits,
    pdf::{object, text::PageText},
};

/// How deep elements are told; what is below is text of those on this level. Readers of XML take 256.
const DEPTH_MAX: usize = 128;
/// How many steps a role map is followed.
const ROLES_MAX: usize = 16;

/// The elements that the standard types are written as.
const NAMES: [(&[u8], &str); 43] = [
    (b"Document", "section"),
    (b"Part", "section"),
    (b"Art", "section"),
    (b"Sect", "section"),
    (b"Div", "div"),
    (b"NonStruct", "div"),
    (b"BlockQuote", "quote"),
    (b"Quote", "quote"),
    (b"Caption", "caption"),
    (b"TOC", "toc"),
    (b"TOCI", "tocItem"),
    (b"Index", "index"),
    (b"H", "h"),
    (b"H1", "h1"),
    (b"H2", "h2"),
    (b"H3", "h3"),
    (b"H4", "h4"),
    (b"H5", "h5"),
    (b"H6", "h6"),
    (b"P", "p"),
    (b"L", "list"),
    (b"LI", "listItem"),
    (b"Lbl", "label"),
    (b"LBody", "listBody"),
    (b"Table", "table"),
    (b"TR", "row"),
    (b"TH", "header"),
    (b"TD", "cell"),
    (b"THead", "tableHead"),
    (b"TBody", "tableBody"),
    (b"TFoot", "tableFoot"),
    (b"Span", "span"),
    (b"Note", "note"),
    (b"Reference", "reference"),
    (b"BibEntry", "bibEntry"),
    (b"Code", "code"),
    (b"Link", "link"),
    (b"Annot", "annotation"),
    (b"Figure", "figure"),
    (b"Formula", "formula"),
    (b"Form", "form"),
    (b"Ruby", "ruby"),
    (b"Warichu", "warichu"),
];

/// What a type that nobody knows is written as.
const UNKNOWN: &str = "element";

/// The text of the marked content of all pages.
#[derive(Debug, Default)]
pub(super) struct Marked {
    /// By page, from 1, and number.
    texts: BTreeMap<(usize, i32), String>,
    bytes: usize,
    is_cut: bool,
}

impl Marked {
    /// Adds the text of a page; lines and gaps end words.
    pub(super) fn add(&mut self, page: usize, text: &PageText) {
        for line in &text.lines {
            for word in &line.words {
                let Some(mark) = word.mark else { continue };
                self.bytes += word.text.len() + 1;
                if self.bytes > limits::XML_MARKED_BYTES_MAX {
                    self.is_cut = true;
                    return;
                }
                let marked = self.texts.entry((page, mark)).or_default();
                marked.push_str(&word.text);
                if word.space_follows {
                    marked.push(' ');
                }
            }
        }
    }
}

/// What is to be done next.
enum Step<'a> {
    /// Look at a kid, on a page that an element above names.
    Enter(&'a Object, Option<usize>),
    /// Close an element.
    Leave,
}

/// Writes the tree; says whether all of it was written.
pub(super) fn write<W: Write>(
    sink: &mut Sink<'_, W>,
    document: &Document,
    pages: &BTreeMap<ObjectId, usize>,
    marked: &Marked,
) -> io::Result<bool> {
    let catalog = object::catalog(document);
    let Some(root) = catalog.and_then(|catalog| object::dictionary(document, catalog, b"StructTreeRoot")) else {
        return Ok(true);
    };
    sink.line()?;
    sink.open("structure", &[])?;
    let roles = object::dictionary(document, root, b"RoleMap");
    let kids = root.get(b"K").ok().map(|kids| Step::Enter(kids, None));
    let mut walk =
        Walk { sink, document, pages, marked, roles, seen: BTreeSet::new(), elements: 0, depth: 0, is_cut: false };
    walk.run(kids.into_iter().collect())?;
    let is_whole = !walk.is_cut && !marked.is_cut;
    sink.close()?;
    Ok(is_whole)
}

/// A walk through the tree with a stack of its own.
struct Walk<'a, 'b, 'c, W: Write> {
    sink: &'b mut Sink<'c, W>,
    document: &'a Document,
    pages: &'a BTreeMap<ObjectId, usize>,
    marked: &'a Marked,
    roles: Option<&'a Dictionary>,
    seen: BTreeSet<ObjectId>,
    elements: usize,
    depth: usize,
    is_cut: bool,
}

impl<'a, W: Write> Walk<'a, '_, '_, W> {
    fn run(&mut self, mut open: Vec<Step<'a>>) -> io::Result<()> {
        while let Some(step) = open.pop() {
            let (kid, page) = match step {
                Step::Enter(kid, page) => (kid, page),
                Step::Leave => {
                    self.depth -= 1;
                    self.sink.close()?;
                    continue;
                }
            };
            let id = object::target(self.document, kid);
            if id.is_some_and(|id| !self.seen.insert(id)) {
                continue;
            }
            match object::resolve(self.document, kid) {
                Object::Array(kids) => open.extend(kids.iter().rev().map(|kid| Step::Enter(kid, page))),
                Object::Integer(mark) => self.write_marked(page, *mark)?,
                Object::Dictionary(held) => self.enter(held, page, &mut open)?,
                Object::Null
                | Object::Boolean(_)
                | Object::Real(_)
                | Object::Name(_)
                | Object::String(..)
                | Object::Stream(_)
                | Object::Reference(_) => {}
            }
        }
        Ok(())
    }

    /// Writes the text of marked content.
    fn write_marked(&mut self, page: Option<usize>, mark: i64) -> io::Result<()> {
        let place = page.zip(i32::try_from(mark).ok());
        let text = place.and_then(|place| self.marked.texts.get(&place));
        text.map_or(Ok(()), |text| self.sink.text(text))
    }

    fn enter(&mut self, held: &'a Dictionary, page: Option<usize>, open: &mut Vec<Step<'a>>) -> io::Result<()> {
        let own = held.get(b"Pg").ok().and_then(|page| self.pages.get(&object::target(self.document, page)?).copied());
        let page = own.or(page);
        match object::name(self.document, held, b"Type") {
            Some(b"MCR") => {
                let mark = object::integer(self.document, held, b"MCID");
                return mark.map_or(Ok(()), |mark| self.write_marked(page, mark));
            }
            // An annotation or a picture has no text of its own.
            Some(b"OBJR") => return Ok(()),
            Some(_) | None => {}
        }
        self.elements += 1;
        if self.elements > limits::XML_STRUCTURE_MAX {
            self.is_cut = true;
            return Ok(());
        }
        let replaced = object::text(self.document, held, b"ActualText");
        if self.depth < DEPTH_MAX {
            self.open(held, own)?;
            self.depth += 1;
            open.push(Step::Leave);
        } else {
            self.is_cut = true;
        }
        match replaced {
            // It stands for all that is in the element (ISO 32000-1, 14.9.4).
            Some(text) => self.sink.text(&text),
            None => {
                open.extend(held.get(b"K").ok().map(|kids| Step::Enter(kids, page)));
                Ok(())
            }
        }
    }

    fn open(&mut self, held: &Dictionary, page: Option<usize>) -> io::Result<()> {
        let kind = object::name(self.document, held, b"S").unwrap_or_default();
        let (standard, name) = self.standard(kind);
        let text = |key: &[u8]| object::text(self.document, held, key);
        let role = Some(object::shown(kind)).filter(|_| name == UNKNOWN || standard != kind);
        let span = |key: &[u8]| self.cell_attribute(held, key).filter(|span| *span > 1).map(|span| span.to_string());
        let (columns, rows) = (span(b"ColSpan"), span(b"RowSpan"));
        if matches!(name, "section" | "p" | "table" | "list" | "figure" | "row") {
            self.sink.line()?;
        }
        self.sink.open(
            name,
            &[
                ("role", role.as_deref()),
                ("page", page.map(|page| page.to_string()).as_deref()),
                ("lang", text(b"Lang").as_deref()),
                ("title", text(b"T").as_deref()),
                ("alt", text(b"Alt").as_deref()),
                ("expansion", text(b"E").as_deref()),
                ("columns", columns.as_deref()),
                ("rows", rows.as_deref()),
            ],
        )
    }

    /// The standard type that a type stands for, and its element.
    fn standard(&self, kind: &'a [u8]) -> (&'a [u8], &'static str) {
        let mut standard = kind;
        for _ in 0..ROLES_MAX {
            if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == standard) {
                return (standard, name);
            }
            let next = self.roles.and_then(|roles| object::name(self.document, roles, standard));
            let Some(next) = next else { break };
            standard = next;
        }
        (standard, UNKNOWN)
    }

    /// How many columns or rows a cell takes (ISO 32000-1, 14.8.5.7).
    fn cell_attribute(&self, held: &Dictionary, key: &[u8]) -> Option<i64> {
        let own = object::get(self.document, held, b"A")?;
        let all = own.as_array().map_or(std::slice::from_ref(own), Vec::as_slice);
        let dictionaries = all.iter().filter_map(|each| object::as_dictionary(object::resolve(self.document, each)));
        dictionaries.into_iter().find_map(|each| object::integer(self.document, each, key))
    }
}
