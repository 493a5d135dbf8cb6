//! A message, whatever it was read from.

use crate::{
    domain::{Event, Format, limits},
    engines::unpack,
};

/// A message.
#[derive(Debug, Default)]
pub(super) struct Message {
    /// Who wrote it. Each is a name, an address, or both, as shown to a reader.
    pub(super) from: Vec<String>,
    /// Whom it is for.
    pub(super) to: Vec<String>,
    /// Who gets a copy.
    pub(super) cc: Vec<String>,
    /// Who gets a copy that the others do not know of.
    pub(super) bcc: Vec<String>,
    /// When it was sent.
    pub(super) date: Option<String>,
    /// What it is about.
    pub(super) subject: String,
    /// What it says.
    pub(super) body: Body,
    /// What its body shows.
    pub(super) inline: Vec<Inline>,
    /// What came with it.
    pub(super) attachments: Vec<Attachment>,
    /// What the client is told.
    pub(super) events: Vec<Event>,
}

/// What a message says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Plain text.
    Text(String),
    /// HTML, which nobody has looked at.
    Html(String),
    /// Rich text, as a file.
    Rtf(Vec<u8>),
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// Something that an HTML body refers to.
#[derive(Debug, Default)]
pub(super) struct Inline {
    /// What the body calls it.
    pub(super) id: String,
    /// What the sender says it is.
    pub(super) media_type: String,
    /// What it is if the body does not show it.
    pub(super) attachment: Attachment,
}

/// A file that came with a message.
#[derive(Debug, Default, Clone)]
pub(super) struct Attachment {
    /// Its name; a label.
    pub(super) name: String,
    /// What it holds.
    pub(super) bytes: Vec<u8>,
}

impl Message {
    /// Whether there is nothing to be shown on a sheet.
    pub(super) fn is_empty(&self) -> bool {
        let no_body = match &self.body {
            Body::Text(text) | Body::Html(text) => text.trim().is_empty(),
            Body::Rtf(bytes) => bytes.is_empty(),
        };
        no_body && self.from.is_empty() && self.to.is_empty() && self.subject.is_empty() && self.date.is_none()
    }

    /// Makes attachments of what the body does not show, so that nothing is lost.
    pub(super) fn settle_inline(&mut self) {
        let html = match &self.body {
            Body::Html(html) => html.as_str(),
            Body::Text(_) | Body::Rtf(_) => "",
        };
        let (shown, rest) = std::mem::take(&mut self.inline)
            .into_iter()
            .partition(|inline| inline.is_addressable() && (refers(html, &inline.id)));
        self.inline = shown;
        // They stand before the other attachments in nearly every message.
        let rest: Vec<_> = rest.into_iter().map(|inline: Inline| inline.attachment).collect();
        self.attachments.splice(0..0, rest);
    }
}

impl Inline {
    /// Whether its identifier can stand in a header field.
    fn is_addressable(&self) -> bool {
        !self.id.is_empty()
            && self.id.len() <= limits::NAME_CHARS_MAX
            && self.id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"'))
    }
}

/// Whether HTML refers to a part by its identifier, as it stands or with the escapes of a URL.
fn refers(html: &str, id: &str) -> bool {
    html.contains(&format!("cid:{id}"))
        || (id.contains('@') && html.contains(&format!("cid:{}", id.replace('@', "%40"))))
}

/// A name for an attachment that has none, by its place among the others and by what the sender says it is.
pub(super) fn name_by_type(number: usize, media_type: &str) -> String {
    match Format::from_media_type(media_type) {
        Some(Format::Text) => format!("attachment-{number}.txt"),
        Some(format) => format!("attachment-{number}.{format}"),
        None => format!("attachment-{number}"),
    }
}

/// A name for a message in a message, by its subject.
pub(super) fn name_by_subject(subject: &str, extension: &str) -> String {
    const SUBJECT_CHARS_MAX: usize = 100;
    let subject: String = unpack::shown(subject).replace(['/', '\\'], "_").chars().take(SUBJECT_CHARS_MAX).collect();
    let subject = if subject.is_empty() { "message".to_owned() } else { subject };
    format!("{subject}.{extension}")
}

/// How somebody is shown: a name that looks like an address is put in quotes, so that nobody takes it for one.
pub(super) fn mailbox(name: &str, address: &str) -> String {
    let (name, address) = (unpack::shown(name), unpack::shown(address));
    let plain = name.trim_matches(['"', '\'']);
    if plain.is_empty() || plain.eq_ignore_ascii_case(&address) {
        address
    } else if address.is_empty() {
        name
    } else if name.contains(['<', '>', '@', ',', ';', '"']) {
        format!("\"{}\" <{address}>", name.replace('"', "'"))
    } else {
        format!("{name} <{address}>")
    }
}
