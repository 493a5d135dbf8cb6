//! The sheet of a message: a block with its header fields and its attachments, then what it says.

mod archive;
mod html;
mod page;
mod style;

use super::{
    attachments::Listed,
    message::{Body, Message},
};
use crate::{
    domain::{Event, EventCode, limits},
    engines::{
        Error,
        native::typesetting::Faces,
        unpack::{Store, shown},
    },
};

/// Names of what a sheet becomes. Each says its type beyond doubt.
const PAGE: &str = "message.pdf";
const ARCHIVE: &str = "message.mhtml";
const RICH_TEXT: &str = "message.rtf";

/// Puts the sheet of a message into the store.
///
/// # Errors
/// `Limit` when its text is too long or the budget is used up, `Corrupt` when it cannot be set.
pub(super) fn write(
    message: Message,
    attachments: &[Listed],
    faces: &Faces,
    store: &mut Store<'_>,
) -> Result<(), Error> {
    let (block, events) = Block::of(&message, attachments);
    store.tell_of_all(events);
    match &message.body {
        Body::Html(html) => store.put_body(ARCHIVE, archive::compose(&block, html, &message.inline).as_bytes()),
        Body::Text(text) => {
            let (pdf, events) = page::set(&block, text, faces)?;
            store.tell_of_all(events);
            store.put_body(PAGE, pdf.as_slice())
        }
        Body::Rtf(rich) => {
            let (pdf, events) = page::set(&block, "", faces)?;
            store.tell_of_all(events);
            store.put_body(PAGE, pdf.as_slice())?;
            store.put_body(RICH_TEXT, rich.as_slice())
        }
    }
}

/// The block above what a message says. All of it is plain text.
#[derive(Debug)]
struct Block {
    /// Names of fields and what stands in them.
    fields: Vec<(&'static str, String)>,
    subject: String,
    /// Names and sizes, and whether they were left out.
    attachments: Vec<String>,
}

impl Block {
    fn of(message: &Message, attachments: &[Listed]) -> (Self, Vec<Event>) {
        let mut events = Vec::new();
        let mut fields = Vec::new();
        for (name, people) in [("From", &message.from), ("To", &message.to), ("Cc", &message.cc), ("Bcc", &message.bcc)]
        {
            if !people.is_empty() {
                fields.push((name, listed(name, people, &mut events)));
            }
        }
        fields.extend(message.date.as_deref().map(|date| ("Date", shown(date))));
        let subject: String = shown(&message.subject).chars().take(limits::NAME_CHARS_MAX).collect();
        if !subject.is_empty() {
            fields.push(("Subject", subject.clone()));
        }
        (Self { fields, subject, attachments: attachments.iter().map(line).collect() }, events)
    }
}

/// People behind each other; of very many the first ones.
fn listed(field: &str, people: &[String], events: &mut Vec<Event>) -> String {
    let max = limits::MAIL_PEOPLE_SHOWN_MAX;
    let shown = people.get(..max).unwrap_or(people).join(", ");
    let rest = people.len().saturating_sub(max);
    if rest == 0 {
        return shown;
    }
    let message = format!("The field {field} names {} people; the last {rest} of them are not shown.", people.len());
    events.push(Event::warning(EventCode::ContentClipped, message));
    format!("{shown}, … (+{rest})")
}

fn line(attachment: &Listed) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    let size = match attachment.bytes {
        bytes if bytes < KIB => format!("{bytes} B"),
        bytes if bytes < MIB => format!("{} KiB", bytes.div_ceil(KIB)),
        bytes => format!("{} MiB", bytes.div_ceil(MIB)),
    };
    let left_out = if attachment.is_left_out { ", left out" } else { "" };
    format!("{} ({size}{left_out})", attachment.name)
}

/// Text as HTML that shows it, within elements and within attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\0' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
