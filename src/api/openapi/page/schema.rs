//! Schemas in words.

use serde_json::Value;

use super::text::{escaped, inline};

/// Writes a schema with its properties.
pub(super) fn write(out: &mut String, name: &str, schema: &Value) {
    *out += &format!("<article id=\"schema-{name}\"><h3>{name}</h3>", name = escaped(name));
    if let Some(told) = schema["description"].as_str() {
        *out += &format!("<p>{}</p>", inline(told));
    }
    match element(schema) {
        Some(element) => {
            *out += &format!("<p>{}, in XML the element <code>{}</code>.</p>", kind(schema), escaped(element))
        }
        None => *out += &format!("<p>{}.</p>", kind(schema)),
    }
    let own = [schema];
    let parts = schema["allOf"].as_array().map_or_else(|| own.to_vec(), |parts| parts.iter().collect());
    let properties: Vec<_> = parts.iter().filter_map(|part| Some((part, part["properties"].as_object()?))).collect();
    if !properties.is_empty() {
        *out += "<dl>";
        for (part, (name, property)) in
            properties.into_iter().flat_map(|(part, all)| all.iter().map(move |each| (part, each)))
        {
            let is_required =
                part["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name.as_str()));
            let required = if is_required { "" } else { " <small>may be missing</small>" };
            let told = property["description"].as_str().map(inline).unwrap_or_default();
            *out += &format!(
                "<dt><code>{}</code>{required}</dt><dd>{} <span class=\"type\">{}</span></dd>",
                escaped(name),
                told,
                kind(property)
            );
        }
        *out += "</dl>";
    }
    *out += "</article>";
}

fn element(schema: &Value) -> Option<&str> {
    schema["xml"]["name"].as_str()
}

/// What a schema allows, in a few words.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return format!("<a href=\"#schema-{name}\">{name}</a>", name = escaped(name));
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let references = parts.iter().filter(|part| part["$ref"].is_string()).map(kind);
        return format!("all of {}, and", references.collect::<Vec<_>>().join(", "));
    }
    if let Some(words) = schema["enum"].as_array() {
        let words = words.iter().map(|word| match word.as_str() {
            Some("") => "nothing".to_owned(),
            Some(word) => format!("<code>{}</code>", escaped(word)),
            None => format!("<code>{}</code>", escaped(&word.to_string())),
        });
        return words.collect::<Vec<_>>().join(" | ");
    }
    let types = match schema["type"].as_array() {
        Some(types) => types.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        None => schema["type"].as_str().unwrap_or("anything").to_owned(),
    };
    if types == "array" {
        return format!("list of {}{}", kind(&schema["items"]), limits(schema));
    }
    let format = schema["format"].as_str().filter(|format| !format.starts_with("int"));
    let name = format.map_or(types.clone(), |format| format!("{types} ({format})"));
    format!("{}{}", escaped(&name), limits(schema))
}

fn limits(schema: &Value) -> String {
    let named = [
        ("minimum", "from "),
        ("maximum", "to "),
        ("minLength", "characters from "),
        ("maxLength", "characters to "),
        ("maxItems", "items to "),
    ];
    let limits = named.into_iter().filter_map(|(name, told)| Some(format!(", {told}{}", schema.get(name)?)));
    limits.collect()
}
