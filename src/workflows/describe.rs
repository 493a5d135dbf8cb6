//! Schemas of one's own in the metadata: a part of the settings of several workflows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::workflow::BadSettings;
use crate::{
    engines::protocol::{Names, Step},
    pdf::{metadata::SchemaSettings, stamp},
};

/// What the metadata of the result say besides what its documents and the job say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Describe {
    /// Schemas of one's own.
    pub schemas: Vec<SchemaSettings>,
}

impl Describe {
    /// Looks for schemas that cannot be.
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        for (index, schema) in self.schemas.iter().enumerate() {
            let path = format!("metadata.schemas[{index}]");
            for (index, property) in schema.properties.iter().enumerate() {
                stamp::check_text(&property.value)
                    .map_err(|problem| BadSettings { path: format!("{path}.properties[{index}].value"), problem })?;
            }
            schema
                .filled(|text| Some(text.to_owned()))
                .map_err(|error| BadSettings { path: path.clone(), problem: error.to_string() })?;
            if self.schemas.iter().take(index).any(|other| other.namespace == schema.namespace) {
                let problem = format!("the namespace `{}` is there twice", schema.namespace);
                return Err(BadSettings { path, problem });
            }
        }
        Ok(())
    }

    /// The step, if there are any.
    pub(super) fn step(&self, names: &Names) -> Option<Step> {
        (!self.schemas.is_empty()).then(|| Step::Describe { schemas: self.schemas.clone(), names: names.clone() })
    }
}
