//! `winmail.dat`: what Outlook wraps up for other Outlooks, in the Transport Neutral Encapsulation Format.
//!
//! The crate `tnef` reads its outer attributes alone; rich text, long names and messages in messages are in the properties
//! within them.

use time::{Date, Month, Time};

use super::{
    Attached, Outlook,
    properties::{Properties, id, kind},
};
use crate::{
    domain::limits,
    engines::{Error, mail::message::Message},
};

/// What such a file begins with.
pub(in super::super) const MARK: &[u8] = b"\x78\x9f\x3e\x22";
/// Its mark and a key that means nothing here.
const HEAD_BYTES: usize = 6;

/// Attributes: numbers without their types.
mod attribute {
    pub(super) const FROM: u16 = 0x8000;
    pub(super) const SUBJECT: u16 = 0x8004;
    pub(super) const DATE_SENT: u16 = 0x8005;
    pub(super) const BODY: u16 = 0x800c;
    pub(super) const DATA: u16 = 0x800f;
    pub(super) const TITLE: u16 = 0x8010;
    pub(super) const NEXT_ATTACHMENT: u16 = 0x9002;
    pub(super) const PROPERTIES: u16 = 0x9003;
    pub(super) const RECIPIENTS: u16 = 0x9004;
    pub(super) const PROPERTIES_OF_ATTACHMENT: u16 = 0x9005;
    pub(super) const CODE_PAGE: u16 = 0x9007;
}

/// Bytes before the data of an object that is a message, which is the identifier of its interface.
const MESSAGE_INTERFACE: &[u8; 16] = b"\x07\x03\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46";

/// Reads such a file. What breaks off is kept up to there.
///
/// # Errors
/// `Corrupt` when it is none, `Limit` when it holds too many files.
pub(in super::super) fn read(bytes: &[u8]) -> Result<Message, Error> {
    if !bytes.starts_with(MARK) {
        return Err(Error::Corrupt { what: "it does not begin as such a file does".to_owned() });
    }
    let mut outlook = Outlook::default();
    let (mut code_page, mut date) = (None, None);
    let mut rest = Bytes(bytes.get(HEAD_BYTES..).unwrap_or_default());
    while let Some((id, data)) = rest.attribute() {
        match id {
            attribute::CODE_PAGE => code_page = Bytes(data).u32().map(i64::from),
            attribute::SUBJECT => outlook.own.put_long(id::SUBJECT, kind::NARROW, data.to_vec()),
            attribute::BODY => outlook.own.put_long(id::BODY, kind::NARROW, data.to_vec()),
            attribute::FROM => from(data, &mut outlook.own),
            attribute::DATE_SENT => date = sent(data),
            attribute::PROPERTIES => {
                Bytes(data).properties(&mut outlook.own);
            }
            attribute::RECIPIENTS => outlook.recipients.extend(recipients(data)),
            attribute::NEXT_ATTACHMENT => outlook.attachments.push(Attached::default()),
            _ => {
                if let Some(attached) = outlook.attachments.last_mut() {
                    attach(id, data, attached);
                }
            }
        }
        let max = limits::CONTAINER_ENTRIES_MAX;
        if outlook.attachments.len() > max {
            return Err(Error::Limit { which: format!("at most {max} documents in it are allowed") });
        }
    }
    if let (Some(page), None) = (code_page, outlook.own.number(id::MESSAGE_CODE_PAGE)) {
        outlook.own.put_fixed(id::MESSAGE_CODE_PAGE, kind::HUGE, page.to_le_bytes());
    }
    let mut message = outlook.into_message()?;
    message.date = message.date.or(date);
    Ok(message)
}

fn attach(id: u16, data: &[u8], attached: &mut Attached) {
    match id {
        attribute::TITLE => attached.own.put_long(id::FILE_NAME, kind::NARROW, data.to_vec()),
        attribute::DATA => attached.own.put_long(id::DATA, kind::BINARY, data.to_vec()),
        attribute::PROPERTIES_OF_ATTACHMENT => {
            let message = Bytes(data).properties(&mut attached.own);
            attached.message = message.map(|bytes| (bytes, "tnef"));
        }
        _ => {}
    }
}

fn recipients(data: &[u8]) -> Vec<Properties> {
    let mut rest = Bytes(data);
    let count = rest.u32().unwrap_or_default();
    let mut recipients = Vec::new();
    for _ in 0..count {
        let mut recipient = Properties::default();
        let before = rest.0.len();
        rest.properties(&mut recipient);
        if rest.0.len() == before || recipients.len() >= limits::CONTAINER_ENTRIES_MAX {
            break;
        }
        recipients.push(recipient);
    }
    recipients
}

/// The sender as old programs write it: a kind, three lengths, then name and address, each with a zero at its end.
fn from(data: &[u8], own: &mut Properties) {
    let mut rest = Bytes(data);
    let lengths = rest.take(4).and_then(|_| rest.u16().zip(rest.u16()));
    if let Some((name, address)) = lengths
        && let (Some(name), Some(address)) = (rest.take(usize::from(name)), rest.take(usize::from(address)))
    {
        own.put_long(id::SENDER_NAME, kind::NARROW, name.to_vec());
        own.put_long(id::SENDER_ADDRESS, kind::NARROW, address.to_vec());
    }
}

