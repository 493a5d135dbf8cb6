//! The properties of MAPI: a value by a number.

use std::collections::BTreeMap;

use encoding_rs::{Encoding, UTF_16LE};
use time::OffsetDateTime;

use super::{super::charset, time_of_windows};

/// Numbers of properties, by their names in [MS-OXPROPS].
pub(super) mod id {
    pub(in super::super) const MESSAGE_CLASS: u16 = 0x001a;
    pub(in super::super) const SUBJECT: u16 = 0x0037;
    pub(in super::super) const CLIENT_SUBMIT_TIME: u16 = 0x0039;
    pub(in super::super) const SENT_REPRESENTING_NAME: u16 = 0x0042;
    pub(in super::super) const SENT_REPRESENTING_ADDRESS: u16 = 0x0065;
    pub(in super::super) const TRANSPORT_HEADERS: u16 = 0x007d;
    pub(in super::super) const RECIPIENT_TYPE: u16 = 0x0c15;
    pub(in super::super) const SENDER_NAME: u16 = 0x0c1a;
    pub(in super::super) const SENDER_ADDRESS: u16 = 0x0c1f;
    pub(in super::super) const DELIVERY_TIME: u16 = 0x0e06;
    pub(in super::super) const BODY: u16 = 0x1000;
    pub(in super::super) const RTF_COMPRESSED: u16 = 0x1009;
    pub(in super::super) const HTML: u16 = 0x1013;
    pub(in super::super) const DISPLAY_NAME: u16 = 0x3001;
    pub(in super::super) const EMAIL_ADDRESS: u16 = 0x3003;
    pub(in super::super) const DATA: u16 = 0x3701;
    pub(in super::super) const FILE_NAME: u16 = 0x3704;
    pub(in super::super) const LONG_FILE_NAME: u16 = 0x3707;
    pub(in super::super) const MIME_TYPE: u16 = 0x370e;
    pub(in super::super) const CONTENT_ID: u16 = 0x3712;
    pub(in super::super) const SMTP_ADDRESS: u16 = 0x39fe;
    pub(in super::super) const INTERNET_CODE_PAGE: u16 = 0x3fde;
    pub(in super::super) const LOCALE: u16 = 0x3ff1;
    pub(in super::super) const MESSAGE_CODE_PAGE: u16 = 0x3ffd;
    pub(in super::super) const SENDER_SMTP: u16 = 0x5d01;
    pub(in super::super) const SENT_REPRESENTING_SMTP: u16 = 0x5d02;
}

/// Types of values ([MS-OXCDATA], 2.11.1).
pub(super) mod kind {
    pub(in super::super) const SHORT: u16 = 0x0002;
    pub(in super::super) const LONG: u16 = 0x0003;
    pub(in super::super) const BOOLEAN: u16 = 0x000b;
    pub(in super::super) const OBJECT: u16 = 0x000d;
    pub(in super::super) const HUGE: u16 = 0x0014;
    pub(in super::super) const NARROW: u16 = 0x001e;
    pub(in super::super) const WIDE: u16 = 0x001f;
    pub(in super::super) const TIME: u16 = 0x0040;
    pub(in super::super) const BINARY: u16 = 0x0102;
}

/// A value.
#[derive(Debug, PartialEq, Eq)]
enum Value {
    Number(i64),
    /// Text in the encoding of the message.
    Narrow(Vec<u8>),
    Wide(String),
    Binary(Vec<u8>),
}

/// Properties of one message, recipient or attachment.
#[derive(Debug, Default)]
pub(super) struct Properties {
    values: BTreeMap<u16, Value>,
}

impl Properties {
    /// Keeps a value of up to eight bytes, unless it is of a type that nothing here asks for.
    pub(super) fn put_fixed(&mut self, id: u16, kind: u16, bytes: [u8; 8]) {
        let [a, b, c, d, ..] = bytes;
        let number = match kind {
            kind::SHORT | kind::BOOLEAN => i64::from(i16::from_le_bytes([a, b])),
            kind::LONG => i64::from(i32::from_le_bytes([a, b, c, d])),
            kind::HUGE | kind::TIME => i64::from_le_bytes(bytes),
            _ => return,
        };
        self.values.insert(id, Value::Number(number));
    }

    /// Keeps a value of any length. Text goes before bytes of the same number: some files hold a body both ways.
    pub(super) fn put_long(&mut self, id: u16, kind: u16, bytes: Vec<u8>) {
        let value = match kind {
            kind::NARROW => Value::Narrow(without_end(bytes)),
            kind::WIDE => Value::Wide(UTF_16LE.decode_without_bom_handling(&bytes).0.trim_end_matches('\0').to_owned()),
            kind::BINARY => Value::Binary(bytes),
            _ => return,
        };
        self.values.insert(id, value);
    }

    /// A value as text.
    pub(super) fn text(&self, id: u16, encoding: Option<&'static Encoding>) -> Option<String> {
        match self.values.get(&id)? {
            Value::Wide(text) => Some(text.clone()),
            Value::Narrow(bytes) => Some(charset::decoded(bytes, encoding)),
            Value::Number(_) | Value::Binary(_) => None,
        }
    }

    /// A value as bytes.
    pub(super) fn binary(&self, id: u16) -> Option<&[u8]> {
        match self.values.get(&id)? {
            Value::Binary(bytes) => Some(bytes),
            Value::Number(_) | Value::Narrow(_) | Value::Wide(_) => None,
        }
    }

    /// A value as a number.
    pub(super) fn number(&self, id: u16) -> Option<i64> {
        match self.values.get(&id)? {
            Value::Number(number) => Some(*number),
            Value::Narrow(_) | Value::Wide(_) | Value::Binary(_) => None,
        }
    }

    /// A value as a time.
    pub(super) fn time(&self, id: u16) -> Option<OffsetDateTime> {
        self.number(id).and_then(time_of_windows)
    }

    /// All text in the encoding of the message, to find out which one that is.
    pub(super) fn narrow(&self) -> Vec<u8> {
        let texts = self.values.values().filter_map(|value| match value {
            Value::Narrow(bytes) => Some(bytes.as_slice()),
            Value::Number(_) | Value::Wide(_) | Value::Binary(_) => None,
        });
        texts.collect::<Vec<_>>().join(&b'\n')
    }
}

fn without_end(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.truncate(end);
    bytes
}
