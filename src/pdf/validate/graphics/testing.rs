//! Small documents for the tests of this chapter.

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use crate::pdf::validate::{Flavour, report::Failure, subject::Subject};

/// A document of one page.
pub(super) struct Sample {
    /// The document.
    pub(super) document: Document,
    /// The number of its page.
    pub(super) page: ObjectId,
    catalog: ObjectId,
}

impl Sample {
    /// One with an empty page.
    pub(super) fn new() -> Self {
        let mut document = Document::with_version("1.7");
        let page = document.add_object(dictionary! { "Type" => "Page", "Resources" => dictionary! {} });
        let pages = document.add_object(dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => vec![page.into()] });
        let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
        document.trailer.set("Root", catalog);
        Self { document, page, catalog }
    }

    /// One with content on its page, and resources.
    pub(super) fn drawing(content: &str, resources: Dictionary) -> Self {
        let mut sample = Self::new();
        let content = sample.document.add_object(Stream::new(Dictionary::new(), content.as_bytes().to_vec()));
        sample.set(sample.page, "Contents", content);
        sample.set(sample.page, "Resources", resources);
        sample
    }

    /// Sets an entry of an object.
    pub(super) fn set(&mut self, id: ObjectId, key: &str, value: impl Into<Object>) {
        self.document.get_object_mut(id).unwrap().as_dict_mut().unwrap().set(key, value);
    }

    /// Adds a stream.
    pub(super) fn stream(&mut self, held: Dictionary, content: &[u8]) -> ObjectId {
        self.document.add_object(Stream::new(held, content.to_vec()))
    }

    /// Adds output intents, each of the kind and with the profile given, to the document.
    pub(super) fn intend(&mut self, intents: &[(&str, ObjectId)]) {
        let intents: Vec<Object> = intents
            .iter()
            .map(|(kind, profile)| dictionary! { "S" => *kind, "DestOutputProfile" => *profile }.into())
            .collect();
        self.set(self.catalog, "OutputIntents", intents);
    }

    /// Adds an output intent to the document.
    pub(super) fn intend_with(&mut self, intent: Dictionary) {
        self.set(self.catalog, "OutputIntents", vec![Object::Dictionary(intent)]);
    }

    /// Adds a profile.
    pub(super) fn profile(&mut self, bytes: &[u8], components: i64) -> ObjectId {
        self.stream(dictionary! { "N" => components }, bytes)
    }

    /// The same with an output intent of sRGB.
    pub(super) fn in_rgb(mut self) -> Self {
        let profile = self.profile(&icc(b"mntr", b"RGB ", 2), 3);
        self.intend(&[("GTS_PDFA1", profile)]);
        self
    }

    /// The rules of this chapter that it breaks.
    pub(super) fn broken(&self, flavour: Flavour) -> Vec<&'static str> {
        self.failures(flavour).into_iter().map(|failure| failure.rule).collect()
    }

    /// The same with what is said of each.
    pub(super) fn failures(&self, flavour: Flavour) -> Vec<Failure> {
        let subject = Subject::new(b"", 0, &self.document, flavour);
        super::RULES.iter().filter_map(|rule| rule.run(&subject)).collect()
    }
}

/// A name.
pub(super) fn named(name: &str) -> Object {
    Object::Name(name.as_bytes().to_vec())
}

/// A head of a profile.
pub(super) fn icc(class: &[u8; 4], space: &[u8; 4], version: u8) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes[8] = version;
    bytes[12..16].copy_from_slice(class);
    bytes[16..20].copy_from_slice(space);
    bytes[36..40].copy_from_slice(b"acsp");
    bytes
}

/// A box of JPEG 2000.
pub(super) fn jp2_box(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap();
    [&size.to_be_bytes(), kind.as_slice(), content].concat()
}

/// JPEG 2000 data with a number of channels, the bits of each less one, and more boxes of the head.
pub(super) fn jp2(channels: u16, bits: u8, more: &[u8]) -> Vec<u8> {
    let mut head = vec![0; 8];
    head.extend(channels.to_be_bytes());
    head.extend([bits, 7, 0, 0]);
    let inner = [jp2_box(b"ihdr", &head), more.to_vec()].concat();
    [jp2_box(b"jP  ", b"\r\n\x87\n"), jp2_box(b"ftyp", b"jp2 \0\0\0\0jp2 "), jp2_box(b"jp2h", &inner)].concat()
}
