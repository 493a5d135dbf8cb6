//! Calls of operations as they are typed in a shell.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::api::openapi::document::VALUE;

/// The calls that show an operation: one for each way in which its body is sent.
pub(super) fn calls(path: &str, method: &str, operation: &Value) -> Vec<String> {
    let content = operation["requestBody"]["content"].as_object();
    let form = content.and_then(|content| content.get("multipart/form-data"));
    let json = content.and_then(|content| content.get("application/json"));
    let mut calls = Vec::new();
    if let Some(form) = form {
        let options = form["example"]["options"].as_str();
        let options = options.map(|options| format!(" \\\n  -F 'options={options}'")).unwrap_or_default();
        calls.push(format!("{} \\\n  -F data=@letter.docx{options}", head(path, method, operation, false)));
    }
    match json {
        None if content.is_some_and(|content| content.contains_key("*/*")) => {
            calls.push(format!("{} \\\n  --data-binary @letter.docx", head(path, method, operation, true)));
        }
        Some(json) => {
            let body = &json["example"];
            let head = head(path, method, operation, true);
            calls.push(format!("{head} \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'"));
        }
        None => calls.push(head(path, method, operation, true)),
    }
    calls
}

/// The program, its switches and the URL.
fn head(path: &str, method: &str, operation: &Value, with_query: bool) -> String {
    let has_body = operation["requestBody"].is_object();
    let answers = |media_type: &str| operation["responses"]["200"]["content"][media_type].is_object();
    let mut call = "curl".to_owned();
    if method != "get" && !has_body {
        call += &format!(" -X {}", method.to_ascii_uppercase());
    }
    if answers("application/pdf") {
        call += " -OJ";
    } else if answers("text/event-stream") {
        call += " -N";
    }
    let root = if VALUE["paths"][path]["servers"].is_array() { "$host" } else { "$api" };
    let path = path.replace("{storeMethod}", "put").replace('{', "${");
    let query = if with_query { query(operation) } else { String::new() };
    format!("{call} \"{root}{path}{query}\"")
}

/// The query parameters that have an example.
fn query(operation: &Value) -> String {
    let parameters =
        operation["parameters"].as_array().into_iter().flatten().filter(|parameter| parameter["in"] == "query");
    let pairs: Vec<_> = parameters
        .filter_map(|parameter| {
            let example = &parameter["schema"]["examples"][0];
            let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
            let value = utf8_percent_encode(&text, NON_ALPHANUMERIC);
            (!example.is_null()).then(|| format!("{}={value}", parameter["name"].as_str().unwrap_or_default()))
        })
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, method: &str, expected: &[&str]) {
        assert_eq!(calls(path, method, &VALUE["paths"][path][method]), expected);
    }

    #[test]
    fn a_call_is_one_that_a_shell_runs() {
        check("/jobs/{jobId}:start", "post", &["curl -X POST \"$api/jobs/${jobId}:start\""]);
        check("/jobs/{jobId}", "get", &["curl \"$api/jobs/${jobId}\""]);
        check("/jobs/{jobId}/events", "get", &["curl -N \"$api/jobs/${jobId}/events\""]);
        check("/jobs/{jobId}/result/{resultId}", "get", &["curl -OJ \"$api/jobs/${jobId}/result/${resultId}\""]);
        check("/healthz", "get", &["curl \"$host/healthz\""]);
        check(
            "/http.input/{connection}",
            "post",
            &[
                "curl -OJ \"$host/http.input/${connection}\" \\\n  -F data=@letter.docx",
                "curl -OJ \"$host/http.input/${connection}?filename=letter%2Edocx\" \\\n  --data-binary @letter.docx",
            ],
        );
        let url = "https%3A%2F%2Fwww%2Eexample%2Ecom%2Fterms%2Epdf";
        check(
            "/jobs/{jobId}/result/{resultId}:{storeMethod}",
            "post",
            &[&format!("curl -X POST \"$api/jobs/${{jobId}}/result/${{resultId}}:put?url={url}\"")],
        );
    }
}
