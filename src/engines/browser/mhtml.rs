//! Web archives (MHTML, RFC 2557): a page and what it shows, as the parts of a mail message.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, MatchKind};
use mail_parser::{
    Encoding, HeaderName, Message, MessageParser, MessagePart, MimeHeaders as _, PartType,
    decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode},
};
use url::Url;

use super::site::{self, ORIGIN, Part, Site};
use crate::{domain::limits, engines::Error};

/// Reads a web archive.
///
/// # Errors
/// `Corrupt` when it holds no page, `Limit` when it has too many parts.
pub(super) fn read(bytes: &[u8]) -> Result<Site, Error> {
    let corrupt = |what: &str| Error::Corrupt { what: what.to_owned() };
    let message = MessageParser::default().parse(bytes).ok_or_else(|| corrupt("it has no header fields"))?;
    let max = limits::CONTAINER_ENTRIES_MAX;
    if message.parts.len() > max {
        return Err(Error::Limit {
            which: format!("{} parts of a web archive, at most {max} are read", message.parts.len()),
        });
    }
    let root = root(&message).ok_or_else(|| corrupt("the web archive holds no page"))?;
    let origin = Url::parse(ORIGIN).map_err(|_| corrupt("its addresses cannot be read"))?;
    // Some write the address of the page to the head of the archive alone.
    let stated =
        || message.header(HeaderName::Other("Snapshot-Content-Location".into())).and_then(|value| value.as_text());
    let location = root.content_location().or_else(stated).and_then(|location| Url::parse(location.trim()).ok());
    let base = location.filter(is_of_the_web).unwrap_or(origin.clone());
    let placed: Vec<Placed<'_>> = (0..)
        .zip(message.parts.iter().filter(|part| !matches!(part.body, PartType::Multipart(_) | PartType::Message(_))))
        .map(|(number, part)| {
            let address = if std::ptr::eq(part, root) { base.clone() } else { place(part, number, &base, &origin) };
            Placed { address, part, bytes: body(bytes, part) }
        })
        .collect();
    let moved = Moved::of(&placed)?;
    let mut site = Site::at(base.to_string());
    for placed in &placed {
        site.add(placed.address.to_string(), placed.content(&moved));
    }
    Ok(site)
}

/// The page that is shown: the one that is named as the start, else the first.
fn root<'a>(message: &'a Message<'a>) -> Option<&'a MessagePart<'a>> {
    let start = message.content_type().and_then(|kind| kind.attribute("start")).map(bare);
    let named = |part: &&MessagePart<'_>| start.is_some() && part.content_id().map(bare) == start;
    message.parts.iter().filter(is_page).find(named).or_else(|| message.parts.iter().find(is_page))
}

fn is_page(part: &&MessagePart<'_>) -> bool {
    matches!(part.body, PartType::Html(_)) || media_type(part) == "application/xhtml+xml"
}

/// An identifier without its brackets.
fn bare(id: &str) -> &str {
    id.trim().trim_start_matches('<').trim_end_matches('>')
}

fn media_type(part: &MessagePart<'_>) -> String {
    part.content_type().map_or_else(
        || "application/octet-stream".to_owned(),
        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")).to_ascii_lowercase(),
    )
}

/// The bytes of a part, with its transfer encoding undone and nothing else.
fn body<'a>(archive: &'a [u8], part: &MessagePart<'_>) -> Cow<'a, [u8]> {
    let range = usize::try_from(part.offset_body).ok().zip(usize::try_from(part.offset_end).ok());
    let raw = range.and_then(|(start, end)| archive.get(start..end)).unwrap_or_default();
    let decoded = match part.encoding {
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
        Encoding::Base64 => base64_decode(raw),
        Encoding::None => None,
    };
    decoded.map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// Where a part is served: at the address that it gives, or at one of ours.
fn place(part: &MessagePart<'_>, number: usize, base: &Url, origin: &Url) -> Url {
    let given = part.content_location().and_then(|location| base.join(location.trim()).ok());
    given.filter(is_of_the_web).unwrap_or_else(|| {
        let mut address = origin.clone();
        address.set_path(&format!("part/{number}"));
        address
    })
}

/// Whether a browser would ask for an address by HTTP.
fn is_of_the_web(address: &Url) -> bool {
    matches!(address.scheme(), "http" | "https")
}

/// A part and where it is served.
struct Placed<'a> {
    address: Url,
    part: &'a MessagePart<'a>,
    bytes: Cow<'a, [u8]>,
}

