//! The page for people: one file of HTML without scripts, made from the document.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::document::{TAGS, VALUE};
use crate::api::{BASE, catalogue::Kind, operations, operations_outside};

mod curl;
mod operation;
mod schema;
mod text;

use text::{escaped, inline, paragraphs};

const STYLE: &str = include_str!("style.css");

/// The page and what may style it.
pub(super) struct Page {
    /// The page.
    pub(super) html: String,
    /// The source of its style, as a policy names it.
    pub(super) style_hash: String,
}

/// Makes the page.
pub(super) fn page() -> Page {
    let order: Vec<_> = operations().told().into_iter().chain(operations_outside().told()).collect();
    let operations: Vec<_> = order
        .iter()
        .filter_map(|told| operation::Shown::of(&told.path, told.method, &VALUE["paths"][&told.path][told.method]))
        .collect();
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#operations\">Skip to the operations</a>\n\
         <header><h1>{title}</h1><p class=\"version\">version {version} · <a href=\"/openapi.json\">openapi.json</a></p></header>\n\
         <nav aria-label=\"Contents\">{contents}</nav>\n<main>\n{main}</main>\n</body>\n</html>\n",
        title = "Bindery API",
        version = escaped(VALUE["info"]["version"].as_str().unwrap_or_default()),
        contents = contents(&operations),
        main = main(&operations),
    );
    let style_hash = format!("sha256-{}", STANDARD.encode(Sha256::digest(STYLE.as_bytes())));
    Page { html, style_hash }
}

fn contents(operations: &[operation::Shown<'_>]) -> String {
    let mut out = "<ul class=\"top\"><li><a href=\"#begin\">To begin with</a></li></ul>".to_owned();
    for (tag, _) in TAGS {
        out += &format!("<p>{tag}</p><ul>");
        for shown in operations.iter().filter(|shown| shown.tag == *tag) {
            out += &format!("<li><a href=\"#{id}\">{id}</a></li>", id = escaped(shown.id));
        }
        out += "</ul>";
    }
    out + "<p>reference</p><ul><li><a href=\"#schemas\">Schemas</a></li><li><a href=\"#problems\">Problems</a></li></ul>"
}

fn main(operations: &[operation::Shown<'_>]) -> String {
    let mut out = String::new();
    out += "<section id=\"begin\"><h2>To begin with</h2>";
    out += &paragraphs(VALUE["info"]["description"].as_str().unwrap_or_default());
    out += &format!(
        "<p>The examples want this to be set, with your own host:</p><pre><code>host=http://127.0.0.1:13033\napi=$host{}</code></pre></section>",
        escaped(BASE)
    );
    out += "<div id=\"operations\">";
    for (tag, told) in TAGS {
        out += &format!("<section class=\"group\"><h2 id=\"tag-{tag}\">{tag}</h2><p>{}</p>", inline(told));
        for shown in operations.iter().filter(|shown| shown.tag == *tag) {
            shown.write(&mut out);
        }
        out += "</section>";
    }
    out += "</div>";
    out += "<section id=\"schemas\"><h2>Schemas</h2>";
    for (name, schema) in VALUE["components"]["schemas"].as_object().into_iter().flatten() {
        schema::write(&mut out, name, schema);
    }
    out += "</section>";
    problems(&mut out);
    out
}

fn problems(out: &mut String) {
    *out += "<section id=\"problems\"><h2>Problems</h2><p>An answer with a status from 400 on tells what is wrong in one of these kinds, \
             as <a href=\"#schema-Problem\"><code>Problem</code></a>.</p><dl>";
    for kind in Kind::ALL {
        let entry = kind.entry();
        *out += &format!(
            "<dt id=\"problem-{kind:?}\"><span class=\"status\">{status}</span> {title}</dt><dd><code class=\"long\">{uri}</code><br>{meaning} {remedy}</dd>",
            status = entry.status.as_u16(),
            title = inline(entry.title),
            uri = escaped(entry.uri),
            meaning = inline(entry.meaning),
            remedy = inline(entry.remedy),
        );
    }
    *out += "</dl></section>";
}

/// A value as it is shown: text as it is, all else as JSON with line ends.
fn shown(value: &Value) -> String {
    escaped(&value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_anchor_leads_somewhere_and_nothing_comes_from_outside() {
        let html = page().html;
        let found = |start: &str| -> BTreeSet<String> {
            html.split(start).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
        };
        let (ids, targets) = (found(" id=\""), found(" href=\""));
        assert!(ids.contains("createJob") && ids.contains("schema-JobResult") && ids.contains("problem-NotYet"));
        for target in &targets {
            let leads = target.strip_prefix('#').map_or(target == "/openapi.json", |id| ids.contains(id));
            assert!(leads, "{target}");
        }
        for outside in ["<script", " src=", "<link", "@import", "url(", "<img", "javascript:"] {
            assert!(!html.contains(outside), "{outside}");
        }
    }

    #[test]
    fn an_id_is_given_once() {
        let html = page().html;
        let mut ids: Vec<_> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }
}
