//! What a browser may load: the document and what came with it, by the addresses that it uses for them.

use std::{borrow::Cow, collections::HashMap};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

/// Where a document without an address is shown to be; the top-level domain is one that never exists (RFC 6761).
pub(super) const ORIGIN: &str = "http://document.invalid/";

/// A document and what came with it.
#[derive(Debug)]
pub(super) struct Site {
    /// Address of the document.
    pub(super) address: String,
    parts: HashMap<String, Part>,
}

/// One of them.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Its media type, with its encoding where that is known.
    pub(super) media_type: String,
    /// What it holds.
    pub(super) bytes: Vec<u8>,
}

impl Site {
    /// A document at an address, of which nothing is there yet.
    pub(super) fn at(address: String) -> Self {
        Self { address, parts: HashMap::new() }
    }

    /// A page that came alone, with the media type that was declared for it.
    pub(super) fn of_page(bytes: Vec<u8>, declared: Option<&str>) -> Self {
        let media_type = media_type(&bytes, declared);
        let mut site = Self::at(ORIGIN.to_owned());
        site.add(ORIGIN.to_owned(), Part { media_type, bytes });
        site
    }

    /// Puts a part to an address, unless there is one.
    pub(super) fn add(&mut self, address: String, part: Part) {
        self.parts.entry(without_fragment(&address).to_owned()).or_insert(part);
    }

    /// Whether some part says how pages are put on paper.
    pub(super) fn sets_paper(&self) -> bool {
        self.parts.values().any(|part| memchr::memmem::find(&part.bytes, b"@page").is_some())
    }

    /// What is at an address.
    pub(super) fn get(&self, address: &str) -> Option<&Part> {
        self.parts.get(without_fragment(address))
    }
}

fn without_fragment(address: &str) -> &str {
    address.split('#').next().unwrap_or_default()
}

/// The media type of a page with its encoding, if it is better known than by what the page says of itself: by whoever sent
/// it, or by its bytes, since text that is UTF-8 throughout is hardly ever anything else.
fn media_type(bytes: &[u8], declared: Option<&str>) -> String {
    let kind = if is_xhtml(bytes) { "application/xhtml+xml" } else { "text/html" };
    match encoding(bytes, declared) {
        Some(encoding) => format!("{kind}; charset={}", encoding.name()),
        None => kind.to_owned(),
    }
}

pub(super) fn encoding(bytes: &[u8], declared: Option<&str>) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Some(encoding);
    }
    let parameter = declared.into_iter().flat_map(|declared| declared.split(';')).skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    if let Some(encoding) = parameter.and_then(|label| Encoding::for_label(label.as_bytes())) {
        return Some(encoding);
    }
    if let Some(encoding) = utf16_by_zeros(bytes) {
        return Some(encoding);
    }
    if bytes.is_ascii() {
        // Some encodings are ASCII with other letters behind escapes; the page says which.
        return None;
    }
    if std::str::from_utf8(bytes).is_ok() {
        return Some(encoding_rs::UTF_8);
    }
    // What says that it is UTF-8 and is not, is not believed.
    let is_named = named_encoding(bytes).is_some_and(|named| named != encoding_rs::UTF_8);
    (!is_named).then(|| {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(bytes, true);
        detector.guess(None, Utf8Detection::Deny)
    })
}

/// UTF-16 without a mark: markup begins with ASCII, whose every other byte is zero then.
fn utf16_by_zeros(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some(encoding_rs::UTF_16LE),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// Bytes at its beginning in which a page names its encoding.
const PRESCAN: usize = 1024;

fn head(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.get(..PRESCAN).unwrap_or(bytes))
}

/// The encoding that a page names for itself.
fn named_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = head(bytes).to_ascii_lowercase();
    let (_, named) = head.split_once("charset").or_else(|| head.split_once("encoding"))?;
    let named = named.trim_start().strip_prefix('=')?.trim_start_matches([' ', '"', '\'']);
    let label = named.split(['"', '\'', ' ', '>', ';', '/']).next()?;
    Encoding::for_label(label.as_bytes())
}

/// Whether a page is to be read as XML, as it says and as far as it keeps to it: a browser shows but an error of the rest.
fn is_xhtml(bytes: &[u8]) -> bool {
    head(bytes).trim_start_matches('\u{feff}').trim_start().starts_with("<?xml") && is_well_formed(bytes)
}

fn is_well_formed(bytes: &[u8]) -> bool {
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer) {
            Ok(quick_xml::events::Event::Eof) => return true,
            Ok(_) => buffer.clear(),
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_as(bytes: &[u8], declared: Option<&str>) -> String {
        let site = Site::of_page(bytes.to_vec(), declared);
        site.get(ORIGIN).unwrap().media_type.clone()
    }

    #[test]
    fn a_page_that_is_utf8_throughout_is_read_so_whatever_it_says() {
        let page = "<meta charset=windows-1252>\u{627}\u{644}";
        assert_eq!(shown_as(page.as_bytes(), None), "text/html; charset=UTF-8");
    }

    #[test]
    fn whoever_sent_a_page_knows_its_encoding_better_than_the_page() {
        let page = b"<meta charset=utf-8>\xe4";
        assert_eq!(shown_as(page, Some("text/html; charset=\"iso-8859-2\"")), "text/html; charset=ISO-8859-2");
    }

    #[test]
    fn a_page_that_names_its_encoding_is_believed_when_nothing_stands_against_it() {
        assert_eq!(shown_as(b"<meta charset=windows-1251>\xe4\xe5", None), "text/html");
    }

    #[test]
    fn a_page_that_says_it_is_utf8_and_is_not_is_read_by_its_letters() {
        let (arabic, _, _) = encoding_rs::WINDOWS_1256
            .encode("\u{644}\u{645}\u{627} \u{643}\u{627}\u{646} \u{627}\u{644}\u{646}\u{635}");
        let page =
            [b"<meta http-equiv=Content-Type content=\"text/html; charset=utf-8\"><p>".as_slice(), &arabic].concat();
        assert_eq!(shown_as(&page, None), "text/html; charset=windows-1256");
    }

    #[test]
    fn utf16_is_seen_without_a_mark() {
        let page: Vec<u8> = "<p>a".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(shown_as(&page, None), "text/html; charset=UTF-16LE");
    }

    #[test]
    fn broken_xhtml_is_shown_as_html() {
        assert_eq!(shown_as(b"<?xml version='1.0'?><html><p>a</p></html>", None), "application/xhtml+xml");
        assert_eq!(shown_as(b"<?xml version='1.0'?><html><p>a</html>", None), "text/html");
    }

    #[test]
    fn a_fragment_does_not_change_what_an_address_leads_to() {
        let site = Site::of_page(b"<p>".to_vec(), None);
        assert!(site.get("http://document.invalid/#top").is_some());
        assert!(site.get("http://document.invalid/other").is_none());
    }
}