impl Placed<'_> {
    fn content(&self, moved: &Moved) -> Part {
        let media_type = media_type(self.part);
        if !media_type.starts_with("text/") && media_type != "application/xhtml+xml" {
            return Part { media_type, bytes: self.bytes.to_vec() };
        }
        let declared = self.part.content_type().and_then(|kind| kind.attribute("charset"));
        let declared = declared.map(|charset| format!("{media_type}; charset={charset}"));
        let encoding = site::encoding(&self.bytes, declared.as_deref()).unwrap_or(encoding_rs::WINDOWS_1252);
        let (text, _, _) = encoding.decode(&self.bytes);
        Part { media_type: format!("{media_type}; charset=utf-8"), bytes: moved.replace(&text).into_bytes() }
    }

    /// What names the part besides its address.
    fn other_names(&self) -> impl Iterator<Item = String> {
        let id = self.part.content_id().map(bare).filter(|id| !id.is_empty());
        let ids = id.into_iter().flat_map(|id| [format!("cid:{id}"), format!("cid:{}", id.replace('@', "%40"))]);
        let location = self
            .part
            .content_location()
            .map(str::trim)
            .filter(|location| Url::parse(location).is_ok_and(|location| !is_of_the_web(&location)));
        ids.chain(location.map(str::to_owned))
    }
}

/// A browser asks for addresses of the web alone, so parts that have another are moved, and what names them is changed.
struct Moved {
    names: AhoCorasick,
    addresses: Vec<String>,
}

impl Moved {
    fn of(placed: &[Placed<'_>]) -> Result<Self, Error> {
        let named =
            placed.iter().flat_map(|placed| placed.other_names().map(|name| (name, placed.address.to_string())));
        let (names, addresses): (Vec<_>, Vec<_>) = named.unzip();
        let names = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(names)
            .map_err(|_| Error::Limit { which: "the names of the parts of a web archive".to_owned() })?;
        Ok(Self { names, addresses })
    }

    fn replace(&self, text: &str) -> String {
        self.names.replace_all(text, &self.addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(parts: &[(&str, &str)]) -> Site {
        let mut text =
            "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x; type=\"text/html\"\r\n\r\n".to_owned();
        for (head, body) in parts {
            text.push_str(&format!("--x\r\n{head}\r\n\r\n{body}\r\n"));
        }
        text.push_str("--x--\r\n");
        read(text.as_bytes()).unwrap()
    }

    fn text<'a>(site: &'a Site, address: &str) -> &'a str {
        std::str::from_utf8(&site.get(address).unwrap().bytes).unwrap()
    }

    #[test]
    fn parts_are_found_by_their_addresses_relative_to_the_page() {
        let site = archive(&[
            ("Content-Type: text/html\r\nContent-Location: https://example.org/a/page.html", "<link href=look.css>"),
            ("Content-Type: text/css\r\nContent-Location: look.css", "p { color: red }"),
        ]);
        assert_eq!(site.address, "https://example.org/a/page.html");
        assert!(text(&site, "https://example.org/a/look.css").starts_with("p {"));
    }

    #[test]
    fn what_is_named_by_an_identifier_or_a_path_gets_an_address_of_the_web() {
        let site = archive(&[
            (
                "Content-Type: text/html\r\nContent-Location: file:///C:/page.html",
                "<img src=cid:a@b><img src='file:///C:/b.svg'>",
            ),
            ("Content-Type: text/plain\r\nContent-ID: <a@b>", "one"),
            ("Content-Type: text/plain\r\nContent-Location: file:///C:/b.svg", "two"),
        ]);
        assert_eq!(site.address, ORIGIN);
        let page = text(&site, ORIGIN);
        assert!(
            page.contains("src=http://document.invalid/part/1") && page.contains("'http://document.invalid/part/2'"),
            "{page}"
        );
        assert!(text(&site, "http://document.invalid/part/2").starts_with("two"));
    }

    #[test]
    fn an_archive_without_a_page_is_damaged() {
        let error = read(b"Content-Type: image/png\r\n\r\nabc").unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }));
    }
}
