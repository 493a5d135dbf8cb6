//! XML beside JSON, and examples in both.

use serde_json::{Map, Value, json};

use super::{
    examples::{self, Answered},
    simple,
};
use crate::api::{answer::PROBLEM, xml::write};

/// The media types of a structured answer in XML.
const XML: &[&str] = &["application/xml", "text/xml"];

/// Adds the lists of answers to the schemas, and names the elements of all.
pub(super) fn name_elements(schemas: &mut Map<String, Value>, answers: &[Answered]) {
    for answer in answers {
        match answer.item {
            Some((item, _)) => {
                let list = json!({
                    "type": "array",
                    "items": { "$ref": format!("#/components/schemas/{item}") },
                    "xml": { "name": answer.root, "wrapped": true },
                });
                schemas.insert(answer.schema.to_owned(), list);
            }
            None => name(schemas, answer.schema, json!({ "name": answer.root })),
        }
    }
    // What a list calls its items holds wherever they stand.
    for (_, item, element) in
        answers.iter().filter_map(|answer| answer.item.map(|(item, element)| (answer, item, element)))
    {
        name(schemas, item, json!({ "name": element }));
    }
    name(schemas, "Problem", json!({ "name": PROBLEM.root, "namespace": PROBLEM.namespace }));
    name(schemas, "XmlOptions", json!({ "name": "options", "wrapped": true }));
    name(schemas, "XmlOption", json!({ "name": "option" }));
    let mut items = Vec::new();
    for schema in schemas.values_mut() {
        for (property, list) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
            let element = write::ITEMS.iter().find(|(array, _)| array == property).map(|(_, item)| *item);
            let Some(element) = element.filter(|_| list["type"] == "array") else { continue };
            list["xml"] = json!({ "wrapped": true });
            let item =
                list["items"]["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_default();
            items.push((item.to_owned(), element));
        }
    }
    for (item, element) in items {
        name(schemas, &item, json!({ "name": element }));
    }
}

fn name(schemas: &mut Map<String, Value>, schema: &str, xml: Value) {
    if let Some(schema) = schemas.get_mut(schema) {
        schema["xml"] = xml;
    }
}

/// Gives a structured answer its example and its forms in XML; says whether it is one.
pub(super) fn complete_answer(response: &mut Value) -> bool {
    let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) else { return false };
    if let Some(events) = content.get_mut("text/event-stream") {
        events["example"] = examples::event();
    }
    let Some(in_json) = content.get_mut("application/json") else { return false };
    let schema = in_json["schema"].clone();
    let of = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()).unwrap_or_default();
    let Some(answer) = examples::answers().into_iter().find(|answer| answer.schema == of) else { return false };
    in_json["example"] = answer.json;
    for media_type in XML {
        content.insert((*media_type).to_owned(), json!({ "schema": schema, "example": answer.xml }));
    }
    true
}

/// Gives the bodies of a request their examples, and parameters what their schemas say of them.
pub(super) fn complete_request(operation: &mut Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let told = parameter["schema"].as_object_mut().and_then(|schema| schema.remove("description"));
        if let (None, Some(told)) = (parameter.get("description"), told) {
            parameter["description"] = told;
        }
    }
    let Some(body) = operation.get_mut("requestBody").and_then(Value::as_object_mut) else { return };
    let mut has_document = false;
    for content in body.get_mut("content").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        let schema = content["schema"]["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        let schema = schema.unwrap_or_default().to_owned();
        // No body means no options.
        has_document |= !matches!(schema.as_str(), "Options" | "XmlOptions");
        match schema.as_str() {
            "Options" => content["example"] = examples::options().0,
            "XmlOptions" => content["example"] = examples::options().1.into(),
            "Upload" => {
                content["example"] = examples::upload();
                content["encoding"] = json!({ "data": { "contentType": "*/*" }, "options": { "contentType": "application/json, text/plain" } });
            }
            "StructuredInput" => content["example"] = simple::input(),
            _ => {}
        }
    }
    body.insert("required".to_owned(), has_document.into());
}