/// A date as seven numbers, the last of which is the day of the week.
fn sent(data: &[u8]) -> Option<String> {
    let mut rest = Bytes(data);
    let mut next = || rest.u16();
    let (year, month, day, hour, minute, second) = (next()?, next()?, next()?, next()?, next()?, next()?);
    let narrow = |number: u16| u8::try_from(number).ok();
    let month = Month::try_from(narrow(month)?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, narrow(day)?).ok()?;
    let time = Time::from_hms(narrow(hour)?, narrow(minute)?, narrow(second)?).ok()?;
    Some(format!("{date} {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second()))
}

/// What is still to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*taken))
    }

    fn u32(&mut self) -> Option<u32> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*taken))
    }

    fn length(&mut self) -> Option<usize> {
        self.u32().and_then(|length| usize::try_from(length).ok())
    }

    /// One attribute: its number and its data.
    fn attribute(&mut self) -> Option<(u16, &'a [u8])> {
        let [_level] = *self.take(1)?.first_chunk()?;
        let (id, _kind) = (self.u16()?, self.u16()?);
        let length = self.length()?;
        let data = self.take(length.min(self.0.len()))?;
        // A checksum, which is often wrong.
        let _checksum = self.u16();
        Some((id, data))
    }

    /// Properties one after the other, up to one that cannot be read. Gives the message that is the data of an attachment.
    fn properties(&mut self, properties: &mut Properties) -> Option<Vec<u8>> {
        let mut message = None;
        for _ in 0..self.u32()? {
            if self.property(properties, &mut message).is_none() {
                break;
            }
        }
        message
    }

    fn property(&mut self, properties: &mut Properties, message: &mut Option<Vec<u8>>) -> Option<()> {
        const MANY: u16 = 0x1000;
        const NAMED: u16 = 0x8000;
        let (kind, id) = (self.u16()?, self.u16()?);
        if id >= NAMED {
            self.skip_name()?;
        }
        let single = kind & !MANY;
        let width = match single {
            kind::SHORT | kind::BOOLEAN | kind::LONG | 0x0001 | 0x0004 | 0x000a => Some(4),
            kind::HUGE | kind::TIME | 0x0005 | 0x0006 | 0x0007 => Some(8),
            0x0048 => Some(16),
            _ => None,
        };
        if let Some(width) = width {
            let count = if kind & MANY == 0 { 1 } else { self.length()? };
            let value = self.take(count.checked_mul(width)?)?;
            if kind & MANY == 0 {
                let mut bytes = [0; 8];
                bytes.iter_mut().zip(value).for_each(|(place, byte)| *place = *byte);
                properties.put_fixed(id, kind, bytes);
            }
            return Some(());
        }
        for _ in 0..self.u32()? {
            let length = self.length()?;
            let value = self.take(length)?;
            self.take((4 - length % 4) % 4)?;
            if kind == kind::OBJECT && id == id::DATA {
                if let Some((MESSAGE_INTERFACE, inner)) = value.split_first_chunk::<16>() {
                    *message = Some(inner.to_vec());
                }
            } else if kind & MANY == 0 {
                properties.put_long(id, kind, value.to_vec());
            }
        }
        Some(())
    }

    /// A property with a name has it before its value: a number or text.
    fn skip_name(&mut self) -> Option<()> {
        self.take(16)?;
        if self.u32()? == 0 {
            self.take(4)?;
        } else {
            let length = self.length()?;
            self.take(length)?;
            self.take((4 - length % 4) % 4)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engines::mail::message::Body;

    fn file(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = [MARK, b"\x01\0"].concat();
        for (id, data) in attributes {
            bytes.push(1);
            bytes.extend([id.to_le_bytes(), [0; 2]].concat());
            bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(data);
            bytes.extend([0; 2]);
        }
        bytes
    }

    fn long(id: u16, kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes =
            [1_u32.to_le_bytes().as_slice(), &kind.to_le_bytes(), &id.to_le_bytes(), &1_u32.to_le_bytes()].concat();
        bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn attachments_have_their_long_names_and_their_bytes() {
        let name = long(id::LONG_FILE_NAME, kind::NARROW, "Договор.txt".as_bytes());
        let message = read(&file(&[
            (attribute::SUBJECT, b"subject\0"),
            (attribute::NEXT_ATTACHMENT, b""),
            (attribute::TITLE, b"SHORT~1.TXT\0"),
            (attribute::DATA, b"text"),
            (attribute::PROPERTIES_OF_ATTACHMENT, &name),
            (attribute::NEXT_ATTACHMENT, b""),
            (attribute::TITLE, b"b.txt\0"),
            (attribute::DATA, b""),
        ]))
        .unwrap();
        assert_eq!(message.subject, "subject");
        let names: Vec<_> = message.attachments.iter().map(|attachment| attachment.name.as_str()).collect();
        assert_eq!(names, ["Договор.txt", "b.txt"]);
        assert_eq!(message.attachments[0].bytes, b"text");
    }

    #[test]
    fn a_message_in_a_message_is_taken_out() {
        let inner = file(&[(attribute::BODY, b"inner body\0")]);
        let object = long(id::DATA, kind::OBJECT, &[MESSAGE_INTERFACE.as_slice(), &inner].concat());
        let message =
            read(&file(&[(attribute::NEXT_ATTACHMENT, b""), (attribute::PROPERTIES_OF_ATTACHMENT, &object)])).unwrap();
        assert_eq!(read(&message.attachments[0].bytes).unwrap().body, Body::Text("inner body".to_owned()));
    }

    #[test]
    fn text_is_read_in_the_code_page_of_the_file() {
        let (subject, _, _) = encoding_rs::WINDOWS_1251.encode("Счёт");
        let message =
            read(&file(&[(attribute::CODE_PAGE, b"\xe3\x04\0\0\0\0\0\0"), (attribute::SUBJECT, &subject)])).unwrap();
        assert_eq!(message.subject, "Счёт");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(attributes in prop::collection::vec((0x8000_u16..0x9010, any::<Vec<u8>>()), 0..8)) {
            let attributes: Vec<_> = attributes.iter().map(|(id, data)| (*id, data.as_slice())).collect();
            let _message = read(&file(&attributes));
        }
    }
}
