//! Messages of the Internet (RFC 5322, MIME): what stands at their head, and which of their parts are what the message says.

use std::borrow::Cow;

use mail_parser::{
    Addr, Encoding as Transfer, HeaderName, HeaderValue, MessageParser, MessagePart, MimeHeaders as _, PartType,
    decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode},
};

use super::{
    charset,
    message::{Attachment, Body, Inline, Message, mailbox, name_by_subject, name_by_type},
    outlook,
    smime::{self, Cms},
};
use crate::{
    domain::{Event, EventCode, limits},
    engines::Error,
};

/// Reads a message.
///
/// # Errors
/// `Corrupt` when it has no header, `UnsupportedFeature` when it is encrypted, `Limit` when its parts are nested too deep.
pub(super) fn read(bytes: &[u8]) -> Result<Message, Error> {
    read_nested(bytes, 0)
}

/// Reads a message that may be a file of S/MIME.
///
/// # Errors
/// As with [`read`].
pub(super) fn read_wrapped(bytes: &[u8]) -> Result<Message, Error> {
    match smime::open(bytes) {
        Cms::Encrypted => Err(encrypted("S/MIME")),
        Cms::Other => read(bytes),
        Cms::Signed(bytes) => {
            let mut message = read(&bytes)?;
            message.events.push(signature_removed());
            Ok(message)
        }
    }
}

fn read_nested(bytes: &[u8], depth: usize) -> Result<Message, Error> {
    check(bytes)?;
    let bytes = with_readable_head(without_separator(bytes));
    let parsed = MessageParser::default().parse(bytes.as_ref()).filter(|message| !message.parts.is_empty());
    let parsed = parsed.ok_or_else(|| Error::Corrupt { what: "the message has no header fields".to_owned() })?;
    let mut reader = Reader { parsed: &parsed, message: header(&parsed), depth };
    let pieces = reader.part(0, depth)?;
    let Reader { mut message, .. } = reader;
    let body = joined(pieces);
    // What Outlook sent along says it better than the plain text beside it.
    if matches!(&message.body, Body::Text(text) if text.trim().is_empty()) || matches!(body, Body::Html(_)) {
        message.body = body;
    }
    Ok(message)
}

/// Refuses messages in messages without end before they are read: each would be taken down by a call inside the other.
fn check(bytes: &[u8]) -> Result<(), Error> {
    let ends_with = |text: &[u8], end: &[u8]| {
        text.len()
            .checked_sub(end.len())
            .and_then(|at| text.get(at..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    let begins_with =
        |text: &[u8], head: &[u8]| text.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head));
    let marks = memchr::memchr_iter(b'/', bytes).filter(|slash| {
        let (before, after) = bytes.split_at(*slash);
        (ends_with(before, b"message") && (begins_with(after, b"/rfc822") || begins_with(after, b"/global")))
            || (ends_with(before, b"multipart") && begins_with(after, b"/digest"))
    });
    let max = limits::MAIL_MESSAGES_MAX;
    if marks.take(max + 1).count() > max {
        return Err(Error::Limit { which: format!("messages in it, at most {max} are allowed") });
    }
    Ok(())
}

/// A message as it lies in a mailbox begins with a line that is not of its header.
fn without_separator(bytes: &[u8]) -> &[u8] {
    let is_separator = bytes.starts_with(b"From ") || bytes.starts_with(b">From ");
    let end = bytes.iter().position(|byte| *byte == b'\n').filter(|_| is_separator);
    end.and_then(|end| bytes.get(end + 1..)).unwrap_or(bytes)
}

/// Header fields are ASCII or UTF-8; those of programs that wrote them in the encoding of their system are made so.
fn with_readable_head(bytes: &[u8]) -> Cow<'_, [u8]> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").map(|at| at + 1);
    let end = end.into_iter().chain(bytes.windows(3).position(|three| three == b"\n\r\n").map(|at| at + 1)).min();
    let (head, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
    match std::str::from_utf8(head) {
        Ok(_) => Cow::Borrowed(bytes),
        Err(_) => Cow::Owned([charset::guessed(head).as_bytes(), rest].concat()),
    }
}

/// What stands at the head of a message.
fn header(parsed: &mail_parser::Message<'_>) -> Message {
    let people = |name: HeaderName<'static>| -> Vec<String> {
        let fields = parsed.header_values(name).filter_map(HeaderValue::as_address);
        fields.flat_map(|field| field.iter().map(person)).filter(|person| !person.is_empty()).collect()
    };
    let date = parsed.date().filter(|date| date.is_valid()).map(|date| {
        let sign = if date.tz_before_gmt { '-' } else { '+' };
        let (day, time) = (
            format!("{:04}-{:02}-{:02}", date.year, date.month, date.day),
            format!("{:02}:{:02}:{:02}", date.hour, date.minute, date.second),
        );
        format!("{day} {time} {sign}{:02}:{:02}", date.tz_hour, date.tz_minute)
    });
    Message {
        from: people(HeaderName::From),
        to: people(HeaderName::To),
        cc: people(HeaderName::Cc),
        bcc: people(HeaderName::Bcc),
        date: date.or_else(|| parsed.header_raw(HeaderName::Date).map(|date| date.trim().to_owned())),
        subject: parsed.subject().unwrap_or_default().to_owned(),
        ..Message::default()
    }
}

