//! XML as a client with a schema reads and writes it: into exactly the JSON that it is the image of.
//!
//! It shares nothing with the service but the library that finds the tags. The unit tests of the service's writer use it,
//! too (`src/api/xml/tests.rs`).

use quick_xml::{Reader, escape, events::Event};
use serde_json::{Map, Value};

/// What the items of an array are called, by the name of the array.
const ITEMS: &[(&str, &str)] = &[
    ("jobInfos", "jobInfo"),
    ("workflows", "workflow"),
    ("profiles", "profile"),
    ("events", "event"),
    ("dataList", "data"),
    ("properties", "property"),
    ("options", "option"),
];
/// Members that are true or false.
const TRUTHS: &[&str] = &["success", "isDefault"];
/// Members that are numbers, with the element that they stand in.
const NUMBERS: &[(&str, &str)] = &[
    ("problem", "status"),
    ("isolation", "processCount"),
    ("isolation", "queueLength"),
    ("jobCounts", "creating"),
    ("jobCounts", "processing"),
    ("jobCounts", "completed"),
    ("jobCounts", "total"),
];

/// A document.
#[derive(Debug, PartialEq)]
pub(crate) struct Document {
    /// Name of the root.
    pub(crate) root: String,
    /// Its namespace.
    pub(crate) namespace: Option<String>,
    /// What is in it.
    pub(crate) content: Value,
}

/// Reads a document; panics when it is not well-formed or not as the service writes them.
#[track_caller]
pub(crate) fn read(text: &str) -> Document {
    let rest = text.strip_prefix(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    let mut reader = Reader::from_str(rest.unwrap_or_else(|| panic!("no XML: {text}")));
    reader.config_mut().enable_all_checks(true);
    let Event::Start(root) = reader.read_event().unwrap() else { panic!("no root: {text}") };
    let name = root.name().as_ref().to_owned();
    let namespace = root.try_get_attribute("xmlns").unwrap().map(|namespace| namespace.value.into_owned());
    let content = content(&mut reader, "", &name);
    assert_eq!(reader.read_event().unwrap(), Event::Eof, "nothing follows the root: {text}");
    Document { root: name, namespace, content }
}

fn content(reader: &mut Reader<&[u8]>, parent: &str, of: &str) -> Value {
    let (mut text, mut children) = (String::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                let name = element.name().as_ref().to_owned();
                assert_eq!(element.attributes().count(), 0, "only the root has attributes: {name}");
                let child = content(reader, of, &name);
                children.push((name, child));
            }
            Event::Text(piece) => text.push_str(&piece),
            Event::GeneralRef(entity) => match entity.resolve_char_ref().unwrap() {
                Some(character) => text.push(character),
                None => text.push_str(escape::resolve_xml_entity(&entity).unwrap()),
            },
            Event::End(_) => break,
            Event::Empty(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::Eof => panic!("only elements and text are written"),
        }
    }
    assert!(text.chars().all(is_allowed), "{text:?}");
    if let Some((_, item)) = ITEMS.iter().find(|(array, _)| *array == of) {
        assert!(text.is_empty() && children.iter().all(|(name, _)| name == item), "{text}{children:?}");
        children.into_iter().map(|(_, child)| child).collect()
    } else if children.is_empty() {
        leaf(parent, of, text)
    } else {
        assert!(text.is_empty(), "text beside elements: {text}");
        let count = children.len();
        let members: Map<_, _> = children.into_iter().collect();
        assert_eq!(members.len(), count, "no member comes twice");
        members.into()
    }
}

fn leaf(parent: &str, of: &str, text: String) -> Value {
    if TRUTHS.contains(&of) {
        text.parse::<bool>().unwrap().into()
    } else if NUMBERS.contains(&(parent, of)) {
        text.parse::<i64>().unwrap().into()
    } else {
        text.into()
    }
}

/// The characters of XML 1.0 (production 2).
pub(crate) const fn is_allowed(character: char) -> bool {
    matches!(
        character,
        '\u{9}' | '\u{A}' | '\u{D}' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}'
    )
}

/// Writes a list of options; all of the text must be such as XML can hold.
pub(crate) fn options<T: AsRef<str>>(options: &[(T, T)]) -> String {
    // A bare carriage return is read as a line feed.
    let text = |text: &T| escape::escape(text.as_ref()).replace('\r', "&#13;");
    let option =
        |(name, value): &(T, T)| format!("<option><name>{}</name><value>{}</value></option>", text(name), text(value));
    let options: String = options.iter().map(option).collect();
    format!(r#"<?xml version="1.0" encoding="UTF-8"?><options>{options}</options>"#)
}
