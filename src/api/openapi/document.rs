//! The OpenAPI document, put together from the operations.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::{examples, forms, operations::Told, problems, schema, simple};
use crate::api::{BASE, operations, operations_outside, options, problem, views};

/// What the document says of the API as a whole.
const ABOUT: &str = "Documents of any kind in, one archivable PDF out. A client creates a job, adds documents, starts it, waits for its \
    result, fetches the file, and deletes the job.\n\n\
    Answers are in JSON, or in XML when the header `Accept` prefers it; both say the same. Errors are problem details (RFC 7807) \
    in either form, whose `detail` says what to do. Every path answers with and without a slash at its end. Every answer has the \
    header `X-Request-Id`, under which the log has what happened; a call may bring one of its own. `OPTIONS` tells the methods of \
    a path, and `HEAD` is taken wherever `GET` is. Parameters that are not known are ignored.";

/// Groups of operations, in the order of use.
pub(super) const TAGS: &[(&str, &str)] = &[
    ("jobs", "The life of a job: `creating`, `pending`, `processing`, `completed`."),
    ("documents", "What goes into a job."),
    ("results", "What comes out of it."),
    ("service", "What the service can do and how it is."),
    ("simple", "One call that sends documents and is answered with what they become. It stands outside the base path."),
    ("health", "For those who watch over it. These stand outside the base path."),
];

/// The operation's own answers, the shared ones of problems, and what they need.
#[derive(Default)]
struct Paths {
    items: Map<String, Value>,
    problems: Map<String, Value>,
}

/// The document as a value; it is the same for everybody.
pub(super) static VALUE: LazyLock<Value> = LazyLock::new(build);

/// The OpenAPI document of the API, as text with an end of line.
pub fn document() -> String {
    format!("{:#}\n", *VALUE)
}

fn build() -> Value {
    let mut paths = Paths::default();
    for told in operations().told() {
        paths.add(told, None);
    }
    for told in operations_outside().told() {
        paths.add(told, Some("/"));
    }
    let tags: Vec<_> = TAGS.iter().map(|(name, told)| json!({ "name": name, "description": told })).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bindery",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": env!("CARGO_PKG_DESCRIPTION"),
            "description": ABOUT,
        },
        "servers": [{ "url": BASE, "description": "The service that this document comes from." }],
        "tags": tags,
        "paths": paths.items,
        "components": {
            "schemas": schemas(),
            "responses": paths.problems,
            "headers": {
                "RequestId": {
                    "description": "The id under which the log has what happened.",
                    "required": true,
                    "schema": { "type": "string", "minLength": 1 },
                },
                "Vary": {
                    "description": "`accept`: the answer depends on it.",
                    "required": true,
                    "schema": { "type": "string" },
                },
            },
        },
    })
}

/// Every schema, with the names of its elements in XML.
fn schemas() -> Map<String, Value> {
    let mut all = Map::new();
    add::<views::JobInfo>(&mut all);
    add::<views::JobStatus>(&mut all);
    add::<views::JobEnd>(&mut all);
    add::<views::DataAdded>(&mut all);
    add::<views::JobResult>(&mut all);
    add::<views::JobError>(&mut all);
    add::<views::Event>(&mut all);
    add::<views::Data>(&mut all);
    add::<schema::Property>(&mut all);
    add::<schema::SentEvent>(&mut all);
    add::<views::Workflow>(&mut all);
    add::<views::Profile>(&mut all);
    add::<views::ServiceStatus>(&mut all);
    add::<views::Isolation>(&mut all);
    add::<views::JobCounts>(&mut all);
    add::<options::Options>(&mut all);
    add::<options::Sent>(&mut all);
    add::<schema::XmlOptions>(&mut all);
    add::<schema::XmlOption>(&mut all);
    add::<schema::Upload>(&mut all);
    add::<problem::View<'_>>(&mut all);
    simple::add(&mut all);
    forms::name_elements(&mut all, &examples::answers());
    all
}

fn add<T: ToSchema>(all: &mut Map<String, Value>) {
    all.insert(T::name().into_owned(), value(&<T as PartialSchema>::schema()));
}

/// A part of the document as a value.
fn value(part: &impl serde::Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}

