//! Schemas of one's own as a part of the settings of a profile, in JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema::{Category, Schema, SchemaError};

/// A schema that is none of those that XMP predefines. PDF/A wants it described in the metadata, which is done from this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SchemaSettings {
    /// What people call it.
    pub name: String,
    /// Its namespace, an address that tells it from all others, as `http://example.com/files/1.0/`.
    pub namespace: String,
    /// The prefix of its names in the metadata.
    pub prefix: String,
    /// Its properties.
    pub properties: Vec<PropertySettings>,
}

/// A property of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PropertySettings {
    /// Its name in the metadata.
    pub name: String,
    /// What it says, for people.
    pub description: String,
    /// Its value. `[custom:NAME]`, `[job.name]`, `[date]` and `[document.title]` stand for what they do in stamps; a
    /// property with an option that the job does not have is left out.
    pub value: String,
    /// Whether programs change it (`internal`), or people do (`external`).
    #[serde(default)]
    pub category: Category,
}

impl SchemaSettings {
    /// The schema, with values made from those of the settings; none leaves a property out.
    ///
    /// # Errors
    /// When it cannot be one.
    pub fn filled(&self, value: impl Fn(&str) -> Option<String>) -> Result<Schema, SchemaError> {
        let mut schema = Schema::new(&self.name, &self.namespace, &self.prefix)?;
        for property in &self.properties {
            let value = value(&property.value).unwrap_or_default();
            schema.say(&property.name, &property.description, property.category, &value)?;
        }
        Ok(schema)
    }
}
