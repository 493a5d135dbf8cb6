//! A small tree of XML: elements, attributes, text. It is strict where XML is, and it has limits.
//!
//! A document type is read over, never followed: an entity that only it could define is an error.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    rc::Rc,
};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use quick_xml::{
    NsReader,
    escape::unescape,
    events::{BytesPI, BytesRef, BytesStart, Event},
    name::ResolveResult,
};

/// Most elements and attributes of one tree. Packets of real files have a few thousand, invoices of a thousand lines
/// 60,000.
const PARTS_MAX: usize = 1 << 19;

/// Deepest nesting of elements.
const DEPTH_MAX: usize = 512;

/// Most declarations of namespaces that hold in one place.
const NAMESPACES_MAX: usize = 512;

/// How far into a document its XML declaration may reach.
const DECLARATION_BYTES_MAX: usize = 256;

/// The number of an element in its tree.
pub(crate) type ElementId = usize;

/// A tree, its root first.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    elements: Vec<Element>,
    /// The processing instructions: target, content, and how many elements began before it.
    instructions: Vec<(String, String, usize)>,
    has_document_type: bool,
}

/// An element.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) name: Name,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Child>,
}

/// An attribute that is no declaration of a namespace.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: Name,
    pub(crate) value: String,
}

/// What an element holds.
#[derive(Debug)]
pub(crate) enum Child {
    /// An element.
    Element(ElementId),
    /// Text, with references resolved.
    Text(String),
    /// The text of a CDATA section, which RDF has no use for.
    Section(String),
    /// A processing instruction.
    Other,
}

/// A name with its namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) namespace: Option<Rc<str>>,
    pub(crate) prefix: Option<Rc<str>>,
    pub(crate) local: String,
}

impl Name {
    /// Whether it is this one.
    pub(crate) fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace.as_deref() == Some(namespace)
    }
}

impl Tree {
    /// Reads a document.
    ///
    /// # Errors
    /// A sentence that says why the text is no XML, or which limit it exceeds.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let mut builder = Builder::default();
        builder.read(&without_controls(text)?)?;
        Ok(builder.tree)
    }

    /// An element by its number.
    pub(crate) fn get(&self, id: ElementId) -> Option<&Element> {
        self.elements.get(id)
    }

    /// Whether it has a document type, which was read over.
    pub(crate) const fn has_document_type(&self) -> bool {
        self.has_document_type
    }

    /// The elements in the order of their start tags, with their numbers.
    pub(crate) fn elements(&self) -> impl Iterator<Item = (ElementId, &Element)> {
        self.elements.iter().enumerate()
    }

    /// The content of the last processing instruction of a target that stands before an element.
    pub(crate) fn instruction_before(&self, target: &str, id: ElementId) -> Option<&str> {
        let stands = |(name, _, before): &&(String, String, usize)| name == target && *before <= id;
        self.instructions.iter().rfind(stands).map(|(_, content, _)| content.as_str())
    }
}

#[derive(Default)]
struct Builder {
    tree: Tree,
    open: Vec<ElementId>,
    names: HashMap<String, Rc<str>>,
    parts: usize,
    has_root: bool,
    has_begun: bool,
}