impl Paths {
    /// Adds an operation, of another server than the base when it stands outside.
    fn add(&mut self, told: Told, server: Option<&str>) {
        let mut operation = value(&told.operation);
        operation["tags"] = json!([told.tag]);
        let mut kinds = [problems::COMMON, told.problems].concat();
        if told.path.contains('{') {
            kinds.extend(problems::OF_PATHS);
        }
        if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
            for response in responses.values_mut() {
                complete(response);
            }
            for (status, kinds) in problems::by_status(kinds) {
                let shared = || with_request_id(problems::response(&kinds));
                if let Some(own) = responses.get_mut(&status.to_string()) {
                    // It has a form of its own for them, besides the one of all.
                    *own = merged(own["content"].take(), shared());
                    continue;
                }
                let name = problems::name(&kinds);
                responses.insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{name}") }));
                self.problems.entry(name).or_insert_with(shared);
            }
        }
        forms::complete_request(&mut operation);
        let item = self.items.entry(told.path).or_insert_with(|| json!({}));
        if let Some(server) = server {
            item["servers"] = json!([{ "url": server, "description": "Outside of the base path." }]);
        }
        item[told.method] = operation;
    }
}

/// Completes what `utoipa` knows of an answer.
fn complete(response: &mut Value) {
    if let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut) {
        for header in headers.values_mut() {
            // One that may be missing is declared as what may be null, which a header cannot be.
            let types = header["schema"]["type"].as_array().cloned();
            header["required"] = types.is_none().into();
            if let Some(some) = types.iter().flatten().find(|each| *each != "null") {
                header["schema"]["type"] = some.clone();
            }
        }
    }
    if forms::complete_answer(response) {
        response["headers"]["Vary"] = json!({ "$ref": "#/components/headers/Vary" });
    }
    *response = with_request_id(response.take());
}

/// An answer with contents of its own in front of those that it has.
fn merged(own: Value, mut answer: Value) -> Value {
    if let (Value::Object(own), Some(content)) = (own, answer["content"].as_object_mut()) {
        content.extend(own);
    }
    answer
}

fn with_request_id(mut response: Value) -> Value {
    response["headers"]["X-Request-Id"] = json!({ "$ref": "#/components/headers/RequestId" });
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn walk(value: &Value, see: &mut impl FnMut(&str, &Value)) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    see(name, member);
                    walk(member, see);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_no_component_is_left_over() {
        let mut references = BTreeSet::new();
        walk(&VALUE, &mut |name, value| {
            if name == "$ref" {
                references.insert(value.as_str().unwrap().trim_start_matches('#').to_owned());
            }
        });
        for reference in &references {
            assert!(VALUE.pointer(reference).is_some(), "{reference}");
        }
        for group in ["schemas", "responses", "headers"] {
            for name in VALUE["components"][group].as_object().unwrap().keys() {
                let path = format!("/components/{group}/{name}");
                assert!(references.contains(&path), "{path} is not used");
            }
        }
    }

    #[test]
    fn every_operation_has_a_name_a_summary_a_group_and_answers() {
        let mut ids = BTreeSet::new();
        for (path, item) in VALUE["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap().iter().filter(|(name, _)| *name != "servers") {
                assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{path}");
                assert!(operation["summary"].as_str().unwrap().ends_with('.'), "{method} {path}");
                let tag = operation["tags"][0].as_str().expect(path);
                assert!(TAGS.iter().any(|(known, _)| *known == tag), "{tag}");
                let responses = operation["responses"].as_object().unwrap();
                assert!(
                    responses.keys().any(|status| status.starts_with('2')) && responses.contains_key("500"),
                    "{path}"
                );
                for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                    let parameters = operation["parameters"].as_array().unwrap();
                    assert!(
                        parameters.iter().any(|given| given["name"] == name && given["in"] == "path"),
                        "{path}: {name}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_link_leads_to_an_operation_and_fills_a_parameter_of_it() {
        let operations: Vec<_> = VALUE["paths"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|item| {
                item.as_object().unwrap().values().filter(|operation| operation["operationId"].is_string())
            })
            .collect();
        let mut links = 0;
        for link in operations.iter().flat_map(|operation| operation["responses"].as_object().unwrap().values()) {
            for (_, link) in link["links"].as_object().into_iter().flatten() {
                let target =
                    operations.iter().find(|operation| operation["operationId"] == link["operationId"]).unwrap();
                for name in link["parameters"].as_object().unwrap().keys() {
                    assert!(
                        target["parameters"].as_array().unwrap().iter().any(|given| given["name"] == name.as_str())
                    );
                }
                links += 1;
            }
        }
        assert!(links > 20, "{links}");
    }
}
