//! One operation on the page.

use serde_json::Value;

use super::{
    curl, schema, shown,
    text::{escaped, inline, paragraphs},
};
use crate::api::openapi::{document::VALUE, problems::COMMON};

/// An operation that is shown.
pub(super) struct Shown<'a> {
    /// Its name.
    pub(super) id: &'a str,
    /// Its group.
    pub(super) tag: &'a str,
    path: &'a str,
    method: &'a str,
    operation: &'a Value,
}

impl<'a> Shown<'a> {
    /// An operation of the document.
    pub(super) fn of(path: &'a str, method: &'a str, operation: &'a Value) -> Option<Self> {
        let (id, tag) = (operation["operationId"].as_str()?, operation["tags"][0].as_str()?);
        Some(Self { id, tag, path, method, operation })
    }

    /// Writes it.
    pub(super) fn write(&self, out: &mut String) {
        *out += &format!(
            "<article id=\"{id}\"><h3><a class=\"anchor\" href=\"#{id}\">{id}</a></h3>\
             <p class=\"call\"><span class=\"method {method}\">{method}</span> <code>{path}</code></p>",
            id = escaped(self.id),
            method = self.method,
            path = escaped(self.path),
        );
        for part in ["summary", "description"] {
            *out += &paragraphs(self.operation[part].as_str().unwrap_or_default());
        }
        self.parameters(out);
        self.body(out);
        self.answers(out);
        *out += "<h4>With curl</h4>";
        for call in curl::calls(self.path, self.method, self.operation) {
            *out += &format!("<pre><code>{}</code></pre>", escaped(&call));
        }
        *out += "</article>";
    }

    fn parameters(&self, out: &mut String) {
        let Some(parameters) = self.operation["parameters"].as_array() else { return };
        *out += "<h4>Parameters</h4><dl>";
        for parameter in parameters {
            *out += &format!(
                "<dt><code>{}</code> <small>{}{}</small></dt><dd>{} <span class=\"type\">{}</span></dd>",
                escaped(parameter["name"].as_str().unwrap_or_default()),
                escaped(parameter["in"].as_str().unwrap_or_default()),
                if parameter["required"] == true { ", always" } else { "" },
                inline(parameter["description"].as_str().unwrap_or_default()),
                schema::kind(&parameter["schema"]),
            );
        }
        *out += "</dl>";
    }

    fn body(&self, out: &mut String) {
        let body = &self.operation["requestBody"];
        let Some(content) = body["content"].as_object() else { return };
        *out += "<h4>Body</h4>";
        *out += &paragraphs(body["description"].as_str().unwrap_or_default());
        *out += "<ul>";
        for (media_type, form) in content {
            *out += &format!("<li><code>{}</code>: {}</li>", escaped(media_type), schema::kind(&form["schema"]));
        }
        *out += "</ul>";
        for media_type in ["application/json", "application/xml"] {
            example(
                out,
                &format!("Example, {media_type}"),
                &content.get(media_type).unwrap_or(&Value::Null)["example"],
            );
        }
    }

    fn answers(&self, out: &mut String) {
        *out += "<h4>Answers</h4><dl>";
        let mut examples = String::new();
        for (status, answer) in self.operation["responses"].as_object().into_iter().flatten() {
            match answer["$ref"].as_str() {
                Some(reference) => problem(out, status, reference),
                None => own(out, &mut examples, status, answer),
            }
        }
        let common: Vec<_> = COMMON
            .iter()
            .map(|kind| format!("<a href=\"#problem-{kind:?}\">{}</a>", kind.entry().status.as_u16()))
            .collect();
        *out += &format!("<dt>and</dt><dd>what every call may answer: {}</dd></dl>{examples}", common.join(", "));
    }
}

/// An answer of the operation itself.
fn own(out: &mut String, examples: &mut String, status: &str, answer: &Value) {
    *out += &format!("<dt><span class=\"status\">{status}</span></dt><dd>");
    *out += &inline(answer["description"].as_str().unwrap_or_default());
    let content = answer["content"].as_object();
    let types: Vec<_> =
        content.into_iter().flatten().map(|(media_type, _)| format!("<code>{}</code>", escaped(media_type))).collect();
    let body = content.and_then(|content| content.values().next()).map(|form| &form["schema"]);
    if let Some(body) = body.filter(|body| body["$ref"].is_string()) {
        *out += &format!(" <span class=\"type\">{} as {}</span>", schema::kind(body), types.join(", "));
    } else if !types.is_empty() {
        *out += &format!(" <span class=\"type\">{}</span>", types.join(", "));
    }
    let headers = answer["headers"].as_object().into_iter().flatten().filter(|(_, header)| header["$ref"].is_null());
    for (name, header) in headers {
        let told = inline(header["description"].as_str().unwrap_or_default());
        let condition = if header["required"] == true { "" } else { " <small>may be missing</small>" };
        *out += &format!("<br><code>{}</code>{condition}: {told}", escaped(name));
    }
    *out += "</dd>";
    for (media_type, form) in content.into_iter().flatten().filter(|(media_type, _)| *media_type != "text/xml") {
        example(examples, &format!("Example of {status}, {media_type}"), &form["example"]);
    }
}

/// Problems under one status; those of every call are told once for all.
fn problem(out: &mut String, status: &str, reference: &str) {
    let kinds = VALUE
        .pointer(reference.trim_start_matches('#'))
        .and_then(|answer| answer["content"].as_object()?.values().next()?["examples"].as_object());
    for (kind, example) in kinds.into_iter().flatten() {
        if COMMON.iter().any(|common| format!("{common:?}") == *kind) {
            continue;
        }
        *out += &format!(
            "<dt><span class=\"status\">{status}</span></dt><dd><a href=\"#problem-{kind}\">{}</a></dd>",
            inline(example["summary"].as_str().unwrap_or_default())
        );
    }
}

fn example(out: &mut String, name: &str, value: &Value) {
    if !value.is_null() {
        *out +=
            &format!("<details><summary>{}</summary><pre><code>{}</code></pre></details>", escaped(name), shown(value));
    }
}
