//! Content that is damaged: what can be read of it stays.

use std::collections::BTreeMap;

use lopdf::{Document, Object, ObjectId};

use super::Log;
use crate::{
    domain::EventCode,
    pdf::{content::Reader, stream},
};

/// Writes damaged streams of content anew, up to their last whole operation, and tells of each page, from 1, with one.
pub(super) fn mend(document: &mut Document, damaged: &BTreeMap<ObjectId, usize>, log: &mut Log) {
    for (id, page) in damaged {
        let Some(Object::Stream(held)) = document.objects.get(id) else { continue };
        // Of what is too large nothing was read when it was met.
        let Ok(mut part) = stream::unpack_content(document, held, stream::CONTENT_BYTES_MAX) else { continue };
        part.bytes.truncate(whole_operations(&part.bytes));
        if let Some(Object::Stream(held)) = document.objects.get_mut(id) {
            stream::set_packed(held, stream::pack(&part.bytes));
        }
        let how = if part.bytes.is_empty() {
            "nothing of it can be read"
        } else {
            "only the part before the damage is shown"
        };
        let message = format!("Content of page {page} is damaged: {how}.");
        log.warn(EventCode::CorruptionRepaired, message);
    }
}

/// How many bytes of content are whole operations. The last operator may be cut itself when nothing follows it.
fn whole_operations(content: &[u8]) -> usize {
    let mut reader = Reader::new(content);
    let mut operands = Vec::new();
    let mut whole = 0;
    while reader.next(&mut operands).is_some() && reader.position() < content.len() {
        whole = reader.position();
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::whole_operations;

    #[test]
    fn what_is_cut_off_ends_with_its_last_whole_operation() {
        let cases: [(&[u8], &[u8]); 7] = [
            (b"q 1 0 0 1 0 0 cm (a) Tj Q ", b"q 1 0 0 1 0 0 cm (a) Tj Q"),
            (b"q 1 0 0 1 0 0 cm (a", b"q 1 0 0 1 0 0 cm"),
            (b"q 1 0 0 1 0 0 c", b"q"),
            (b"0 0 1 1 re f 0.5", b"0 0 1 1 re f"),
            (b"f BI /W 1 /H 1 ID abc", b"f"),
            (b"Do", b""),
            (b"", b""),
        ];
        for (content, whole) in cases {
            assert_eq!(&content[..whole_operations(content)], whole);
        }
    }
}
