//! Metadata streams (parts 2 and 3: 6.6.2.1; part 1: 6.7.2, 6.7.5, 6.7.9; part 4: 6.7.2.1).

use super::packet;
use crate::pdf::{
    stream,
    validate::{rule::Findings, subject::Subject},
};

/// The catalog has a metadata stream (6.6.2.1 of part 2).
pub(super) fn present(subject: &Subject<'_>, findings: &mut Findings) {
    if packet::main(subject.document).is_none() {
        findings.add_document("The catalog has no metadata stream.");
    }
}

/// The metadata stream of the catalog has no filter, so that tools that know nothing of PDF find what it says (6.7.2 of
/// part 1).
pub(super) fn unfiltered(subject: &Subject<'_>, findings: &mut Findings) {
    let Some((id, held)) = packet::main(subject.document) else { return };
    let filters = stream::filters(subject.document, held);
    findings.add_if(!filters.is_empty(), id, || {
        let names: Vec<_> = filters.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        format!("The metadata stream of the catalog is packed by {}.", names.join(", "))
    });
}

/// The header of a packet has neither of the two attributes that XMP gave up, `bytes` and `encoding` (6.6.2.1 of
/// part 2).
pub(super) fn header(subject: &Subject<'_>, findings: &mut Findings) {
    for packet in subject.packets().all() {
        let header = packet.xmp.as_ref().ok().and_then(|xmp| xmp.header.as_deref()).unwrap_or_default();
        for name in ["bytes", "encoding"] {
            findings.add_if(has_attribute(header, name), packet.id, || {
                format!("The header of an XMP packet has the attribute {name}.")
            });
        }
    }
}

/// Whether a name stands before an equals sign and a quoted value.
fn has_attribute(header: &str, name: &str) -> bool {
    header.match_indices(name).any(|(at, _)| {
        let rest = header.get(at + name.len()..).unwrap_or_default().trim_start();
        let Some(value) = rest.strip_prefix('=').map(str::trim_start) else { return false };
        ['"', '\''].into_iter().any(|quote| value.strip_prefix(quote).is_some_and(|value| value.contains(quote)))
    })
}

/// What a metadata stream holds follows the XMP specification: XML that is well-formed, RDF as XMP allows it (6.6.2.1 of
/// part 2, 6.7.9 of part 1).
pub(super) fn well_formed(subject: &Subject<'_>, findings: &mut Findings) {
    for packet in subject.packets().all() {
        if let Err(reason) = &packet.xmp {
            findings.add(packet.id, || format!("A metadata stream is not valid XMP: {reason}."));
        }
    }
}

