//! XML as the JSON that it is the image of.

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
];

/// Reads a document and gives name and namespace of its root, and its content with all leaves as text.
#[track_caller]
pub(crate) fn read(text: &str) -> (String, Option<String>, Value) {
    let rest = text.strip_prefix(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    let mut reader = Reader::from_str(rest.unwrap_or_else(|| panic!("no XML: {text}")));
    let Event::Start(root) = reader.read_event().unwrap() else { panic!("no root: {text}") };
    let name = root.name().as_ref().to_owned();
    let namespace = root.try_get_attribute("xmlns").unwrap().map(|namespace| namespace.value.into_owned());
    let content = content(&mut reader, &name);
    assert_eq!(reader.read_event().unwrap(), Event::Eof, "nothing follows the root: {text}");
    (name, namespace, content)
}

fn content(reader: &mut Reader<&[u8]>, of: &str) -> Value {
    let (mut text, mut children) = (String::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                let name = element.name().as_ref().to_owned();
                let child = content(reader, &name);
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
    if let Some((_, item)) = ITEMS.iter().find(|(array, _)| *array == of) {
        assert!(children.iter().all(|(name, _)| name == item), "{children:?}");
        children.into_iter().map(|(_, child)| child).collect()
    } else if children.is_empty() {
        text.into()
    } else {
        children.into_iter().collect::<Map<_, _>>().into()
    }
}

/// JSON with all leaves as text.
pub(crate) fn leaves_as_text(json: &Value) -> Value {
    match json {
        Value::String(_) => json.clone(),
        Value::Array(items) => items.iter().map(leaves_as_text).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), leaves_as_text(member))).collect::<Map<_, _>>().into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => json.to_string().into(),
    }
}
