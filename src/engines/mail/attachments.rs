//! Which attachments become documents of their own, and what the others are.

use super::message::Attachment;
use crate::{
    domain::{Event, EventCode, Format},
    engines::{
        detect,
        unpack::{Store, label},
    },
};

/// An attachment as the sheet lists it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its name.
    pub(super) name: String,
    /// Its size.
    pub(super) bytes: u64,
    /// Whether it was left out.
    pub(super) is_left_out: bool,
}

/// Extensions by which systems run a file or hand it to something that runs it.
const EXECUTABLE: &[&str] = &[
    "apk", "app", "bat", "cmd", "com", "cpl", "deb", "dll", "dmg", "exe", "hta", "iso", "jar", "js", "jse", "lnk",
    "msc", "msi", "msp", "pif", "pkg", "ps1", "reg", "rpm", "run", "scr", "sh", "sys", "vb", "vbe", "vbs", "wsc",
    "wsf", "wsh",
];

/// First bytes of programs: of Windows, of Linux, of macOS, of a script, of Java.
const MARKS: &[&[u8]] = &[b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!/"];

/// Parts those that can be converted from the others, of which the client is told. All are listed.
pub(super) fn sort(attachments: Vec<Attachment>, store: &mut Store<'_>) -> (Vec<Attachment>, Vec<Listed>) {
    let mut kept = Vec::with_capacity(attachments.len());
    let mut listed = Vec::with_capacity(attachments.len());
    for mut attachment in attachments {
        attachment.name = label(&attachment.name);
        let event = left_out(&attachment);
        let bytes = attachment.bytes.len() as u64;
        listed.push(Listed { name: attachment.name.clone(), bytes, is_left_out: event.is_some() });
        match event {
            Some(event) => store.tell(&attachment.name, event),
            None => kept.push(attachment),
        }
    }
    (kept, listed)
}

/// Why an attachment is no document, if it is none.
fn left_out(attachment: &Attachment) -> Option<Event> {
    let Attachment { name, bytes } = attachment;
    let warn = |message: String| Some(Event::warning(EventCode::EmbeddedFileRemoved, message));
    if is_executable(name, bytes) {
        return warn(format!("The attachment '{name}' is a program; it was left out."));
    }
    match detect::detect(bytes, name, None) {
        Ok(detected) if detected.format == Format::Unknown => {
            warn(format!("The attachment '{name}' is of an unknown type; it was left out."))
        }
        Ok(detected) if detected.format.lane().is_none() => {
            let what = detected.format.described();
            warn(format!("The attachment '{name}' is {what}, which this service cannot convert; it was left out."))
        }
        Ok(_) => None,
        Err(error) => warn(format!("The attachment '{name}' was left out: {error}.")),
    }
}

fn is_executable(name: &str, bytes: &[u8]) -> bool {
    let extension =
        name.trim_end_matches(['.', ' ']).rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| EXECUTABLE.contains(&extension.as_str()))
        || is_of_windows(bytes)
        || MARKS.iter().any(|mark| bytes.starts_with(mark))
}

/// A program of Windows begins as one of DOS, which says where the rest of it stands.
fn is_of_windows(bytes: &[u8]) -> bool {
    const REST_AT: usize = 0x3c;
    let at = bytes.get(REST_AT..).and_then(|rest| rest.first_chunk()).map(|at| u32::from_le_bytes(*at));
    let rest = at.and_then(|at| usize::try_from(at).ok()).and_then(|at| bytes.get(at..));
    let marks: &[&[u8]] = &[b"PE\0\0", b"NE", b"LE", b"LX"];
    bytes.starts_with(b"MZ") && rest.is_some_and(|rest| marks.iter().any(|mark| rest.starts_with(mark)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, bytes: &[u8], expected: Option<&str>) {
        let event = left_out(&Attachment { name: name.to_owned(), bytes: bytes.to_vec() });
        match (event, expected) {
            (Some(event), Some(part)) => assert!(event.message.contains(part), "{}", event.message),
            (event, expected) => assert_eq!(event.map(|event| event.message), expected.map(str::to_owned), "of {name}"),
        }
    }

    #[test]
    fn programs_are_left_out_by_name_and_by_content() {
        check("setup.EXE", b"text", Some("'setup.EXE' is a program"));
        check("invoice.pdf.js ", b"alert(1)", Some("is a program"));
        let mut program = vec![0; 0x100];
        program[..2].copy_from_slice(b"MZ");
        program[0x3c] = 0x80;
        program[0x80..0x84].copy_from_slice(b"PE\0\0");
        check("photo.jpg", &program, Some("is a program"));
        check("a.txt", b"MZ is also how a text may begin, and so may others that are long enough.", None);
    }

    #[test]
    fn what_no_engine_converts_is_left_out_and_the_rest_kept() {
        check("a.bin", &[0, 1, 2, 3, 0xfe, 0xff, 0, 0], Some("of an unknown type"));
        check("a.docx", b"\x01\x02 is no document \x00", Some("the content is of no known type"));
        check("empty.gif", b"", Some("the file is empty"));
        check("a.txt", b"text", None);
        check("a.pdf", b"%PDF-1.4", None);
    }
}
