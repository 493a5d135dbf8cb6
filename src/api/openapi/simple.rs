//! What the Simple API takes and gives, as schemas.

use super::schema;
use serde_json::{Map, Value, json};

/// Base64 with nothing left over in its last group, with or without the signs that fill it up.
const BASE64: &str = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw](==)?|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=?)?$";
/// Something that is left of a name when blanks and what deceives the eye are left out of it.
const NAME: &str = r"[^\s\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069\uFEFF]";

/// Adds the schemas.
pub(super) fn add(all: &mut Map<String, Value>) {
    let documents = json!({
        "type": "object",
        "description": "Documents of one job, in the order of their parts.",
        "properties": { "data": {
            "description": "The documents. Parts of other names are documents too when they have a file name.",
            "type": "array", "minItems": 1, "items": { "type": "string", "format": "binary" },
        } },
        "required": ["data"],
    });
    let refusal = json!({
        "description": "A problem whose `detail` is in `error` too.",
        "allOf": [{ "$ref": "#/components/schemas/Problem" }],
        "properties": { "error": { "type": "string" } },
        "required": ["error"],
    });
    let output = json!({
        "type": "object",
        "properties": { "data": { "type": "array", "items": { "$ref": "#/components/schemas/StructuredFile" } } },
        "required": ["data"],
    });
    let file = json!({
        "type": "object",
        "description": "A file that came of the documents.",
        "properties": { "fileName": { "type": "string" }, "content": { "type": "string", "contentEncoding": "base64" } },
        "required": ["fileName", "content"],
    });
    let schemas = [
        ("Documents", documents),
        ("Refusal", refusal),
        ("StructuredInput", structured()),
        ("StructuredItem", item()),
        ("StructuredOutput", output),
        ("StructuredFile", file),
    ];
    all.extend(schemas.map(|(name, schema)| (name.to_owned(), schema)));
}

/// A list of documents.
fn structured() -> Value {
    json!({
        "type": "object",
        "description": "Documents of one job, in their order, with its options.",
        "properties": {
            "name": { "type": ["string", "null"], "description": "A name for the job, which its result gets too." },
            "data": { "type": "array", "minItems": 1, "items": { "$ref": "#/components/schemas/StructuredItem" } },
            "options": options("Options of the job."),
        },
        "required": ["data"],
    })
}

/// A document of the list.
fn item() -> Value {
    let sent = json!({
        "type": "object",
        "properties": {
            "fileName": { "type": "string", "pattern": NAME, "description": "Its name, better one with an extension." },
            "content": { "type": "string", "contentEncoding": "base64", "pattern": BASE64 },
            "url": { "type": ["string", "null"], "maxLength": 0 },
            "options": options("Options of the document."),
        },
        "required": ["fileName", "content"],
    });
    let fetched = json!({
        "type": "object",
        "properties": {
            "url": { "type": "string", "format": "uri", "pattern": schema::HTTP_URL },
            "fileName": { "type": ["string", "null"], "description": "A name instead of the one that it comes with." },
            "content": { "type": "null" },
            "options": options("Options of the document."),
        },
        "required": ["url"],
    });
    json!({ "description": "A document: its content and its name, or where it is fetched.", "oneOf": [sent, fetched] })
}

fn options(told: &str) -> Value {
    json!({ "description": told, "anyOf": [{ "$ref": "#/components/schemas/Options" }, { "type": "null" }] })
}

/// A call of `/http.inputstructured`.
pub(super) fn input() -> Value {
    json!({
        "name": "claim-4711",
        "data": [{ "fileName": "hello.txt", "content": "SGVsbG8gd29ybGQ=" }],
        "options": [{ "name": "META.TITLE", "value": "Claim 4711" }],
    })
}