fn person(address: &Addr<'_>) -> String {
    mailbox(address.name().unwrap_or_default(), address.address().unwrap_or_default())
}

/// The header fields of a message that Outlook keeps beside its own.
pub(super) fn header_of(text: &str) -> Message {
    MessageParser::default().parse_headers(text.as_bytes()).map(|parsed| header(&parsed)).unwrap_or_default()
}

/// A piece of what a message says.
#[derive(Debug)]
enum Piece {
    Text(String),
    Html(String),
}

/// Puts pieces behind each other; text beside HTML becomes HTML that looks like text.
fn joined(pieces: Vec<Piece>) -> Body {
    if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
        let texts: Vec<_> = pieces.iter().map(Piece::content).filter(|text| !text.trim().is_empty()).collect();
        return Body::Text(texts.join("\n"));
    }
    let html = pieces.into_iter().map(|piece| match piece {
        Piece::Html(html) => html,
        Piece::Text(text) => {
            format!("<div style=\"white-space: pre-wrap\">{}</div>", super::sheet::escaped(text.trim_end()))
        }
    });
    Body::Html(html.collect::<Vec<_>>().join("\n"))
}

impl Piece {
    fn content(&self) -> &str {
        match self {
            Self::Text(content) | Self::Html(content) => content,
        }
    }
}

/// Goes through the parts of a message.
struct Reader<'m> {
    parsed: &'m mail_parser::Message<'m>,
    message: Message,
    /// How many messages in signatures and multiparts this one is in.
    depth: usize,
}

impl<'m> Reader<'m> {
    /// What a part says. All else that it holds goes to the message.
    fn part(&mut self, id: u32, depth: usize) -> Result<Vec<Piece>, Error> {
        let max = limits::MAIL_PARTS_DEPTH_MAX;
        if depth > max {
            return Err(Error::Limit {
                which: format!("parts of a message inside each other, at most {max} are read"),
            });
        }
        let parsed = self.parsed;
        let Some(part) = usize::try_from(id).ok().and_then(|id| parsed.parts.get(id)) else { return Ok(Vec::new()) };
        let PartType::Multipart(children) = &part.body else { return self.leaf(part) };
        let kind = media_type(part);
        if kind == "multipart/encrypted" {
            return Err(encrypted("PGP"));
        }
        let mut said = Vec::with_capacity(children.len());
        for child in children {
            said.push(self.part(*child, depth + 1)?);
        }
        if kind == "multipart/alternative" {
            // They say the same; the last one does it best, and HTML better than text wherever it stands.
            let is_html = |pieces: &Vec<Piece>| pieces.iter().any(|piece| matches!(piece, Piece::Html(_)));
            let best = said.iter().rposition(is_html).or_else(|| said.iter().rposition(|pieces| !pieces.is_empty()));
            return Ok(best.map(|best| said.swap_remove(best)).unwrap_or_default());
        }
        Ok(said.into_iter().flatten().collect())
    }

