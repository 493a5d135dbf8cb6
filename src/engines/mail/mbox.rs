//! Mailboxes: messages behind each other, each after a line that begins with `From `.
//!
//! Four kinds of program write them, which quote such lines in a message differently or not at all. What all agree on is read:
//! the line stands at the beginning or after an empty one and ends with a year or a zone; `>From ` loses its mark.

use crate::engines::{Error, unpack::Store};

/// Puts the messages of a mailbox into a store.
///
/// # Errors
/// `Corrupt` when there is none, `Limit` when there are more than the store takes.
pub(super) fn unpack(bytes: &[u8], store: &mut Store<'_>) -> Result<(), Error> {
    let mut number = 0;
    for message in messages(bytes) {
        number += 1;
        store.put(&format!("message-{number}.eml"), unquoted(message).as_slice())?;
    }
    if number == 0 {
        return Err(Error::Corrupt { what: "the mailbox holds no message".to_owned() });
    }
    Ok(())
}

/// The messages, each without the line before it.
fn messages(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut starts = Vec::new();
    let (mut at, mut after_empty) = (0, true);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if after_empty && is_separator(line) {
            starts.push((at, at + line.len()));
        }
        after_empty = line.trim_ascii().is_empty();
        at += line.len();
    }
    let ends: Vec<_> = starts.iter().skip(1).map(|(start, _)| *start).chain([bytes.len()]).collect();
    starts
        .into_iter()
        .zip(ends)
        .filter_map(|((_, start), end)| bytes.get(start..end))
        .filter(|message| !message.trim_ascii().is_empty())
}

/// Whether a line stands between messages: `From`, a sender, and a date that ends with a year, perhaps a zone after it.
fn is_separator(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    let words: Vec<_> = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let is_year = |word: &&&[u8]| word.len() == 4 && word.iter().all(u8::is_ascii_digit);
    let is_time = |word: &&&[u8]| word.contains(&b':') && word.first().is_some_and(u8::is_ascii_digit);
    words.iter().rev().take(3).any(|word| is_year(&word)) && words.iter().any(|word| is_time(&word))
}

/// A message whose lines that began with `From ` begin so again. One mark is taken off, as the writer put one on.
fn unquoted(message: &[u8]) -> Vec<u8> {
    let mut unquoted = Vec::with_capacity(message.len());
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let marks = line.iter().take_while(|byte| **byte == b'>').count();
        let is_quoted = marks > 0 && line.get(marks..).is_some_and(|rest| rest.starts_with(b"From "));
        unquoted.extend_from_slice(line.get(usize::from(is_quoted)..).unwrap_or_default());
    }
    unquoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_parted_where_a_line_with_a_date_follows_an_empty_one() {
        let mailbox = b"From a@b Mon Jan  1 10:00:00 2001\nSubject: 1\n\nFrom here on it is text.\nFrom a@b Mon Jan  1 10:00:00 2001\n\n\
                        From c@d Tue Jan  2 10:00:00 2001 +0100\nSubject: 2\n\nbody\n";
        let found: Vec<_> = messages(mailbox).collect();
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with(b"Subject: 1") && found[1].starts_with(b"Subject: 2"));
    }

    #[test]
    fn quoted_lines_lose_one_mark() {
        assert_eq!(unquoted(b">From a\n>>From b\n> From c\n>x\nFrom d"), b"From a\n>From b\n> From c\n>x\nFrom d");
    }

    #[test]
    fn nothing_but_separators_is_no_mailbox() {
        assert_eq!(messages(b"").count(), 0);
        assert_eq!(messages(b"From a@b Mon Jan  1 10:00:00 2001\n\n").count(), 0);
    }
}
