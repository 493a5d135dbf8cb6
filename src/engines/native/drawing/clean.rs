//! Takes out of a drawing what leads outside or runs, before anything draws it.

use std::collections::BTreeMap;

use quick_xml::{
    Reader, Writer,
    events::{BytesRef, BytesStart, BytesText, Event as Piece},
};

use crate::{
    domain::{Event, EventCode},
    engines::{Error, native::typesetting::Fonts},
};

/// What is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Loss {
    Picture,
    Shape,
    StyleSheet,
    Font,
    Script,
    Foreign,
    Multimedia,
}

impl Loss {
    fn told(self, count: usize) -> Event {
        let s = if count == 1 { "" } else { "s" };
        let (was, outside) = (if count == 1 { "was" } else { "were" }, EventCode::ExternalResourceUnavailable);
        match self {
            Self::Picture => Event::warning(outside, format!("{count} linked picture{s} {was} not loaded.")),
            Self::Shape => Event::warning(outside, format!("{count} shape{s} of other files {was} not loaded.")),
            Self::StyleSheet => Event::warning(outside, format!("{count} linked style sheet{s} {was} not loaded.")),
            Self::Font => {
                Event::warning(outside, format!("{count} linked font{s} or picture{s} of a style {was} not loaded."))
            }
            Self::Script => Event::info(EventCode::ActionRemoved, format!("{count} script{s} {was} removed.")),
            Self::Foreign => {
                let message = format!("{count} piece{s} of HTML inside the drawing {was} left out.");
                Event::warning(EventCode::ContentClipped, message)
            }
            Self::Multimedia => {
                Event::warning(EventCode::MultimediaRemoved, format!("{count} sound{s} or film{s} {was} removed."))
            }
        }
    }
}

/// A drawing that can be drawn without anything else.
///
/// # Errors
/// `Corrupt` when it is no XML.
pub(super) fn clean(drawing: &str, fonts: &mut Fonts, events: &mut Vec<Event>) -> Result<String, Error> {
    let mut cleaner = Cleaner { fonts, losses: BTreeMap::new(), texts: 0, styles: 0 };
    let mut reader = Reader::from_str(drawing);
    let mut writer = Writer::new(Vec::new());
    loop {
        let piece = reader.read_event().map_err(|error| malformed(&error))?;
        let kept = match piece {
            Piece::Eof => break,
            Piece::Start(element) => match cleaner.loss(&element) {
                Some(loss) => {
                    cleaner.count(loss);
                    reader.read_to_end(element.name()).map_err(|error| malformed(&error))?;
                    continue;
                }
                None => {
                    cleaner.enter(&element);
                    Piece::Start(cleaner.without_handlers(&element))
                }
            },
            Piece::Empty(element) => match cleaner.loss(&element) {
                Some(loss) => {
                    cleaner.count(loss);
                    continue;
                }
                None => Piece::Empty(cleaner.without_handlers(&element)),
            },
            Piece::End(element) => {
                cleaner.leave(element.local_name().as_ref());
                Piece::End(element)
            }
            Piece::Text(text) => Piece::Text(BytesText::from_escaped(cleaner.text(&text.into_inner()))),
            Piece::CData(text) => Piece::Text(BytesText::new(&cleaner.text(&text.into_inner())).into_owned()),
            Piece::GeneralRef(reference) => cleaner.reference(reference),
            Piece::PI(instruction) if instruction.target() == "xml-stylesheet" => {
                cleaner.count(Loss::StyleSheet);
                continue;
            }
            // What is left of these says nothing about how it looks, and the text is UTF-8 now.
            Piece::PI(_) | Piece::Comment(_) | Piece::Decl(_) => continue,
            Piece::DocType(definitions) => Piece::DocType(definitions),
        };
        writer
            .write_event(kept)
            .map_err(|source| Error::Internal { doing: "write a drawing".to_owned(), source: Some(source) })?;
    }
    events.extend(cleaner.losses.into_iter().map(|(loss, count)| loss.told(count)));
    String::from_utf8(writer.into_inner()).map_err(|_| Error::Corrupt { what: "it is no text".to_owned() })
}

