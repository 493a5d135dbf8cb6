//! Lists of options in JSON.

use serde::Deserialize;
use serde_json::Value;

use super::Problem;
use crate::domain::options::JobOption;

#[derive(Deserialize)]
struct Sent {
    name: String,
    value: Value,
}

/// Whether a declared content type is JSON; parameters are ignored.
pub(super) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Reads a list of options; nothing means none. Numbers and booleans are taken as their text.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<JobOption>, Problem> {
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
}
