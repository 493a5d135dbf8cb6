//! Outlook's message files: a compound file with a stream a property and a storage a recipient and an attachment.

use std::{
    io::{Cursor, Read as _, Write as _},
    path::{Path, PathBuf},
};

use cfb::CompoundFile;

use super::{
    Attached, Outlook,
    properties::{Properties, id, kind},
};
use crate::{
    domain::limits,
    engines::{Error, mail::message::Message},
};

type File<'a> = CompoundFile<Cursor<&'a [u8]>>;

/// The stream with all values that are short.
const SHORT_VALUES: &str = "__properties_version1.0";
/// What the name of a stream with one long value begins with; eight digits follow, the number and the type.
const LONG_VALUE: &str = "__substg1.0_";
const RECIPIENT: &str = "__recip_version1.0_#";
const ATTACHMENT: &str = "__attach_version1.0_#";
/// The storage with a message in a message.
const EMBEDDED: &str = "__substg1.0_3701000D";

/// Bytes before the values: in a message of its own, in a message in a message, and elsewhere.
const HEAD_OF_MESSAGE: usize = 32;
const HEAD_OF_EMBEDDED: usize = 24;
const HEAD_OF_OTHERS: usize = 8;

/// Reads a message file.
///
/// # Errors
/// `Corrupt` when it is no compound file, `Limit` when it has too many parts.
pub(in super::super) fn read(bytes: &[u8]) -> Result<Message, Error> {
    let broken = |error: std::io::Error| Error::Corrupt { what: format!("its directory cannot be read ({error})") };
    let mut file = CompoundFile::open(Cursor::new(bytes)).map_err(broken)?;
    let root = Path::new("/");
    let mut outlook = Outlook { own: properties(&mut file, root, HEAD_OF_MESSAGE), ..Outlook::default() };
    let mut parts: Vec<PathBuf> = children(&file, root);
    parts.retain(|part| is_named(part, RECIPIENT) || is_named(part, ATTACHMENT));
    let max = limits::CONTAINER_ENTRIES_MAX;
    if parts.len() > max {
        return Err(Error::Limit {
            which: format!("{} recipients and attachments, at most {max} are read", parts.len()),
        });
    }
    // The names end with their numbers, in hexadecimal digits.
    parts.sort();
    for part in parts {
        let own = properties(&mut file, &part, HEAD_OF_OTHERS);
        if is_named(&part, RECIPIENT) {
            outlook.recipients.push(own);
        } else {
            let embedded = part.join(EMBEDDED);
            let is_message = file.is_storage(&embedded) && file.exists(embedded.join(SHORT_VALUES));
            let message = if is_message { Some((lifted(&mut file, &embedded).map_err(broken)?, "msg")) } else { None };
            outlook.attachments.push(Attached { own, message });
        }
    }
    outlook.into_message()
}

fn is_named(path: &Path, start: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start))
}

fn children(file: &File<'_>, storage: &Path) -> Vec<PathBuf> {
    file.read_storage(storage).map(|entries| entries.map(|entry| entry.path().to_owned()).collect()).unwrap_or_default()
}

/// The values in a storage. What cannot be read is not there.
fn properties(file: &mut File<'_>, storage: &Path, head: usize) -> Properties {
    let mut properties = Properties::default();
    let short = stream(file, &storage.join(SHORT_VALUES));
    for entry in short.get(head..).unwrap_or_default().as_chunks::<16>().0 {
        let [kind_low, kind_high, id_low, id_high, _, _, _, _, value @ ..] = entry;
        let (kind, id) = (u16::from_le_bytes([*kind_low, *kind_high]), u16::from_le_bytes([*id_low, *id_high]));
        properties.put_fixed(id, kind, *value);
    }
    let mut long: Vec<_> =
        children(file, storage).into_iter().filter_map(|path| Some((long_value(&path)?, path))).collect();
    // Of a body as text and as bytes the text is kept, which has its encoding by its type.
    long.sort_by_key(|((_, kind), _)| *kind != kind::BINARY);
    for ((id, kind), path) in long {
        if matches!(kind, kind::NARROW | kind::WIDE | kind::BINARY) && is_wanted(id) {
            properties.put_long(id, kind, stream(file, &path));
        }
    }
    properties
}

