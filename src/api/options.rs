//! Lists of options, in JSON or XML.

use axum::body::{Body, HttpBody};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Problem, openapi::schema, xml};
use crate::domain::{limits, options::JobOption};

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Xml,
}

/// One option as it is sent.
#[derive(Deserialize, ToSchema)]
#[schema(as = Option)]
pub(super) struct Sent {
    #[schema(schema_with = schema::option_name)]
    name: String,
    #[schema(schema_with = schema::option_value)]
    value: Value,
}

/// A list of them, for the document of the API.
pub(super) struct Options;

/// Whether a declared content type is JSON; parameters are ignored.
pub(super) fn is_json(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case("application/json")
}

/// Whether a declared content type is one in which a list of options is read; parameters are ignored.
pub(super) fn is_list(content_type: &str) -> bool {
    is_json(content_type) || is_xml(content_type)
}

/// Whether a declared content type is XML; parameters are ignored.
pub(super) fn is_xml(content_type: &str) -> bool {
    ["application/xml", "text/xml"].iter().any(|xml| essence(content_type).eq_ignore_ascii_case(xml))
}

/// A declared type without its parameters.
pub(super) fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Reads a body that is only a list of options.
pub(super) async fn receive(content_type: Option<&str>, body: Body) -> Result<Vec<JobOption>, Problem> {
    // A body of another type is refused before it is read.
    let form = form(content_type)?;
    parse_as(form, &read_within(body, limits::OPTIONS_BYTES_MAX).await?)
}

/// Reads a list of options by its content type, JSON when none is declared. Nothing, or only blanks, means no options.
pub(super) fn parse_options(content_type: Option<&str>, bytes: &[u8]) -> Result<Vec<JobOption>, Problem> {
    parse_as(form(content_type)?, bytes)
}

fn form(content_type: Option<&str>) -> Result<Form, Problem> {
    let Some(declared) = content_type else { return Ok(Form::Json) };
    match essence(declared).to_ascii_lowercase().as_str() {
        // JSON is UTF-8 whatever is declared, and some clients declare what they do not send.
        "application/json" => Ok(Form::Json),
        "application/xml" | "text/xml" if charset(declared).is_none_or(is_unicode) => Ok(Form::Xml),
        "application/xml" | "text/xml" => Err(Problem::unsupported_media_type("Send the options in UTF-8")),
        _ => Err(Problem::unsupported_media_type("Send the options as application/json or application/xml")),
    }
}

/// The parameter `charset` of a content type.
fn charset(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches('"'))
}

/// Whether a charset is one in which XML is read; a byte order mark tells them apart.
fn is_unicode(charset: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "utf-16", "utf-16le", "utf-16be"].contains(&charset.to_ascii_lowercase().as_str())
}

fn parse_as(form: Form, bytes: &[u8]) -> Result<Vec<JobOption>, Problem> {
    match form {
        Form::Json => parse(bytes),
        Form::Xml if bytes.trim_ascii().is_empty() => Ok(Vec::new()),
        Form::Xml => xml::read::options(bytes)
            .map_err(|error| Problem::bad_request(format!("The XML of the options cannot be read: {error}"))),
    }
}

/// Reads a body of so many bytes at most.
async fn read_within(body: Body, max: usize) -> Result<Bytes, Problem> {
    let too_large = || Problem::too_large(format!("A list of options has at most {max} bytes"));
    let declared = usize::try_from(HttpBody::size_hint(&body).lower()).unwrap_or(usize::MAX);
    if declared > max {
        return Err(too_large());
    }
    let mut bytes = BytesMut::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Problem::bad_request(format!("The body cannot be read: {error}")))?;
        if bytes.len() + chunk.len() > max {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Reads a list of options in JSON; nothing means none. Numbers and booleans are taken as their text.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<JobOption>, Problem> {
    let bytes = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let sent: Vec<Sent> = serde_json::from_slice(bytes).map_err(|error| {
        Problem::bad_request(format!(r#"The options are not a JSON list of {{"name", "value"}}: {error}"#))
    })?;
    sent.into_iter()
        .map(|Sent { name, value }| {
            let value = match value {
                Value::String(text) => text,
                Value::Bool(value) => value.to_string(),
                Value::Number(value) => value.to_string(),
                Value::Null | Value::Array(_) | Value::Object(_) => {
                    return Err(Problem::bad_request(format!("The value of option '{name}' must be text")));
                }
            };
            Ok(JobOption { name, value })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_body_means_no_options() {
        assert!(parse(b"").unwrap().is_empty());
        assert!(parse(b" \r\n").unwrap().is_empty());
        assert!(parse(b"[]").unwrap().is_empty());
    }

    #[test]
    fn repeated_options_stay_repeated_and_numbers_become_text() {
        let options = parse(br#"[{"name":"a","value":"x"},{"name":"a","value":2},{"name":"b","value":true}]"#).unwrap();
        let pairs: Vec<_> = options.iter().map(|option| (option.name.as_str(), option.value.as_str())).collect();
        assert_eq!(pairs, [("a", "x"), ("a", "2"), ("b", "true")]);
    }

    #[test]
    fn anything_else_is_refused() {
        for body in ["{}", "[1]", r#"[{"name":"a"}]"#, r#"[{"name":"a","value":null}]"#, "[", "\u{0}"] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn the_content_type_says_how_a_list_is_read() {
        let xml = b"<options><option><name>a</name><value>x</value></option></options>";
        let json = br#"[{"name":"a","value":"x"}]"#;
        for declared in ["application/json", "Application/JSON; charset=utf-8", " application/json ;a=b"] {
            assert_eq!(parse_options(Some(declared), json).unwrap().len(), 1, "{declared}");
            assert!(parse_options(Some(declared), xml).is_err(), "{declared}");
        }
        for declared in ["application/xml", "text/xml", "TEXT/XML;charset=\"utf-8\""] {
            assert_eq!(parse_options(Some(declared), xml).unwrap(), parse(json).unwrap(), "{declared}");
            assert!(parse_options(Some(declared), b" \n").unwrap().is_empty(), "{declared}");
            assert!(parse_options(Some(declared), json).is_err(), "{declared}");
        }
        assert_eq!(parse_options(None, json).unwrap().len(), 1);
        for declared in
            ["", "text/plain", "application/xhtml+xml", "json", "multipart/form-data", "text/xml;charset=latin1"]
        {
            assert!(parse_options(Some(declared), b"").is_err(), "{declared}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_list() {
        assert!(parse("\u{FEFF}[]".as_bytes()).unwrap().is_empty());
        assert!(parse_options(Some("text/xml"), "\u{FEFF}<a/>".as_bytes()).unwrap().is_empty());
    }
}