/// A packet is written in UTF-8 (6.6.2.1 of part 2). One that cannot be read at all breaks another rule.
pub(super) fn utf_8(subject: &Subject<'_>, findings: &mut Findings) {
    for packet in subject.packets().all() {
        findings.add_if(packet.xmp.is_ok() && !packet.is_utf_8, packet.id, || {
            "An XMP packet is not written in UTF-8.".to_owned()
        });
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, Document, Object, dictionary};

    use crate::pdf::validate::{
        Flavour,
        metadata::testing::{breaks, breaks_in, document, packet, stream},
    };

    fn with_metadata(bytes: &[u8]) -> Document {
        let mut document = document("");
        let catalog = document.trailer.get(b"Root").and_then(Object::as_reference).unwrap();
        let metadata = document.add_object(stream(bytes));
        document.get_dictionary_mut(catalog).unwrap().set("Metadata", metadata);
        document
    }

    #[test]
    fn a_document_without_metadata_is_refused() {
        let mut bare = Document::with_version("1.7");
        let catalog = bare.add_object(dictionary! { "Type" => "Catalog", "Metadata" => Dictionary::new() });
        bare.trailer.set("Root", catalog);
        assert!(breaks_in("metadata-present", Flavour::A1B, &bare));
        assert!(!breaks("metadata-present", Flavour::A1B, &packet("")));
        let mut untyped = document(&packet(""));
        untyped.objects.values_mut().filter_map(|object| object.as_stream_mut().ok()).for_each(|stream| {
            stream.dict.remove(b"Subtype");
        });
        assert!(breaks_in("metadata-present", Flavour::A2B, &untyped));
    }

    #[test]
    fn a_packed_stream_is_refused_by_part_1_alone() {
        let mut document = document(&packet(""));
        let id = *document.objects.iter().find(|(_, object)| object.as_stream().is_ok()).unwrap().0;
        document.objects.get_mut(&id).unwrap().as_stream_mut().unwrap().compress().unwrap();
        let stream = document.objects.get_mut(&id).unwrap().as_stream_mut().unwrap();
        stream.dict.set("Filter", "FlateDecode");
        assert!(breaks_in("metadata-unfiltered", Flavour::A1B, &document));
        assert!(!breaks_in("metadata-unfiltered", Flavour::A2B, &document));
        assert!(!breaks("metadata-unfiltered", Flavour::A1B, &packet("")));
    }

    #[test]
    fn an_old_header_is_refused() {
        let usual = packet("");
        assert!(!breaks("xmp-header", Flavour::A2B, &usual));
        assert!(breaks("xmp-header", Flavour::A2B, &usual.replace(" id=", " bytes='1024' id=")));
        assert!(breaks("xmp-header", Flavour::A1B, &usual.replace(" id=", " encoding = \"UTF-8\" id=")));
    }

    #[test]
    fn a_packet_that_is_no_xmp_is_refused() {
        for flavour in [Flavour::A1B, Flavour::A2B, Flavour::A4] {
            assert!(breaks("xmp-well-formed", flavour, "<x>"), "{flavour}");
            assert!(!breaks("xmp-well-formed", flavour, &packet("")), "{flavour}");
        }
        let latin_1 = with_metadata(b"<x>\xFF</x>");
        assert!(breaks_in("xmp-utf-8", Flavour::A2B, &latin_1));
        assert!(!breaks_in("xmp-well-formed", Flavour::A2B, &latin_1), "readers take it as Latin-1");
    }

    #[test]
    fn a_packet_that_unpacks_to_too_much_is_refused() {
        let mut document = with_metadata(&vec![b' '; 17 << 20]);
        for stream in document.objects.values_mut().filter_map(|object| object.as_stream_mut().ok()) {
            stream.compress().unwrap();
        }
        assert!(breaks_in("xmp-well-formed", Flavour::A2B, &document));
    }

    #[test]
    fn another_packet_is_asked_from_part_2_on() {
        let mut document = document(&packet(""));
        let other = document.add_object(stream(b"<x>"));
        let holder = document.add_object(dictionary! { "Metadata" => other });
        document.trailer.set("Other", holder);
        assert!(!breaks_in("xmp-well-formed", Flavour::A1B, &document));
        assert!(breaks_in("xmp-well-formed", Flavour::A2B, &document));
    }

    #[test]
    fn a_packet_in_a_wider_encoding_is_refused_from_part_2_on() {
        let text = packet("");
        let marked = format!("\u{FEFF}{text}");
        for text in [text.as_str(), marked.as_str()] {
            let utf_16 = || text.encode_utf16();
            let utf_32 = || text.chars().map(u32::from);
            let encoded: [Vec<u8>; 4] = [
                utf_16().flat_map(u16::to_be_bytes).collect(),
                utf_16().flat_map(u16::to_le_bytes).collect(),
                utf_32().flat_map(u32::to_be_bytes).collect(),
                utf_32().flat_map(u32::to_le_bytes).collect(),
            ];
            for bytes in encoded {
                let document = with_metadata(&bytes);
                assert!(breaks_in("xmp-utf-8", Flavour::A2B, &document));
                assert!(!breaks_in("xmp-well-formed", Flavour::A2B, &document));
                assert!(!breaks_in("xmp-utf-8", Flavour::A1B, &document));
            }
        }
    }
}
