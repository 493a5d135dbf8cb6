//! XML as it is written: elements that are closed in order, and no character that XML 1.0 does not have.

use std::io::{self, Write};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use crate::domain::limits;

/// An attribute, which is left out without a value.
pub(super) type Attribute<'a> = (&'static str, Option<&'a str>);

/// Writes elements.
pub(super) struct Sink<'a, W: Write> {
    writer: Writer<&'a mut W>,
    open: Vec<&'static str>,
}

impl<'a, W: Write> Sink<'a, W> {
    /// Starts a document.
    pub(super) fn new(out: &'a mut W) -> io::Result<Self> {
        let mut writer = Writer::new(out);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        Ok(Self { writer, open: Vec::new() })
    }

    /// Opens an element.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) -> io::Result<()> {
        let element = element(name, attributes);
        self.open.push(name);
        self.writer.write_event(Event::Start(element))
    }

    /// Writes an element without content.
    pub(super) fn empty(&mut self, name: &'static str, attributes: &[Attribute<'_>]) -> io::Result<()> {
        self.writer.write_event(Event::Empty(element(name, attributes)))
    }

    /// Writes an element with text.
    pub(super) fn leaf(&mut self, name: &'static str, attributes: &[Attribute<'_>], text: &str) -> io::Result<()> {
        self.open(name, attributes)?;
        self.text(text)?;
        self.close()
    }

    /// Writes text.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        let text: String = text.chars().filter(|character| is_xml(*character)).collect();
        self.writer.write_event(Event::Text(BytesText::new(&text)))
    }

    /// Starts a new line, where that is no text.
    pub(super) fn line(&mut self) -> io::Result<()> {
        self.writer.get_mut().write_all(b"\n")
    }

    /// Closes the innermost open element.
    pub(super) fn close(&mut self) -> io::Result<()> {
        match self.open.pop() {
            Some(name) => self.writer.write_event(Event::End(BytesEnd::new(name))),
            None => Ok(()),
        }
    }

    /// Closes all that is open.
    pub(super) fn finish(mut self) -> io::Result<()> {
        while !self.open.is_empty() {
            self.close()?;
        }
        self.line()?;
        self.writer.into_inner().flush()
    }
}

fn element<'e>(name: &'static str, attributes: &[Attribute<'_>]) -> BytesStart<'e> {
    let mut element = BytesStart::new(name);
    for (name, value) in attributes {
        if let Some(value) = value {
            element.push_attribute((*name, value_of(value).as_str()));
        }
    }
    element
}

/// A value is one line: readers make spaces of line breaks in attributes.
fn value_of(text: &str) -> String {
    let kept = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    kept.filter(|character| is_xml(*character)).take(limits::XML_VALUE_CHARS_MAX).collect()
}

/// Whether XML 1.0 has a character (section 2.2), but for the control characters that are no line breaks.
fn is_xml(character: char) -> bool {
    let is_line = matches!(character, '\t' | '\n' | '\r');
    is_line || !(character.is_control() || matches!(character, '\u{FFFE}' | '\u{FFFF}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_does_not_have_is_left_out_and_what_it_means_is_escaped() {
        let mut out = Vec::new();
        let mut sink = Sink::new(&mut out).unwrap();
        sink.open("p", &[("alt", Some("a\"<\n\u{1}b")), ("lang", None)]).unwrap();
        sink.text("x\u{0}\u{FFFF} < & \u{1F600}").unwrap();
        sink.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with("<p alt=\"a&quot;&lt;  b\">x &lt; &amp; \u{1F600}</p>\n"), "{text}");
    }
}