/// The number and the type that the name of a stream says.
fn long_value(path: &Path) -> Option<(u16, u16)> {
    let name = path.file_name()?.to_str()?;
    let digits = u32::from_str_radix(name.strip_prefix(LONG_VALUE)?, 16).ok()?.to_be_bytes();
    let [id_high, id_low, kind_high, kind_low] = digits;
    Some((u16::from_be_bytes([id_high, id_low]), u16::from_be_bytes([kind_high, kind_low])))
}

/// Whether anything asks for a long value.
const fn is_wanted(id: u16) -> bool {
    matches!(
        id,
        id::MESSAGE_CLASS
            | id::SUBJECT
            | id::SENT_REPRESENTING_NAME
            | id::SENT_REPRESENTING_ADDRESS
            | id::TRANSPORT_HEADERS
            | id::SENDER_NAME
            | id::SENDER_ADDRESS
            | id::BODY
            | id::RTF_COMPRESSED
            | id::HTML
            | id::DISPLAY_NAME
            | id::EMAIL_ADDRESS
            | id::DATA
            | id::FILE_NAME
            | id::LONG_FILE_NAME
            | id::MIME_TYPE
            | id::CONTENT_ID
            | id::SMTP_ADDRESS
            | id::SENDER_SMTP
            | id::SENT_REPRESENTING_SMTP
    )
}

fn stream(file: &mut File<'_>, path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(stream) = file.open_stream(path) {
        // Of a stream that breaks off, what is there counts.
        let _read = stream.take(limits::MAIL_BYTES_MAX).read_to_end(&mut bytes);
    }
    bytes
}