    /// A part without parts.
    fn leaf(&mut self, part: &'m MessagePart<'m>) -> Result<Vec<Piece>, Error> {
        let kind = media_type(part);
        if let PartType::Message(nested) = &part.body {
            let name = name_by_subject(nested.subject().unwrap_or_default(), "eml");
            self.message.attachments.push(Attachment { name, bytes: self.raw(part) });
            return Ok(Vec::new());
        }
        if is_body(part, &kind) {
            return Ok(self.text(part, &kind).into_iter().collect());
        }
        match kind.as_str() {
            "application/pkcs7-signature" | "application/x-pkcs7-signature" | "application/pgp-signature" => {
                self.message.events.push(signature_removed());
            }
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => return self.signed(part, &kind),
            "application/ms-tnef" | "application/vnd.ms-tnef" => self.outlook(part, &kind)?,
            _ if part.contents().starts_with(outlook::tnef::MARK) => self.outlook(part, &kind)?,
            _ => self.attach(part, &kind),
        }
        Ok(Vec::new())
    }

    /// What a part of text says.
    fn text(&self, part: &MessagePart<'_>, kind: &str) -> Option<Piece> {
        let read = part.text_contents()?;
        let label = part.content_type().and_then(|kind| kind.attribute("charset"));
        let is_known = label.is_some_and(|label| charset::of_label(label).is_some());
        // UTF-7 and some code pages of DOS are no encodings of the web, and the parser knows them.
        let is_known = is_known || label.is_some_and(|label| !read.contains('\u{fffd}') && !label.is_empty());
        let text = if is_known { read.to_owned() } else { charset::guessed(&self.raw(part)) };
        Some(match kind {
            "text/html" => Piece::Html(text),
            "text/enriched" | "text/richtext" => Piece::Text(without_marks(&text)),
            _ => Piece::Text(text),
        })
    }

    /// A message in a file of S/MIME.
    fn signed(&mut self, part: &MessagePart<'_>, kind: &str) -> Result<Vec<Piece>, Error> {
        match smime::open(part.contents()) {
            Cms::Encrypted => Err(encrypted("S/MIME")),
            Cms::Other => {
                self.attach(part, kind);
                Ok(Vec::new())
            }
            Cms::Signed(bytes) => {
                let inner = read_nested(&bytes, self.depth + 1)?;
                self.message.events.push(signature_removed());
                self.message.events.extend(inner.events);
                self.message.inline.extend(inner.inline);
                self.message.attachments.extend(inner.attachments);
                Ok(match inner.body {
                    Body::Text(text) => vec![Piece::Text(text)],
                    Body::Html(html) => vec![Piece::Html(html)],
                    rtf @ Body::Rtf(_) => {
                        self.message.body = rtf;
                        Vec::new()
                    }
                })
            }
        }
    }

    /// What Outlook wraps up for other Outlooks: the message as it was written, and its attachments.
    fn outlook(&mut self, part: &MessagePart<'_>, kind: &str) -> Result<(), Error> {
        match outlook::tnef::read(part.contents()) {
            Ok(inner) => {
                self.message.events.extend(inner.events);
                self.message.inline.extend(inner.inline);
                self.message.attachments.extend(inner.attachments);
                let says_more = match &inner.body {
                    Body::Html(_) | Body::Rtf(_) => true,
                    Body::Text(text) => !text.trim().is_empty(),
                };
                if says_more {
                    self.message.body = inner.body;
                }
                Ok(())
            }
            Err(error @ Error::Limit { .. }) => Err(error),
            Err(_) => {
                self.attach(part, kind);
                Ok(())
            }
        }
    }

    fn attach(&mut self, part: &MessagePart<'_>, kind: &str) {
        let number = self.message.attachments.len() + self.message.inline.len() + 1;
        let name = part.attachment_name().map(str::trim).filter(|name| !name.is_empty());
        let name = match (name, kind) {
            (Some(name), _) => name.chars().take(limits::NAME_CHARS_MAX).collect(),
            (None, "message/delivery-status" | "message/disposition-notification") => format!("report-{number}.txt"),
            (None, "text/rfc822-headers") => format!("header-{number}.txt"),
            (None, kind) => name_by_type(number, kind),
        };
        let bytes = if part.is_text() { self.raw(part) } else { part.contents().to_vec() };
        let attachment = Attachment { name, bytes };
        match part.content_id().map(|id| id.trim().trim_start_matches('<').trim_end_matches('>').to_owned()) {
            Some(id) => self.message.inline.push(Inline { id, media_type: kind.to_owned(), attachment }),
            None => self.message.attachments.push(attachment),
        }
    }

