//! One description of a document, gathered from what is wanted, from `Info`, and from the old XMP, in this order.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Object};
use quick_xml::{Reader, events::Event};
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use crate::{
    domain::metadata::{Metadata, Property},
    pdf::{object, stream},
};

/// Most bytes of old XMP that are read; larger ones carry edit histories and thumbnails.
const PACKET_BYTES_MAX: usize = 8 << 20;

/// Most characters kept of one old value.
const VALUE_CHARS_MAX: usize = 32_000;

/// What a document says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Description {
    pub(super) said: Metadata,
    pub(super) created: Option<OffsetDateTime>,
    pub(super) modified: OffsetDateTime,
}

/// The key in `Info` that says the same as a property, if there is one (ISO 19005-1, 6.7.3).
pub(super) const fn info_key(property: Property) -> Option<&'static str> {
    match property {
        Property::Title => Some("Title"),
        Property::Author => Some("Author"),
        Property::Subject => Some("Subject"),
        Property::Keywords => Some("Keywords"),
        Property::CreatorTool => Some("Creator"),
        Property::Contributor
        | Property::Coverage
        | Property::Identifier
        | Property::Rights
        | Property::Source
        | Property::Type
        | Property::BaseUrl
        | Property::XmpIdentifier
        | Property::Nickname
        | Property::Certificate
        | Property::Marked
        | Property::Owner
        | Property::UsageTerms
        | Property::WebStatement => None,
    }
}

impl Description {
    /// Gathers the description. Values are freed of characters that XML cannot hold.
    pub(super) fn gather(document: &Document, wanted: &Metadata, now: OffsetDateTime) -> Self {
        let empty = Dictionary::new();
        let info = object::dictionary(document, &document.trailer, b"Info").unwrap_or(&empty);
        let old = packet_values(document);
        let said = |property: Property| {
            let of_info = |key: &str| object::text(document, info, key.as_bytes());
            wanted
                .get(property)
                .map(str::to_owned)
                .or_else(|| info_key(property).and_then(of_info).filter(|text| !text.trim().is_empty()))
                .or_else(|| old.get(property.name()).cloned())
                .map(|text| clean(&text))
                .filter(|text| !text.is_empty())
                // Old packets may say anything here, and what is no truth value would be no PDF/A.
                .filter(|text| property != Property::Marked || matches!(text.as_str(), "True" | "False"))
                .map(|text| (property, text))
        };
        let created = object::text(document, info, b"CreationDate").and_then(|text| pdf_date(&text));
        Self {
            said: Property::ALL.into_iter().filter_map(said).collect(),
            created: created.or_else(|| old.get("xmp:CreateDate").and_then(|text| xmp_date(text))),
            modified: now,
        }
    }
}

/// XML 1.0 has no way to write most control characters, and a line break in `Info` and XMP is not compared alike.
pub(super) fn clean(text: &str) -> String {
    let kept = text.chars().map(|each| if matches!(each, '\n' | '\r' | '\t') { ' ' } else { each });
    let kept = kept.filter(|each| !each.is_control() && !matches!(each, '\u{FFFE}' | '\u{FFFF}' | '\u{FEFF}'));
    kept.take(VALUE_CHARS_MAX).collect::<String>().trim().to_owned()
}

/// The values of the old XMP by their usual names. Broken XML gives what stands before the break.
pub(super) fn packet_values(document: &Document) -> BTreeMap<String, String> {
    let held = object::catalog(document).and_then(|catalog| object::get(document, catalog, b"Metadata"));
    let Some(Object::Stream(held)) = held else { return BTreeMap::new() };
    stream::unpack_within(held, PACKET_BYTES_MAX)
        .map(|bytes| values(&String::from_utf8_lossy(&bytes)))
        .unwrap_or_default()
}

/// Reads names and text: an element's text, or the items of its list joined by a comma; and plain attributes.
fn values(packet: &str) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut reader = Reader::from_str(packet);
    let mut path: Vec<String> = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                let name = element.name().as_ref().to_owned();
                attributes(&element, &mut found);
                path.push(name);
                if path.len() > 64 {
                    break;
                }
            }
            Ok(Event::Empty(element)) => attributes(&element, &mut found),
            Ok(Event::End(_)) => drop(path.pop()),
            Ok(Event::Text(text)) => {
                collect(&path, &text, &mut found);
            }
            Ok(Event::GeneralRef(reference)) => {
                let text = entity(&reference);
                let Some(text) = text else { continue };
                collect(&path, &text, &mut found);
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(Event::CData(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
        }
    }
    found
}

