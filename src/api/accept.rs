//! What form of answer a request prefers (RFC 9110, 12.4.2 and 12.5.1).

use axum::http::{HeaderMap, header};

/// A form that answers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON, which is also what a client gets that does not say.
    Json,
    /// XML, under this media type.
    Xml(&'static str),
}

/// The media types that a request accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accept(Vec<Range>);

/// One media range.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Range {
    kind: String,
    subtype: String,
    /// Whether it has a parameter that none of our answers has.
    has_others: bool,
    /// Its weight in thousandths.
    quality: u16,
}

/// How well a range fits: by its weight, and among equals by how closely it names the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Fit {
    quality: u16,
    closeness: u8,
}

/// The closeness of `*/*`, of `application/*`, and of a range that names a type.
const ANY: u8 = 0;
const KIND: u8 = 1;
const NAMED: u8 = 2;

const APPLICATION_XML: &str = "application/xml";
const TEXT_XML: &str = "text/xml";

impl Accept {
    /// Reads the `Accept` headers. None, or one that cannot be understood, means that anything will do.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let lines: Option<Vec<_>> = headers.get_all(header::ACCEPT).iter().map(|line| line.to_str().ok()).collect();
        Self(lines.and_then(|lines| parse(&lines.join(","))).unwrap_or_default())
    }

    /// The form to answer in, or `None` when the client takes neither.
    pub(super) fn preferred(&self) -> Option<Format> {
        if self.0.is_empty() {
            return Some(Format::Json);
        }
        let (application, text) = (self.fit("application", "xml", ANY), self.fit("text", "xml", KIND));
        let json = self.fit("application", "json", ANY).max(self.fit("application", "problem+json", NAMED));
        let xml = application.max(text).max(self.fit("application", "problem+xml", NAMED));
        if json.max(xml).quality == 0 {
            None
        } else if xml > json {
            Some(Format::Xml(if text > application { TEXT_XML } else { APPLICATION_XML }))
        } else {
            Some(Format::Json)
        }
    }

    /// How well a type fits: the range that names it most closely decides, if it is no vaguer than `vaguest`.
    fn fit(&self, kind: &str, subtype: &str, vaguest: u8) -> Fit {
        let fits = self.0.iter().filter_map(|range| {
            let closeness = match (range.kind.as_str(), range.subtype.as_str()) {
                ("*", "*") => ANY,
                (one, "*") if one == kind => KIND,
                (one, other) if one == kind && other == subtype => NAMED + u8::from(!range.has_others),
                _ => return None,
            };
            Some(Fit { quality: range.quality, closeness })
        });
        let closest = fits.max_by_key(|fit| (fit.closeness, fit.quality));
        closest.filter(|fit| fit.quality > 0 && fit.closeness >= vaguest).unwrap_or_default()
    }
}

/// Reads a list of media ranges; `None` when it is none.
fn parse(text: &str) -> Option<Vec<Range>> {
    let elements = split(text, b',')?;
    elements.into_iter().map(str::trim).filter(|element| !element.is_empty()).map(range).collect()
}

/// Reads `type/subtype;name=value;q=0.5`. What follows the weight says nothing about the type.
fn range(text: &str) -> Option<Range> {
    let mut parts = split(text, b';')?.into_iter().map(str::trim);
    let (kind, subtype) = parts.next()?.split_once('/')?;
    if !is_token(kind) || !is_token(subtype) || (kind == "*" && subtype != "*") {
        return None;
    }
    let mut range = Range {
        kind: kind.to_ascii_lowercase(),
        subtype: subtype.to_ascii_lowercase(),
        has_others: false,
        quality: 1000,
    };
    let mut is_weighed = false;
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (part, None),
        };
        if !is_token(name) || !value.is_none_or(is_value) || (value.is_none() && !is_weighed) {
            return None;
        }
        if is_weighed {
            continue;
        }
        if name.eq_ignore_ascii_case("q") {
            range.quality = weight(value?)?;
            is_weighed = true;
        } else {
            // All that we send is in UTF-8.
            let is_ours = name.eq_ignore_ascii_case("charset")
                && value.is_some_and(|value| value.trim_matches('"').eq_ignore_ascii_case("utf-8"));
            range.has_others |= !is_ours;
        }
    }
    Some(range)
}

/// Splits at a sign that stands outside of quotes; `None` when a quote does not end.
fn split(text: &str, at: u8) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let (mut from, mut is_quoted, mut is_escaped) = (0, false, false);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ if byte == at && !is_quoted => {
                parts.push(text.get(from..index)?);
                from = index + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(from..)?);
    (!is_quoted).then_some(parts)
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether a text is a token or a string in quotes.
fn is_value(text: &str) -> bool {
    is_token(text) || (text.len() >= 2 && text.starts_with('"') && text.ends_with('"'))
}

