//! What the sheet of a message says of its attachments.

use super::message::Attachment;
use crate::engines::{
    children::{Fate, Judge},
    detect,
    unpack::label,
};

/// An attachment as the sheet lists it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its name.
    pub(super) name: String,
    /// Its size.
    pub(super) bytes: u64,
    /// Whether it is left out.
    pub(super) is_left_out: bool,
}

/// An attachment, and whether it is going to be left out.
pub(super) fn listed(attachment: &Attachment, judge: &Judge<'_>) -> Listed {
    let (name, bytes) = (label(&attachment.name), attachment.bytes.as_slice());
    let format = detect::detect(bytes, &name, None).ok().map(|detected| detected.format);
    let is_left_out = judge.fate(&name, bytes, format) == Fate::Drop;
    Listed { name, bytes: bytes.len() as u64, is_left_out }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::children::{Children, Parent};

    #[test]
    fn programs_and_what_no_engine_converts_are_left_out_and_the_rest_is_not() {
        let children = Children::default();
        let judge = Judge::new(&children.rules, &[Parent::Mail]).unwrap();
        for (name, bytes, is_left_out) in [
            ("setup.EXE", &b"text"[..], true),
            ("a.bin", &[0, 1, 2, 3, 0xfe, 0xff, 0, 0], true),
            ("a.docx", b"\x01\x02 is no document \x00", true),
            ("empty.gif", b"", true),
            ("a.txt", b"text", false),
            ("a.pdf", b"%PDF-1.4", false),
        ] {
            let attachment = Attachment { name: name.to_owned(), bytes: bytes.to_vec() };
            assert_eq!(listed(&attachment, &judge).is_left_out, is_left_out, "{name}");
        }
    }
}