/// Adds text to the property that it is in: the innermost element that is not of RDF itself.
fn collect(path: &[String], text: &str, found: &mut BTreeMap<String, String>) {
    let Some(property) = path.iter().rev().find(|name| !name.starts_with("rdf:")) else { return };
    if text.trim().is_empty() && !found.contains_key(property) {
        return;
    }
    found.entry(property.clone()).or_default().push_str(text);
}

fn entity(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).map(String::from);
    }
    quick_xml::escape::resolve_predefined_entity(name).map(str::to_owned)
}

fn attributes(element: &quick_xml::events::BytesStart<'_>, found: &mut BTreeMap<String, String>) {
    for attribute in element.attributes().flatten() {
        let key = attribute.key.as_ref().to_owned();
        if key.starts_with("xmlns") || key.starts_with("rdf:") || key.starts_with("xml:") {
            continue;
        }
        let raw = attribute.value.into_owned();
        let value = quick_xml::escape::unescape(&raw).map(std::borrow::Cow::into_owned).unwrap_or(raw);
        found.insert(key, value);
    }
}

/// Reads `D:YYYYMMDDHHmmSSOHH'mm'`, everything after the year optional.
pub(crate) fn pdf_date(text: &str) -> Option<OffsetDateTime> {
    let text = text.trim();
    let text = text.strip_prefix("D:").unwrap_or(text);
    let digits: Vec<u8> = text.bytes().take_while(u8::is_ascii_digit).collect();
    let rest = text.get(digits.len()..)?;
    let part = |from: usize, length: usize, otherwise: u8| match digits.get(from..from + length) {
        Some(part) => std::str::from_utf8(part).ok()?.parse().ok(),
        None => Some(otherwise),
    };
    let year: i32 = std::str::from_utf8(digits.get(..4)?).ok()?.parse().ok()?;
    moment(year, [part(4, 2, 1)?, part(6, 2, 1)?], [part(8, 2, 0)?, part(10, 2, 0)?, part(12, 2, 0)?], rest)
}

/// Reads an ISO 8601 date as XMP holds it.
fn xmp_date(text: &str) -> Option<OffsetDateTime> {
    let mut halves = text.trim().splitn(2, 'T');
    let mut date = halves.next()?.split('-');
    let year = date.next()?.parse().ok()?;
    let month = date.next().map_or(Ok(1), str::parse).ok()?;
    let day = date.next().map_or(Ok(1), str::parse).ok()?;
    let clock = halves.next().unwrap_or("00:00:00Z");
    let zone_at = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at_checked(zone_at)?;
    let mut parts = clock.split(':').map(|part| part.split('.').next().unwrap_or_default().parse::<u8>().unwrap_or(0));
    let time = [parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0)];
    moment(year, [month, day], time, zone)
}

fn moment(year: i32, [month, day]: [u8; 2], [hour, minute, second]: [u8; 3], zone: &str) -> Option<OffsetDateTime> {
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day)
        .ok()
        .filter(|_| (1..=9999).contains(&year))?;
    let time = Time::from_hms(hour, minute, second).ok()?;
    let digits: Vec<i8> =
        zone.bytes().filter(u8::is_ascii_digit).filter_map(|digit| i8::try_from(digit - b'0').ok()).collect();
    let two = |at: usize| digits.get(at)?.checked_mul(10)?.checked_add(*digits.get(at + 1)?);
    let sign: i8 = if zone.starts_with('-') { -1 } else { 1 };
    let offset = match (zone.starts_with(['+', '-']), two(0)) {
        (true, Some(hours)) => UtcOffset::from_hms(sign * hours, sign * two(2).unwrap_or(0), 0).ok()?,
        (true, None) | (false, _) => UtcOffset::UTC,
    };
    Some(date.with_time(time).assume_offset(offset))
}
