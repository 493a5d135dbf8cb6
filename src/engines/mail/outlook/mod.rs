//! Messages of Outlook: what its properties say, whichever file they are read from.
//!
//! Properties are those of MAPI ([MS-OXPROPS]); files keep them as streams of a compound file ([`msg`], [MS-OXMSG]) or one after
//! the other ([`tnef`], [MS-OXTNEF]). A body is HTML, text, or rich text that may be HTML or text in disguise ([`rtf`]).

mod lzfu;
pub(super) mod msg;
mod properties;
mod rtf;
pub(super) mod tnef;

use encoding_rs::Encoding;
use properties::{Properties, id};
use time::{OffsetDateTime, macros::format_description};

use super::{
    charset, eml,
    message::{Attachment, Body, Inline, Message, mailbox, name_by_subject, name_by_type},
};
use crate::{
    domain::{Event, EventCode},
    engines::Error,
};

/// A message as its file holds it.
#[derive(Debug, Default)]
struct Outlook {
    own: Properties,
    recipients: Vec<Properties>,
    attachments: Vec<Attached>,
}

/// A file in a message.
#[derive(Debug, Default)]
struct Attached {
    own: Properties,
    /// The message that it is, as a file, and the extension of such files.
    message: Option<(Vec<u8>, &'static str)>,
}

impl Outlook {
    /// What it says.
    ///
    /// # Errors
    /// `UnsupportedFeature` when it is encrypted, and those of the message inside its signature.
    fn into_message(self) -> Result<Message, Error> {
        let encoding = self.encoding();
        let text = |id| self.own.text(id, encoding);
        let mut message =
            Message { subject: text(id::SUBJECT).unwrap_or_default(), date: self.date(), ..Message::default() };
        let sender = mailbox(
            &text(id::SENT_REPRESENTING_NAME).or_else(|| text(id::SENDER_NAME)).unwrap_or_default(),
            &self.sender_address(encoding),
        );
        message.from.extend(Some(sender).filter(|sender| !sender.is_empty()));
        for recipient in &self.recipients {
            let (kind, who) = person(recipient, encoding);
            let list = match kind {
                2 => &mut message.cc,
                3 => &mut message.bcc,
                _ => &mut message.to,
            };
            list.extend(Some(who).filter(|who| !who.is_empty()));
        }
        self.fill_up(&mut message, encoding);
        if let Some(wrapped) = self.wrapped(encoding) {
            let inner = eml::read_wrapped(wrapped)?;
            let Message { body, inline, attachments, events, .. } = inner;
            return Ok(Message { body, inline, attachments, events, ..message });
        }
        message.body = self.body(encoding);
        for attached in self.attachments {
            attached.put(&mut message, encoding);
        }
        Ok(message)
    }

    /// The whole message as the Internet has it, if it is signed or encrypted: it is the only attachment then.
    fn wrapped(&self, encoding: Option<&'static Encoding>) -> Option<&[u8]> {
        const CLASS: &str = "ipm.note.smime";
        let class = self.own.text(id::MESSAGE_CLASS, encoding)?.to_ascii_lowercase();
        let [attached] = self.attachments.as_slice() else { return None };
        attached.own.binary(id::DATA).filter(|_| class.starts_with(CLASS))
    }

    /// The encoding of text that is not Unicode; if the message says nothing, the one that it all together looks like.
    fn encoding(&self) -> Option<&'static Encoding> {
        let said = |id| self.own.number(id).and_then(charset::of_code_page);
        let of_locale = || self.own.number(id::LOCALE).and_then(charset::of_locale);
        said(id::MESSAGE_CODE_PAGE).or_else(of_locale).or_else(|| said(id::INTERNET_CODE_PAGE)).or_else(|| {
            let all = [&self.own]
                .into_iter()
                .chain(&self.recipients)
                .chain(self.attachments.iter().map(|attached| &attached.own));
            let bytes: Vec<u8> = all.flat_map(Properties::narrow).collect();
            std::str::from_utf8(&bytes).is_err().then(|| charset::guess(&bytes))
        })
    }

