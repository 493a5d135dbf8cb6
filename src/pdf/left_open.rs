//! What the content of a page leaves open, for whoever adds to it.

use lopdf::{Document, Object};

use super::{content::Reader, object, stream};

/// What the content of a page begins and does not end, or ends and did not begin.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LeftOpen {
    is_there: bool,
    /// How often the graphics state is restored more than it was saved, at the worst place.
    lacking: usize,
    /// How often it is saved and not restored, from there on.
    saved: usize,
    marked: usize,
    is_in_text: bool,
}

impl LeftOpen {
    /// Reads content. A stream that does not unpack draws nothing.
    pub(crate) fn of(document: &Document, streams: &[Object]) -> Self {
        let mut found = Self { is_there: !streams.is_empty(), ..Self::default() };
        let mut bytes = Vec::new();
        for held in streams.iter().filter_map(|held| object::resolve(document, held).as_stream().ok()) {
            // An operand may be in one stream and its operator in the next one.
            bytes.extend(
                stream::unpack_within(held, stream::CONTENT_BYTES_MAX.saturating_sub(bytes.len()))
                    .ok()
                    .into_iter()
                    .flatten(),
            );
            bytes.push(b'\n');
        }
        let (mut reader, mut operands) = (Reader::new(&bytes), Vec::new());
        while let Some(operator) = reader.next(&mut operands) {
            match operator {
                b"q" => found.saved += 1,
                b"Q" if found.saved > 0 => found.saved -= 1,
                b"Q" => found.lacking += 1,
                b"BMC" | b"BDC" => found.marked += 1,
                b"EMC" => found.marked = found.marked.saturating_sub(1),
                b"BT" => found.is_in_text = true,
                b"ET" => found.is_in_text = false,
                _ => {}
            }
        }
        found
    }

    /// Whether the graphics state that the content begins with stays below all of it.
    pub(crate) const fn keeps_its_start(self) -> bool {
        self.lacking == 0
    }

    /// What goes before the content, so that its graphics state can be put back.
    pub(crate) fn start(self) -> String {
        "q\n".repeat(self.lacking + 1)
    }

    /// What comes behind it.
    pub(crate) fn end(self) -> String {
        let mut end = if self.is_in_text { "ET\n".to_owned() } else { String::new() };
        end.push_str(&"EMC\n".repeat(self.marked));
        end.push_str(&"Q\n".repeat(self.saved + usize::from(self.is_there)));
        end
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Stream, dictionary};

    use super::*;

    fn left_open(content: &str) -> (String, String) {
        let mut document = Document::new();
        // Cut in the middle of an operation.
        let (one, other) = content.split_at(content.len() / 2);
        let streams = [one, other].map(|part| Stream::new(dictionary! {}, part.as_bytes().to_vec()));
        let streams = streams.map(|part| Object::Reference(document.add_object(part)));
        let found = LeftOpen::of(&document, &streams);
        (found.start().replace('\n', " "), found.end().replace('\n', " "))
    }

    #[test]
    fn what_a_page_leaves_open_is_closed() {
        let told = |start: &str, end: &str| (start.to_owned(), end.to_owned());
        assert_eq!(left_open("q 1 0 0 1 0 0 cm Q"), told("q ", "Q "));
        assert_eq!(left_open("q q 2 0 0 2 0 0 cm"), told("q ", "Q Q Q "));
        assert_eq!(left_open("Q Q q 0 0 9 9 re f"), told("q q q ", "Q Q "));
        assert_eq!(left_open("/P BMC BT (q q) Tj"), told("q ", "ET EMC Q "));
        assert_eq!(LeftOpen::of(&Document::new(), &[]).end(), "");
    }
}
