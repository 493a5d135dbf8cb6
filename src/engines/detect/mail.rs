//! Mail messages, mailboxes and web archives, by the header fields at their head.

use crate::domain::Format;

use super::agreement;

/// Fields that messages have and other texts do not.
const FIELDS: &[&str] = &[
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "message-id",
    "received",
    "return-path",
    "delivered-to",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "reply-to",
    "sender",
    "in-reply-to",
    "references",
    "dkim-signature",
    "x-mailer",
    "authentication-results",
    "user-agent",
    "x-received",
    "list-id",
    "snapshot-content-location",
];

/// How many of them a message has at least, when its name says nothing.
const KNOWN_FIELDS_MIN: usize = 3;

/// Finds a format by the head of a text.
pub(super) fn format(head: &str, expected: Option<Format>) -> Option<Format> {
    if expected.is_some_and(agreement::is_text) {
        return None;
    }
    let head = head.trim_start_matches('\u{feff}');
    let (is_mailbox, head) = match head.strip_prefix("From ") {
        Some(rest) => (true, rest.split_once('\n').map_or("", |(_, rest)| rest)),
        None => (false, head.trim_start()),
    };
    let names = field_names(head);
    let known = FIELDS.iter().filter(|field| names.iter().any(|name| name == *field)).count();
    match expected {
        Some(Format::Mbox) if is_mailbox => Some(Format::Mbox),
        Some(Format::Eml | Format::Mhtml) if known > 0 || names.len() > 2 => expected,
        Some(_) | None if is_mailbox && known >= 2 => Some(Format::Mbox),
        Some(_) | None if known < KNOWN_FIELDS_MIN || is_mailbox => None,
        Some(_) | None if is_web_archive(head) => Some(Format::Mhtml),
        Some(_) | None => Some(Format::Eml),
    }
}

/// Browsers name themselves where a sender stands.
fn is_web_archive(head: &str) -> bool {
    let fields =
        head.split("\n\n").next().unwrap_or_default().split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase();
    fields.contains("multipart/related")
        && (fields.contains("<saved by") || fields.contains("snapshot-content-location:"))
}

/// The names of the header fields up to the first line that is none, in small letters.
fn field_names(head: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in head.lines() {
        // A line that begins with a blank continues the one before.
        if line.starts_with([' ', '\t']) && !names.is_empty() {
            continue;
        }
        match line.split_once(':') {
            Some((name, _)) if is_field_name(name) => names.push(name.to_ascii_lowercase()),
            Some(_) | None => break,
        }
    }
    names
}

fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 76
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