    /// The bytes of a part as they were before they were wrapped up for transport.
    fn raw(&self, part: &MessagePart<'_>) -> Vec<u8> {
        let range = usize::try_from(part.offset_body).ok().zip(usize::try_from(part.offset_end).ok());
        let wrapped = range.and_then(|(start, end)| self.parsed.raw_message.get(start..end)).unwrap_or_default();
        let raw = match part.encoding {
            Transfer::None => Some(wrapped.to_vec()),
            Transfer::Base64 => base64_decode(wrapped),
            Transfer::QuotedPrintable => quoted_printable_decode(wrapped),
        };
        raw.unwrap_or_else(|| part.contents().to_vec())
    }
}

/// Whether a part is what the message says and no file that came with it.
fn is_body(part: &MessagePart<'_>, kind: &str) -> bool {
    let is_attached = part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment);
    let is_named = part.attachment_name().is_some_and(|name| !name.trim().is_empty());
    let is_text = matches!(kind, "text/plain" | "text/html" | "text/enriched" | "text/richtext");
    is_text && part.is_text() && !is_attached && !is_named
}

/// What a part says it is, in small letters. A part that says nothing is text.
fn media_type(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(
        || "text/plain".to_owned(),
        |kind| match (kind.ctype(), kind.subtype()) {
            (kind, Some(subtype)) => format!("{kind}/{subtype}").to_ascii_lowercase(),
            ("text", None) => "text/plain".to_owned(),
            (kind, None) => format!("{kind}/unknown").to_ascii_lowercase(),
        },
    )
}

/// Enriched text (RFC 1896) as plain text.
fn without_marks(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        rest = if let Some(after) = after.strip_prefix('<') {
            plain.push('<');
            after
        } else {
            after.split_once('>').map_or("", |(_, after)| after)
        };
    }
    plain + rest
}

fn encrypted(how: &str) -> Error {
    Error::UnsupportedFeature { feature: format!("encryption of mail ({how}), which only its recipient can read") }
}

