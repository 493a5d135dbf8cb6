//! The image of a JSON document in XML: members become elements, arrays a wrapper with an element an item.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::is_allowed;

/// What the items of an array are called, by the name of the array.
pub(in crate::api) const ITEMS: &[(&str, &str)] = &[
    ("jobInfos", "jobInfo"),
    ("workflows", "workflow"),
    ("profiles", "profile"),
    ("events", "event"),
    ("dataList", "data"),
    ("properties", "property"),
    ("options", "option"),
];

/// Writes the image of a JSON document under a root of the given name and namespace. Members keep their order; a
/// character that XML cannot hold becomes U+FFFD.
///
/// # Errors
/// When the text is not JSON.
pub(in crate::api) fn image(root: &str, namespace: Option<&str>, json: &[u8]) -> serde_json::Result<String> {
    let mut out = String::with_capacity(2 * json.len() + 64);
    out.push_str(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    let mut parser = serde_json::Deserializer::from_slice(json);
    Element { name: root, namespace, out: &mut out }.deserialize(&mut parser)?;
    parser.end()?;
    Ok(out)
}

/// An element that is to be written with what comes next in the JSON.
struct Element<'a> {
    name: &'a str,
    namespace: Option<&'a str>,
    out: &'a mut String,
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let name = clean(self.name);
        self.out.push('<');
        self.out.push_str(&name);
        if let Some(namespace) = self.namespace {
            self.out.push_str(" xmlns=\"");
            escape(namespace, self.out);
            self.out.push('"');
        }
        self.out.push('>');
        json.deserialize_any(Content { of: self.name, out: &mut *self.out })?;
        self.out.push_str("</");
        self.out.push_str(&name);
        self.out.push('>');
        Ok(())
    }
}

/// What stands between the tags of an element.
struct Content<'a> {
    of: &'a str,
    out: &'a mut String,
}

impl<'de> Visitor<'de> for Content<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.out.push_str(&value.to_string());
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.out.push_str(&value.to_string());
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.out.push_str(&value.to_string());
        Ok(())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        escape(value, self.out);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let name = ITEMS.iter().find(|(array, _)| *array == self.of).map_or("item", |(_, item)| item);
        while items.next_element_seed(Element { name, namespace: None, out: &mut *self.out })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            members.next_value_seed(Element { name: &name, namespace: None, out: &mut *self.out })?;
        }
        Ok(())
    }
}

/// A name that an element can have. Ours all can; what stands in the column of a result's properties is not ours alone.
fn clean(name: &str) -> String {
    let mut cleaned: String =
        name.chars().map(|each| if each.is_ascii_alphanumeric() || each == '_' { each } else { '_' }).collect();
    if !cleaned.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        cleaned.insert(0, '_');
    }
    cleaned
}

/// Writes text so that it is read as it was: a bare carriage return would be read as a line feed.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            allowed if is_allowed(allowed) => out.push(allowed),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
}
