use std::{fs, path::Path};

use super::*;
use crate::engines::{
    children::{Children, Parent},
    unpack::{Budget, Unpacked, file_of},
};

const BUDGET: Budget = Budget { bytes_max: 10 << 20, entries_max: 100 };

/// A message with parts of a multipart type.
fn message(kind: &str, parts: &[&str]) -> String {
    let parts: Vec<_> = parts.iter().map(|part| format!("--x\r\n{part}\r\n")).collect();
    format!(
        "From: a@b\r\nSubject: about\r\nContent-Type: multipart/{kind}; boundary=x\r\n\r\n{}--x--\r\n",
        parts.concat()
    )
}

fn attachment(name: &str, body: &str) -> String {
    format!(
        "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n{body}"
    )
}

fn unpacked(bytes: &[u8], format: Format) -> (Result<Unpacked, Error>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::new(folder.path(), BUDGET);
    let children = Children::default();
    let judge = Judge::new(&children.rules, &[Parent::Mail]).unwrap();
    let unpacked = unpack(bytes, format, &judge, &Faces::new(&[]), &mut store).map(|()| store.finish());
    (unpacked, folder)
}

fn read_back(folder: &Path, number: usize) -> Vec<u8> {
    fs::read(folder.join(file_of(number))).unwrap()
}

fn text_of(pdf: &[u8]) -> String {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    let pages: Vec<_> = document.get_pages().into_keys().collect();
    document.extract_text(&pages).unwrap()
}

#[test]
fn a_message_of_text_becomes_a_page_and_its_attachments() {
    let mail = message("mixed", &["\r\nHello from the body", &attachment("a.txt", "one"), &attachment("a.txt", "two")]);
    let (unpacked, folder) = unpacked(mail.as_bytes(), Format::Eml);
    let unpacked = unpacked.unwrap();
    assert_eq!(unpacked.names, ["message.pdf", "a.txt", "a (2).txt"]);
    assert_eq!(read_back(folder.path(), 2), b"two");
    let text = text_of(&read_back(folder.path(), 0));
    for part in ["a@b", "about", "a.txt (3 B)", "Hello from the body"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_message_of_html_becomes_an_archive_with_the_pictures_that_it_shows() {
    let picture = |id: &str| format!("Content-Type: image/png; name={id}.png\r\nContent-ID: <{id}>\r\n\r\n\u{89}PNG");
    let html = "Content-Type: text/html\r\n\r\n<img src=\"cid:one\">";
    let mail = message(
        "related",
        &[
            html,
            &picture("one"),
            &attachment("b.txt", "text"),
            "Content-Type: text/plain; name=c.txt\r\nContent-ID: <c>\r\n\r\nc",
        ],
    );
    let (unpacked, folder) = unpacked(mail.as_bytes(), Format::Eml);
    // What has an identifier and is not shown would be lost otherwise.
    assert_eq!(unpacked.unwrap().names, ["message.mhtml", "c.txt", "b.txt"]);
    let archive = String::from_utf8(read_back(folder.path(), 0)).unwrap();
    assert!(archive.contains("Content-ID: <one>") && !archive.contains("Content-ID: <c>"), "{archive}");
}

#[test]
fn what_outlook_wrapped_up_is_unwrapped_in_its_message() {
    let mut tnef = [outlook::tnef::MARK, b"\0\0"].concat();
    for (id, data) in [(0x9002_u16, &b""[..]), (0x8010, b"a.txt\0"), (0x800f, b"text")] {
        tnef.push(2);
        tnef.extend([id.to_le_bytes(), [0; 2]].concat());
        tnef.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        tnef.extend_from_slice(data);
        tnef.extend([0; 2]);
    }
    use base64::Engine as _;
    let wrapped = base64::engine::general_purpose::STANDARD.encode(&tnef);
    let part = format!(
        "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n{wrapped}"
    );
    let (unpacked_mail, folder) = unpacked(message("mixed", &["\r\nbody", &part]).as_bytes(), Format::Eml);
    assert_eq!(unpacked_mail.unwrap().names, ["message.pdf", "a.txt"]);
    assert!(text_of(&read_back(folder.path(), 0)).contains("body"));
    assert_eq!(unpacked(&tnef, Format::Tnef).0.unwrap().names, ["a.txt"], "alone it has nothing to show of its own");
}

#[test]
fn a_program_stands_on_the_sheet_as_left_out() {
    let mail = message("mixed", &["\r\nbody", &attachment("run\u{202e}me.exe", "text"), &attachment("b.txt", "text")]);
    let (unpacked, folder) = unpacked(mail.as_bytes(), Format::Eml);
    let unpacked = unpacked.unwrap();
    assert_eq!(
        (unpacked.names, unpacked.bodies),
        (["message.pdf", "runme.exe", "b.txt"].map(str::to_owned).to_vec(), 1)
    );
    assert!(text_of(&read_back(folder.path(), 0)).contains("runme.exe (4 B, left out)"));
}

#[test]
fn a_message_in_a_message_is_a_message_again() {
    let inner = message("mixed", &["\r\ninner body"]);
    let mail = message("mixed", &["\r\nbody", &format!("Content-Type: message/rfc822\r\n\r\n{inner}")]);
    let (first, folder) = unpacked(mail.as_bytes(), Format::Eml);
    assert_eq!(first.unwrap().names, ["message.pdf", "about.eml"]);
    let (second, folder) = unpacked(&read_back(folder.path(), 1), Format::Eml);
    assert_eq!(second.unwrap().names, ["message.pdf"]);
    assert!(text_of(&read_back(folder.path(), 0)).contains("inner body"));
}

#[test]
fn what_goes_on_for_too_long_ends_at_the_budget() {
    let many: Vec<_> = (0..101).map(|number| attachment(&format!("{number}.txt"), "text")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert!(matches!(unpacked(message("mixed", &many).as_bytes(), Format::Eml).0, Err(Error::Limit { .. })));
    let people: Vec<_> = (0..5_001).map(|number| format!("u{number}@x")).collect();
    let mail = format!("From: a@b\r\nTo: {}\r\n\r\nbody", people.join(",\r\n "));
    let (unpacked, _folder) = unpacked(mail.as_bytes(), Format::Eml);
    let unpacked = unpacked.unwrap();
    assert!(
        unpacked.events.iter().any(|event| event.message.contains("5001 people; the last 1")),
        "{:?}",
        unpacked.events
    );
}

#[test]
fn nothing_at_all_is_no_message() {
    assert!(matches!(unpacked(b"", Format::Eml).0, Err(Error::Corrupt { .. })));
    assert!(matches!(unpacked(b"", Format::Mbox).0, Err(Error::Corrupt { .. })));
    assert!(matches!(unpacked(b"no compound file", Format::Msg).0, Err(Error::Corrupt { .. })));
    assert!(matches!(unpacked(&[outlook::tnef::MARK, b"\0\0"].concat(), Format::Tnef).0, Err(Error::Corrupt { .. })));
}