impl Builder {
    fn read(&mut self, text: &str) -> Result<(), String> {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().check_comments = true;
        reader.resolver_mut().set_max_namespace_bindings(NAMESPACES_MAX);
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            match event {
                Event::Start(start) => self.start(&reader, &start, true)?,
                Event::Empty(start) => self.start(&reader, &start, false)?,
                Event::End(_) => drop(self.open.pop()),
                Event::Text(text) => self.text(&text)?,
                Event::GeneralRef(reference) => self.reference(&reference)?,
                Event::CData(text) => self.child(Child::Section(text.replace("\r\n", "\n").replace('\r', "\n")))?,
                Event::PI(instruction) => self.instruction(&instruction)?,
                Event::Decl(_) if self.has_begun => return Err("an XML declaration stands inside".to_owned()),
                Event::DocType(_) => self.tree.has_document_type = true,
                Event::Decl(_) | Event::Comment(_) => {}
                Event::Eof => break,
            }
            self.has_begun = true;
        }
        match (self.has_root, self.open.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => Err("an element is not closed".to_owned()),
            (false, _) => Err("there is no element".to_owned()),
        }
    }

    fn start(&mut self, reader: &NsReader<&[u8]>, start: &BytesStart<'_>, stays_open: bool) -> Result<(), String> {
        if self.open.is_empty() && self.has_root {
            return Err("there is more than one root element".to_owned());
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(format!("elements nest deeper than {DEPTH_MAX}"));
        }
        self.has_root = true;
        let (namespace, _) = reader.resolver().resolve_element(start.name());
        let name = self.name(start.name().into_inner(), namespace)?;
        let attributes = self.attributes(reader, start)?;
        self.count()?;
        let id = self.tree.elements.len();
        self.tree.elements.push(Element { name, attributes, children: Vec::new() });
        if !self.open.is_empty() {
            self.child(Child::Element(id))?;
        }
        if stays_open {
            self.open.push(id);
        }
        Ok(())
    }

    /// The attributes that declare no namespace. That none stands twice is checked here, since quick-xml does so by
    /// comparing each with all.
    fn attributes(&mut self, reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Vec<Attribute>, String> {
        let (mut attributes, mut written, mut names) = (Vec::new(), HashSet::new(), HashSet::new());
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let key = attribute.key.into_inner();
            if attribute.value.contains('<') {
                return Err(format!("the attribute {key} holds a \"<\""));
            }
            self.count()?;
            let mut stands_twice = !written.insert(key);
            if attribute.key.as_namespace_binding().is_none() {
                let (namespace, _) = reader.resolver().resolve_attribute(attribute.key);
                let name = self.name(key, namespace)?;
                stands_twice |= !names.insert((name.namespace.clone(), name.local.clone()));
                let value = unescaped(&attribute.value.replace(['\t', '\n', '\r'], " "))?;
                attributes.push(Attribute { name, value });
            }
            if stands_twice {
                return Err(format!("the attribute {key} stands twice"));
            }
        }
        Ok(attributes)
    }

    fn count(&mut self) -> Result<(), String> {
        self.parts += 1;
        if self.parts > PARTS_MAX { Err(format!("there are more than {PARTS_MAX} elements")) } else { Ok(()) }
    }

    fn child(&mut self, child: Child) -> Result<(), String> {
        let parent = self.open.last().and_then(|id| self.tree.elements.get_mut(*id));
        let parent =
            parent.ok_or_else(|| "something other than space stands outside of the root element".to_owned())?;
        if let (Some(Child::Text(before)), Child::Text(text)) = (parent.children.last_mut(), &child) {
            before.push_str(text);
        } else {
            parent.children.push(child);
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        if text.contains("]]>") {
            return Err("text holds \"]]>\"".to_owned());
        }
        let is_space = text.chars().all(|each| matches!(each, ' ' | '\t' | '\n' | '\r'));
        if self.open.is_empty() && is_space {
            return Ok(());
        }
        self.child(Child::Text(text.replace("\r\n", "\n").replace('\r', "\n")))
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), String> {
        let text = unescaped(&format!("&{};", &**reference))?;
        self.child(Child::Text(text))
    }

    fn instruction(&mut self, instruction: &BytesPI<'_>) -> Result<(), String> {
        let before = self.tree.elements.len();
        let (target, content) = (instruction.target().to_owned(), instruction.content().to_owned());
        if target.eq_ignore_ascii_case("xml") {
            return Err("an XML declaration stands inside".to_owned());
        }
        self.count()?;
        self.tree.instructions.push((target, content, before));
        if self.open.is_empty() { Ok(()) } else { self.child(Child::Other) }
    }

    fn name(&mut self, written: &str, namespace: ResolveResult<'_>) -> Result<Name, String> {
        let (prefix, local) = written.split_once(':').map_or((None, written), |(prefix, local)| (Some(prefix), local));
        if !is_name(local) || prefix.is_some_and(|prefix| !is_name(prefix)) {
            return Err(format!("\"{written}\" is no name"));
        }
        let namespace = match namespace {
            ResolveResult::Unbound => None,
            ResolveResult::Bound(namespace) => {
                let namespace = unescaped(namespace.into_inner())?;
                (!namespace.is_empty()).then(|| self.shared(&namespace))
            }
            ResolveResult::Unknown(prefix) => return Err(format!("the prefix {prefix} is not declared")),
        };
        Ok(Name { namespace, prefix: prefix.map(|prefix| self.shared(prefix)), local: local.to_owned() })
    }

    /// One copy of each namespace and prefix.
    fn shared(&mut self, text: &str) -> Rc<str> {
        if let Some(held) = self.names.get(text) {
            return Rc::clone(held);
        }
        let shared: Rc<str> = Rc::from(text);
        self.names.insert(text.to_owned(), Rc::clone(&shared));
        shared
    }
}