/// Reads a weight of at most three decimals, in thousandths.
fn weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const XML: Option<Format> = Some(Format::Xml(APPLICATION_XML));
    const TEXT: Option<Format> = Some(Format::Xml(TEXT_XML));
    const JSON: Option<Format> = Some(Format::Json);

    fn check(lines: &[&str], expected: Option<Format>) {
        let headers = lines.iter().map(|line| (header::ACCEPT, line.parse().unwrap())).collect();
        assert_eq!(Accept::of(&headers).preferred(), expected, "{lines:?}");
    }

    #[test]
    fn json_is_for_whoever_does_not_say() {
        check(&[], JSON);
        for any in ["", "*/*", "application/*", "application/*, */*;q=0.1", "*/*;q=0.001", "text/html, */*;q=0.1"] {
            check(&[any], JSON);
        }
    }

    #[test]
    fn xml_is_for_whoever_prefers_it() {
        for xml in [
            "application/xml",
            "APPLICATION/XML",
            "application/xml;q=0.1",
            "application/xml; charset=utf-8",
            "application/xml;version=\"1,0;q=0\";q=0.3",
            "application/json;q=0.5, application/xml;q=0.501",
            "application/xml, */*",
            "application/xml, application/*;q=0.9",
            "*/*;q=0.8, text/html, application/xml;q=0.9",
            "application/problem+xml",
            "application/problem+xml, application/json;q=0.9",
            "application/json;q=0, application/xml",
        ] {
            check(&[xml], XML);
        }
        check(&["text/xml"], TEXT);
        check(&["text/*"], TEXT);
        check(&["text/xml, application/xml;q=0.9, application/json"], JSON);
        check(&["text/xml;q=0.9, application/xml, application/json;q=0.8"], XML);
    }

    #[test]
    fn among_equals_json_wins_and_several_lines_are_one_list() {
        check(&["application/xml, application/json"], JSON);
        check(&["application/xml", "application/json;q=0.9"], XML);
        check(&["application/xml;q=0.4", "application/json;q=0.9"], JSON);
        check(&["application/json", "", "text/html"], JSON);
        check(&["application/problem+json, application/xml;q=0.9"], JSON);
    }

    #[test]
    fn the_range_that_names_a_type_most_closely_decides() {
        check(&["*/*, application/json;q=0.1, application/xml;q=0.2"], XML);
        check(&["application/json;version=2, application/json;q=0.1, application/xml;q=0.5"], XML);
        check(&["application/json;charset=UTF-8;q=0.6, application/xml;q=0.5"], JSON);
        check(&["application/*;q=0.2, application/json;q=0, */*;q=0.1"], XML);
    }

    #[test]
    fn neither_will_do_when_all_that_is_accepted_is_something_else() {
        for other in [
            "text/html",
            "image/*",
            "*/*;q=0",
            "application/json;q=0",
            "application/json;q=0, application/xml;q=0, */*",
            "application/xml;q=0.000",
            "text/plain, application/pdf",
        ] {
            check(&[other], None);
        }
    }

    #[test]
    fn what_cannot_be_understood_counts_as_absent() {
        for broken in [
            "xml",
            "application/",
            "/xml",
            "*/xml",
            "application/xml;q=2",
            "application/xml;q=1.001",
            "application/xml;q=0.1234",
            "application/xml;q=-1",
            "application/xml;q",
            "application/xml;q=a",
            "application/xml;a=\"",
            "application/xml;a",
            "a b/c",
            "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        ] {
            check(&[broken], JSON);
        }
        let headers = HeaderMap::from_iter([(header::ACCEPT, b"application/xml\xff".as_slice().try_into().unwrap())]);
        assert_eq!(Accept::of(&headers).preferred(), JSON);
    }

    proptest! {
        #[test]
        fn any_header_is_read(line in "[ -~]{0,60}") {
            let headers = HeaderMap::from_iter([(header::ACCEPT, line.parse().unwrap())]);
            Accept::of(&headers).preferred();
        }

        #[test]
        fn the_greater_weight_wins(json in 0_u16..=1000, xml in 0_u16..=1000) {
            let weight = |value: u16| format!("{}.{:03}", value / 1000, value % 1000);
            let line = format!("application/json;q={}, application/xml;q={}", weight(json), weight(xml));
            let expected = if json.max(xml) == 0 { None } else if xml > json { XML } else { JSON };
            check(&[&line], expected);
        }
    }
}
