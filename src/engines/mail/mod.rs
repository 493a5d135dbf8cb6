//! Mail: messages of the Internet (EML), of Outlook (MSG, TNEF), and mailboxes (MBOX).
//!
//! ```text
//! [eml] ─┬─► [message::Message] ─► [unpack] ─┬► sheet: a PDF by Typst, or an archive for the browser
//! [outlook] ─┘                               └► attachments, each a document of its own
//! [mbox] ─► messages
//! ```
//!
//! 1. A message is a container. The first thing in it is its *sheet*, which shows who wrote what to whom; then come its
//!    attachments in order. A message in a message is an attachment, and a container again.
//! 2. What the message says goes into a sheet as data. It cannot become part of the header block, hide it or cover it.
//! 3. Everything that the message holds is on its sheet, among what was unpacked, or told to the client as left out. What the
//!    rules for children drop is listed as left out, and unpacked like everything else: it is dropped where it is converted.
//!
//! # Why the sheet is finished here (2026-11)
//! A sheet of plain text could travel on as a format of our own, to be set by a task of its own. As a PDF it needs no format
//! that only we know and that somebody could upload, and it is set in 0.1 s. HTML needs the browser, and becomes a web archive.

mod attachments;
mod charset;
mod eml;
mod mbox;
mod message;
mod outlook;
mod sheet;
mod smime;

#[cfg(test)]
mod tests;

use super::{Error, children::Judge, native::typesetting::Faces, unpack::Store};
use crate::domain::{Format, limits};

use message::Message;

/// Takes a message or a mailbox apart. `judge` says what of it is going to be left out.
///
/// # Errors
/// `Corrupt` when it is broken, `UnsupportedFeature` when it is encrypted, `Limit` when it is too large or past the budget of
/// the store.
pub fn unpack(
    bytes: &[u8],
    format: Format,
    judge: &Judge<'_>,
    faces: &Faces,
    store: &mut Store<'_>,
) -> Result<(), Error> {
    let max = limits::MAIL_BYTES_MAX;
    if format == Format::Mbox {
        return mbox::unpack(bytes, store);
    }
    if bytes.len() as u64 > max {
        return Err(Error::Limit {
            which: format!("{} bytes of mail, at most {} MiB are allowed", bytes.len(), max >> 20),
        });
    }
    let message = read(bytes, format)?;
    write(message, judge, faces, store)
}

/// Reads a message.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is no message is refused")]
fn read(bytes: &[u8], format: Format) -> Result<Message, Error> {
    match format {
        Format::Eml => eml::read(bytes),
        Format::Msg => outlook::msg::read(bytes),
        Format::Tnef => outlook::tnef::read(bytes),
        other => Err(Error::UnsupportedFormat { what: format!("it is {}, which is no mail", other.described()) }),
    }
}

/// Puts the sheet of a message and its attachments into the store.
fn write(mut message: Message, judge: &Judge<'_>, faces: &Faces, store: &mut Store<'_>) -> Result<(), Error> {
    message.settle_inline();
    store.tell_of_all(std::mem::take(&mut message.events));
    let attachments = std::mem::take(&mut message.attachments);
    let listed: Vec<_> = attachments.iter().map(|attachment| attachments::listed(attachment, judge)).collect();
    if message.is_empty() && listed.iter().all(|listed| listed.is_left_out) {
        return Err(Error::Corrupt { what: "the message holds nothing that can be converted".to_owned() });
    }
    // A file that only transports attachments has nothing to show of its own.
    if !message.is_empty() {
        sheet::write(message, &listed, faces, store)?;
    }
    attachments.iter().try_for_each(|attachment| store.put(&attachment.name, attachment.bytes.as_slice()))
}