fn unescaped(raw: &str) -> Result<String, String> {
    let text = unescape(raw).map_err(|error| error.to_string())?;
    without_controls(&text).map(Cow::into_owned)
}

/// The text with spaces for control characters, which XML does not allow, but writers leave in headers and padding, and
/// the toolkit of the makers of XMP reads so.
fn without_controls(text: &str) -> Result<Cow<'_, str>, String> {
    let is_control = |each: char| each.is_ascii_control() && !matches!(each, '\t' | '\n' | '\r');
    if text.contains(['\u{FFFE}', '\u{FFFF}']) {
        return Err("it holds a character that XML does not allow".to_owned());
    }
    Ok(if text.contains(is_control) { Cow::Owned(text.replace(is_control, " ")) } else { Cow::Borrowed(text) })
}

/// Whether it is a name without a colon, as far as ASCII is concerned.
fn is_name(text: &str) -> bool {
    let is_start = |each: char| each.is_ascii_alphabetic() || each == '_' || !each.is_ascii();
    text.starts_with(is_start)
        && text.chars().all(|each| is_start(each) || each.is_ascii_digit() || matches!(each, '-' | '.'))
}

/// Turns bytes into text by the rules of XML: a mark, else the first bytes, else a declaration, else UTF-8. Says whether
/// they were UTF-8. Bytes that are not, but should be, are read as Latin-1, as the toolkit of the makers of XMP does.
pub(crate) fn decode(bytes: &[u8]) -> Result<(String, bool), String> {
    let is_wide = |of: [u8; 4]| bytes.starts_with(&of);
    if is_wide([0, 0, 0xFE, 0xFF]) || is_wide([0, 0, 0, b'<']) {
        return utf_32(bytes, u32::from_be_bytes).map(|text| (text, false));
    }
    if is_wide([0xFF, 0xFE, 0, 0]) || is_wide([b'<', 0, 0, 0]) {
        return utf_32(bytes, u32::from_le_bytes).map(|text| (text, false));
    }
    let encoding = encoding(bytes)?;
    let bytes = Encoding::for_bom(bytes).map_or(bytes, |(_, length)| bytes.get(length..).unwrap_or_default());
    match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok((text.into_owned(), encoding == UTF_8)),
        None if encoding == UTF_8 => Ok((utf_8_or_latin_1(bytes), false)),
        None => Err(format!("it is not valid {}", encoding.name())),
    }
}

fn utf_32(bytes: &[u8], number: fn([u8; 4]) -> u32) -> Result<String, String> {
    let (units, rest) = bytes.as_chunks::<4>();
    let text: Option<String> = units.iter().map(|unit| char::from_u32(number(*unit))).collect();
    text.filter(|_| rest.is_empty()).ok_or_else(|| "it is not valid UTF-32".to_owned())
}

fn utf_8_or_latin_1(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    text
}

fn encoding(bytes: &[u8]) -> Result<&'static Encoding, String> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Ok(encoding);
    }
    match bytes {
        [0, b'<', 0, _, ..] => return Ok(UTF_16BE),
        [b'<', 0, _, 0, ..] => return Ok(UTF_16LE),
        _ => {}
    }
    let Some(declaration) = bytes.strip_prefix(b"<?xml ".as_slice()) else { return Ok(UTF_8) };
    let declaration = declaration.get(..declaration.len().min(DECLARATION_BYTES_MAX)).unwrap_or_default();
    let declaration = String::from_utf8_lossy(declaration);
    let declaration = declaration.split("?>").next().unwrap_or_default();
    let Some((_, value)) = declaration.split_once("encoding") else { return Ok(UTF_8) };
    let label = value.trim_start_matches([' ', '\t', '\r', '\n', '=', '"', '\'']);
    let label = label.split(['"', '\'']).next().unwrap_or_default();
    match Encoding::for_label(label.as_bytes()) {
        // What is one byte a character here cannot be what it says.
        Some(encoding) if encoding == UTF_16BE || encoding == UTF_16LE => Err(format!("it is not written in {label}")),
        Some(encoding) => Ok(encoding),
        None => Err(format!("it is written in an encoding that is not known, \"{label}\"")),
    }
}