    fn date(&self) -> Option<String> {
        let date = self.own.time(id::CLIENT_SUBMIT_TIME).or_else(|| self.own.time(id::DELIVERY_TIME))?;
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] +00:00");
        date.format(format).ok()
    }

    /// The address of the sender as the Internet knows it, if there is one.
    fn sender_address(&self, encoding: Option<&'static Encoding>) -> String {
        let candidates =
            [id::SENT_REPRESENTING_SMTP, id::SENDER_SMTP, id::SENT_REPRESENTING_ADDRESS, id::SENDER_ADDRESS];
        let mut addresses = candidates.into_iter().filter_map(|id| self.own.text(id, encoding));
        addresses.find(|address| address.contains('@')).unwrap_or_default()
    }

    /// Takes from the header fields of the Internet what the properties do not say.
    fn fill_up(&self, message: &mut Message, encoding: Option<&'static Encoding>) {
        let Some(fields) = self.own.text(id::TRANSPORT_HEADERS, encoding) else { return };
        let header = eml::header_of(&fields);
        if message.from.is_empty() || !message.from.iter().any(|from| from.contains('@')) && !header.from.is_empty() {
            message.from = header.from;
        }
        if self.recipients.is_empty() {
            (message.to, message.cc) = (header.to, header.cc);
        }
        message.date = message.date.take().or(header.date);
    }

    fn body(&self, encoding: Option<&'static Encoding>) -> Body {
        let is_said = |text: &String| !text.trim().is_empty();
        if let Some(html) = self.html(encoding).filter(is_said) {
            return Body::Html(html);
        }
        let text = self.own.text(id::BODY, encoding).filter(is_said);
        let rich =
            self.own.binary(id::RTF_COMPRESSED).and_then(lzfu::unpack).filter(|rich| !rich.trim_ascii().is_empty());
        match (rich.as_deref().map(rtf::unwrap), text) {
            (Some(rtf::Unwrapped::Html(html)), _) if is_said(&html) => Body::Html(html),
            (Some(rtf::Unwrapped::Text(own)), text) => Body::Text(text.unwrap_or(own)),
            // What was set in type by hand is shown so.
            (Some(rtf::Unwrapped::Rich), _) => Body::Rtf(rich.unwrap_or_default()),
            (_, text) => Body::Text(text.unwrap_or_default()),
        }
    }

    /// The body as HTML. As bytes it is in the encoding for the Internet, whatever it says itself.
    fn html(&self, encoding: Option<&'static Encoding>) -> Option<String> {
        if let Some(bytes) = self.own.binary(id::HTML) {
            let said = self.own.number(id::INTERNET_CODE_PAGE).and_then(charset::of_code_page);
            return Some(charset::decoded(bytes, said.or(encoding)));
        }
        self.own.text(id::HTML, encoding)
    }
}

/// A recipient, and which kind of one it is.
fn person(recipient: &Properties, encoding: Option<&'static Encoding>) -> (i64, String) {
    let text = |id| recipient.text(id, encoding);
    let name = text(id::DISPLAY_NAME).unwrap_or_default();
    let addresses = [id::SMTP_ADDRESS, id::EMAIL_ADDRESS].into_iter().filter_map(text);
    let address = addresses.filter(|address| address.contains('@')).map(|address| bare(&address).to_owned()).next();
    (recipient.number(id::RECIPIENT_TYPE).unwrap_or(1), mailbox(&name, &address.unwrap_or_default()))
}

/// An address without the protocol that some put before it.
fn bare(address: &str) -> &str {
    address.strip_prefix("SMTP:").or_else(|| address.strip_prefix("smtp:")).unwrap_or(address)
}

impl Attached {
    fn put(self, message: &mut Message, encoding: Option<&'static Encoding>) {
        let text = |id| self.own.text(id, encoding).filter(|text| !text.trim().is_empty());
        let number = message.attachments.len() + message.inline.len() + 1;
        let name = text(id::LONG_FILE_NAME).or_else(|| text(id::FILE_NAME)).or_else(|| text(id::DISPLAY_NAME));
        if let Some((bytes, extension)) = self.message {
            let name = name_by_subject(&text(id::DISPLAY_NAME).or(name).unwrap_or_default(), extension);
            message.attachments.push(Attachment { name, bytes });
            return;
        }
        let media_type = text(id::MIME_TYPE).unwrap_or_default().to_ascii_lowercase();
        let name = name.unwrap_or_else(|| name_by_type(number, &media_type));
        let Some(bytes) = self.own.binary(id::DATA) else {
            // A picture or a table drawn into the text by another program, or a mere link to a file.
            let what = format!("The attachment '{name}' is no file but an object or a link; it was left out.");
            let event = Event { part: Some(name), ..Event::warning(EventCode::EmbeddedFileRemoved, what) };
            message.events.push(event);
            return;
        };
        let attachment = Attachment { name, bytes: bytes.to_vec() };
        match text(id::CONTENT_ID) {
            Some(id) => {
                let id = id.trim().trim_start_matches('<').trim_end_matches('>').to_owned();
                message.inline.push(Inline { id, media_type, attachment });
            }
            None => message.attachments.push(attachment),
        }
    }
}

/// Time as Windows counts it: tenths of microseconds since 1601.
fn time_of_windows(ticks: i64) -> Option<OffsetDateTime> {
    const TICKS_A_SECOND: i64 = 10_000_000;
    const SECONDS_TO_1970: i64 = 11_644_473_600;
    (ticks > 0).then(|| OffsetDateTime::from_unix_timestamp(ticks / TICKS_A_SECOND - SECONDS_TO_1970).ok()).flatten()
}