fn malformed(error: &quick_xml::Error) -> Error {
    Error::Corrupt { what: format!("the drawing is not well-formed XML ({error})") }
}

struct Cleaner<'a> {
    fonts: &'a mut Fonts,
    losses: BTreeMap<Loss, usize>,
    /// How many elements with text to be shown, and with styles, are open.
    texts: usize,
    styles: usize,
}

impl Cleaner<'_> {
    fn count(&mut self, loss: Loss) {
        *self.losses.entry(loss).or_default() += 1;
    }

    /// What is lost when an element is left out, if it must be.
    fn loss(&self, element: &BytesStart<'_>) -> Option<Loss> {
        let leads_out = || {
            let mut targets = element.attributes().flatten();
            targets.any(|attribute| attribute.key.local_name().as_ref() == "href" && leads_out(&attribute.value))
        };
        match element.local_name().as_ref() {
            "script" | "handler" => Some(Loss::Script),
            "foreignObject" | "iframe" | "object" | "embed" => Some(Loss::Foreign),
            "audio" | "video" => Some(Loss::Multimedia),
            "link" => Some(Loss::StyleSheet),
            "image" | "feImage" | "img" if leads_out() => Some(Loss::Picture),
            "font-face-uri" if leads_out() => Some(Loss::Font),
            "a" => None,
            _ if leads_out() => Some(Loss::Shape),
            _ => None,
        }
    }

    fn enter(&mut self, element: &BytesStart<'_>) {
        match element.local_name().as_ref() {
            "text" => self.texts += 1,
            "style" => self.styles += 1,
            _ => {}
        }
    }

    fn leave(&mut self, name: &str) {
        match name {
            "text" => self.texts = self.texts.saturating_sub(1),
            "style" => self.styles = self.styles.saturating_sub(1),
            _ => {}
        }
    }

    /// The element without what runs when something happens to it.
    fn without_handlers<'b>(&mut self, element: &BytesStart<'b>) -> BytesStart<'b> {
        let is_handler = |name: &str| name.starts_with("on");
        let mut attributes = element.attributes().flatten();
        for attribute in element.attributes().flatten().filter(|attribute| attribute.key.as_ref() == "style") {
            self.style(&attribute.value);
        }
        if !attributes.any(|attribute| is_handler(attribute.key.as_ref())) {
            return element.clone();
        }
        self.count(Loss::Script);
        let kept = element.attributes().flatten().filter(|attribute| !is_handler(attribute.key.as_ref()));
        let mut clean = element.to_owned();
        clean.clear_attributes();
        clean.extend_attributes(kept);
        clean
    }

    fn text(&mut self, text: &str) -> String {
        if self.styles > 0 {
            self.style(text);
            text.to_owned()
        } else if self.texts > 0 {
            self.fonts.shown(text)
        } else {
            text.to_owned()
        }
    }

    fn reference<'b>(&mut self, reference: BytesRef<'b>) -> Piece<'b> {
        match reference.resolve_char_ref() {
            Ok(Some(character))
                if self.texts > 0 && self.fonts.shown(character.encode_utf8(&mut [0; 4])) == "\u{fffd}" =>
            {
                Piece::Text(BytesText::from_escaped("\u{fffd}"))
            }
            Ok(_) | Err(_) => Piece::GeneralRef(reference),
        }
    }

    /// Counts what a style would load. Nothing that draws here loads anything for a style.
    fn style(&mut self, style: &str) {
        let imports = style.matches("@import").count();
        let urls = style.split("url(").skip(1);
        let outside = urls.filter(|url| leads_out(url.trim_start_matches(['"', '\'', ' ']))).count();
        // An import may name its target in either way.
        let imported_urls = style.split("@import").skip(1).filter(|rest| rest.trim_start().starts_with("url(")).count();
        for (loss, count) in [(Loss::StyleSheet, imports), (Loss::Font, outside.saturating_sub(imported_urls))] {
            if count > 0 {
                *self.losses.entry(loss).or_default() += count;
            }
        }
    }
}

/// Whether a reference is to something that is not in the drawing.
fn leads_out(target: &str) -> bool {
    let target = target.trim_start();
    !target.is_empty() && !target.starts_with('#') && !target.to_ascii_lowercase().starts_with("data:")
}