fn signature_removed() -> Event {
    let message = "The message is signed; its signature was not kept, since it is of the message as it was sent.";
    Event::warning(EventCode::SignatureRemoved, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_body(parts: &str, expected: &Body) -> Message {
        let text = format!("From: a@b\nContent-Type: multipart/mixed; boundary=x\n\n{parts}\n--x--\n");
        let message = read(text.as_bytes()).unwrap();
        assert_eq!(message.body, *expected);
        message
    }

    #[test]
    fn header_fields_are_read_for_the_eye() {
        let message = read(b"From: \"Boss <boss@corp>\" <thief@evil>\r\nTo: =?utf-8?q?J=C3=BCrgen?= <j@x>, k@x\r\nCc: team: a@x, b@x;\r\n\
              Date: Mon, 18 Jul 2022 17:19:52 +0200\r\nSubject: =?utf-8?b?w6Q=?=\r\n\r\nbody").unwrap();
        assert_eq!(message.from, ["\"Boss <boss@corp>\" <thief@evil>"]);
        assert_eq!(message.to, ["Jürgen <j@x>", "k@x"]);
        assert_eq!(message.cc, ["a@x", "b@x"]);
        assert_eq!(message.date.as_deref(), Some("2022-07-18 17:19:52 +02:00"));
        assert_eq!((message.subject.as_str(), message.body), ("ä", Body::Text("body".to_owned())));
    }

    #[test]
    fn header_fields_in_the_encoding_of_a_system_are_read_by_their_letters() {
        let (subject, _, _) =
            encoding_rs::WINDOWS_1251.encode("Subject: Договор аренды помещения\n\nтекст письма на русском языке");
        assert_eq!(read(&subject).unwrap().subject, "Договор аренды помещения");
        let Body::Text(text) = read(&subject).unwrap().body else { panic!() };
        assert_eq!(text, "текст письма на русском языке");
    }

    #[test]
    fn parts_that_follow_each_other_are_said_one_after_the_other() {
        let text = "--x\n\none\n--x\nContent-Type: text/enriched\n\n<bold>two</bold> << 3\n";
        check_body(text, &Body::Text("one\ntwo < 3\n".to_owned()));
        let mixed = "--x\n\n1 < 2\n--x\nContent-Type: text/html\n\n<b>two</b>\n";
        let html = "<div style=\"white-space: pre-wrap\">1 &lt; 2</div>\n<b>two</b>\n";
        check_body(mixed, &Body::Html(html.to_owned()));
    }

    #[test]
    fn of_alternatives_html_is_taken_and_what_came_with_each_is_kept() {
        let alternatives = "--x\nContent-Type: multipart/alternative; boundary=y\n\n--y\nContent-Type: multipart/related; boundary=z\n\n\
            --z\nContent-Type: text/html\n\n<p>html\n--z\nContent-Type: image/png\nContent-ID: <one>\n\nPNG\n--z--\n\
            --y\nContent-Type: text/plain\n\ntext\n--y--\n--x\nContent-Disposition: attachment; filename=a.txt\n\nfile";
        let message = check_body(alternatives, &Body::Html("<p>html".to_owned()));
        assert_eq!((message.inline[0].id.as_str(), message.inline[0].media_type.as_str()), ("one", "image/png"));
        assert_eq!(
            (message.attachments[0].name.as_str(), message.attachments[0].bytes.as_slice()),
            ("a.txt", &b"file"[..])
        );
    }

    #[test]
    fn attached_text_keeps_its_bytes() {
        let part = b"From: a@b\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/csv; charset=utf-8; name=a.csv\n\n\xe4;\xf6\n--x--\n";
        assert_eq!(read(part).unwrap().attachments[0].bytes, b"\xe4;\xf6");
    }

    #[test]
    fn what_only_its_recipient_can_read_is_refused() {
        let pgp = b"From: a@b\nContent-Type: multipart/encrypted; boundary=x\n\n--x\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--x--\n";
        assert!(matches!(read(pgp), Err(Error::UnsupportedFeature { .. })));
    }

    #[test]
    fn what_was_signed_is_read_and_the_client_is_told_that_the_signature_is_gone() {
        let signature = "--x\n\nbody\n--x\nContent-Type: application/pkcs7-signature; name=smime.p7s\n\nsignature";
        let message = check_body(signature, &Body::Text("body".to_owned()));
        assert_eq!((message.attachments.len(), message.events[0].code), (0, EventCode::SignatureRemoved));
        let wrapped = |cms: &[u8]| {
            [b"From: a@b\nSubject: s\nContent-Type: application/pkcs7-mime; name=smime.p7m\n\n".as_slice(), cms]
                .concat()
        };
        let inner = smime::tests::signed(b"Content-Type: text/html\n\n<b>signed");
        let message = read(&wrapped(&inner)).unwrap();
        assert_eq!((message.subject.as_str(), message.body), ("s", Body::Html("<b>signed".to_owned())));
        assert_eq!(message.events[0].code, EventCode::SignatureRemoved);
        assert!(matches!(read(&wrapped(&smime::tests::enveloped())), Err(Error::UnsupportedFeature { .. })));
    }

    #[test]
    fn messages_in_messages_do_not_go_on_without_end() {
        let nested = "From: a@b\nContent-Type: message/rfc822\n\n".repeat(100_000);
        assert!(matches!(read(nested.as_bytes()), Err(Error::Limit { .. })));
        let nested: String = (0..2_000)
            .map(|level| format!("Content-Type: multipart/mixed; boundary=x{level}\n\n--x{level}\n"))
            .collect();
        assert!(matches!(read(nested.as_bytes()), Err(Error::Limit { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _read = read(&bytes);
        }

        #[test]
        fn no_parts_make_the_reader_panic(lines in prop::collection::vec(prop::sample::select(vec![
            "--x", "--y", "--x--", "--y--", "", "text", "Content-Type: multipart/mixed; boundary=x", "Content-Type: message/rfc822",
            "Content-Type: multipart/alternative; boundary=y", "Content-Transfer-Encoding: base64", "AAAA", "Content-Type: text/html",
            "Content-Transfer-Encoding: quoted-printable", "=3D=", "Content-ID: <a>", "Content-Type: application/ms-tnef",
        ]), 0..40)) {
            let _read = read(lines.join("\n").as_bytes());
        }
    }
}