/// Makes a file of its own from a message in a message.
fn lifted(file: &mut File<'_>, from: &Path) -> std::io::Result<Vec<u8>> {
    let mut lifted = CompoundFile::create(Cursor::new(Vec::new()))?;
    // Far more than the fields of a message; a damaged directory may lead in circles.
    const ENTRIES_MAX: usize = 100_000;
    let entries: Vec<_> = file
        .walk_storage(from)?
        .skip(1)
        .take(ENTRIES_MAX)
        .map(|entry| (entry.path().to_owned(), entry.is_stream()))
        .collect();
    for (path, is_stream) in entries {
        let Ok(below) = path.strip_prefix(from) else { continue };
        let target = Path::new("/").join(below);
        if !is_stream {
            lifted.create_storage(&target)?;
            continue;
        }
        let mut bytes = stream(file, &path);
        if below == Path::new(SHORT_VALUES) {
            // A message of its own has a longer head.
            bytes.splice(
                HEAD_OF_EMBEDDED.min(bytes.len())..HEAD_OF_EMBEDDED.min(bytes.len()),
                [0; HEAD_OF_MESSAGE - HEAD_OF_EMBEDDED],
            );
        }
        lifted.create_stream(&target)?.write_all(&bytes)?;
    }
    lifted.flush()?;
    Ok(lifted.into_inner().into_inner())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engines::mail::{message::Body, smime};

    fn message(streams: &[(&str, &[u8])]) -> Vec<u8> {
        let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        for (name, bytes) in streams {
            file.create_storage_all(Path::new(name).parent().unwrap()).unwrap();
            file.create_stream(name).unwrap().write_all(bytes).unwrap();
        }
        file.flush().unwrap();
        file.into_inner().into_inner()
    }

    fn values(head: usize, values: &[(u16, u16, i64)]) -> Vec<u8> {
        let mut bytes = vec![0; head];
        for (id, kind, value) in values {
            bytes.extend([kind.to_le_bytes(), id.to_le_bytes(), [0; 2], [0; 2]].concat());
            bytes.extend(value.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn text_is_read_in_the_code_page_that_the_message_names() {
        let (subject, _, _) = encoding_rs::WINDOWS_1251.encode("Счёт");
        let (body, _, _) = encoding_rs::GBK.encode("你好");
        let read = |page: i64, text: &[u8]| {
            let short = values(HEAD_OF_MESSAGE, &[(id::MESSAGE_CODE_PAGE, kind::LONG, page)]);
            read(&message(&[
                ("/__properties_version1.0", &short),
                ("/__substg1.0_0037001E", text),
                ("/__substg1.0_1000001E", text),
            ]))
            .unwrap()
        };
        assert_eq!(read(1251, &subject).subject, "Счёт");
        assert_eq!(read(936, &body).body, Body::Text("你好".to_owned()));
    }

    #[test]
    fn recipients_are_sorted_by_their_kind() {
        let recipient = |kind: i64| values(HEAD_OF_OTHERS, &[(id::RECIPIENT_TYPE, kind::LONG, kind)]);
        let (to, cc) = (recipient(1), recipient(2));
        let file = message(&[
            (
                "/__properties_version1.0",
                &values(HEAD_OF_MESSAGE, &[(id::CLIENT_SUBMIT_TIME, kind::TIME, 132_223_104_000_000_000)]),
            ),
            ("/__recip_version1.0_#00000000/__properties_version1.0", &cc),
            ("/__recip_version1.0_#00000000/__substg1.0_3001001E", b"Name"),
            ("/__recip_version1.0_#00000000/__substg1.0_39FE001E", b"name@x"),
            ("/__recip_version1.0_#00000001/__properties_version1.0", &to),
            ("/__recip_version1.0_#00000001/__substg1.0_3003001E", b"SMTP:other@x"),
        ]);
        let read = read(&file).unwrap();
        assert_eq!((read.to, read.cc), (vec!["other@x".to_owned()], vec!["Name <name@x>".to_owned()]));
        assert_eq!(read.date.as_deref(), Some("2020-01-01 00:00:00 +00:00"));
    }

    #[test]
    fn a_message_in_a_message_becomes_a_file_that_can_be_read() {
        let short = values(HEAD_OF_EMBEDDED, &[(id::MESSAGE_CODE_PAGE, kind::LONG, 1251)]);
        let (subject, _, _) = encoding_rs::WINDOWS_1251.encode("Счёт");
        let inner = "/__attach_version1.0_#00000000/__substg1.0_3701000D";
        let file = message(&[
            ("/__attach_version1.0_#00000000/__substg1.0_3001001E", b"inner"),
            (&format!("{inner}/__properties_version1.0"), &short),
            (&format!("{inner}/__substg1.0_0037001E"), &subject),
            (&format!("{inner}/__attach_version1.0_#00000000/__substg1.0_3707001E"), b"a.txt"),
            (&format!("{inner}/__attach_version1.0_#00000000/__substg1.0_37010102"), b"text"),
        ]);
        let outer = read(&file).unwrap();
        assert_eq!(outer.attachments[0].name, "inner.msg");
        let inner = read(&outer.attachments[0].bytes).unwrap();
        assert_eq!((inner.subject.as_str(), inner.attachments[0].name.as_str()), ("Счёт", "a.txt"));
    }

    #[test]
    fn a_message_that_was_signed_is_shown_as_what_was_signed() {
        let read = |content: &[u8]| {
            read(&message(&[
                ("/__substg1.0_001A001E", b"IPM.Note.SMIME"),
                ("/__substg1.0_0037001E", b"subject"),
                ("/__attach_version1.0_#00000000/__substg1.0_3707001E", b"smime.p7m"),
                ("/__attach_version1.0_#00000000/__substg1.0_37010102", content),
            ]))
        };
        let content = b"Content-Type: text/plain\r\n\r\nsigned body";
        for content in [content.to_vec(), smime::tests::signed(content)] {
            let message = read(&content).unwrap();
            assert_eq!((message.subject.as_str(), message.body), ("subject", Body::Text("signed body".to_owned())));
            assert!(message.attachments.is_empty());
        }
        assert!(matches!(read(&smime::tests::enveloped()), Err(Error::UnsupportedFeature { .. })));
    }

    proptest! {
        #[test]
        fn no_damage_makes_the_reader_panic(places in prop::collection::vec((0_usize..6_000, any::<u8>()), 1..20)) {
            let mut bytes = message(&[
                ("/__properties_version1.0", &values(HEAD_OF_MESSAGE, &[(id::MESSAGE_CODE_PAGE, kind::LONG, 1251)])),
                ("/__substg1.0_0037001E", b"subject"),
                ("/__attach_version1.0_#00000000/__substg1.0_3701000D/__properties_version1.0", b""),
                ("/__attach_version1.0_#00000001/__substg1.0_37010102", &[7; 700]),
            ]);
            for (at, byte) in places {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            let _read = read(&bytes);
        }
    }
}
