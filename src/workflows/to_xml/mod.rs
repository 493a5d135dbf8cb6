//! *Convert to XML*: what each document says, how it is built and what it says of itself, as XML.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    options,
    workflow::{self, Converting, Job, Line, Problem, ProfileSettings, SettingsType, Workflow},
};
use crate::engines::{
    protocol::{Step, Target},
    settings::Settings,
};

/// *Convert to XML*.
pub const TO_XML: Workflow = Workflow {
    name: "Convert to XML",
    aliases: &[],
    about: "A file of XML for each document: its text with places, its structure, its metadata (docs/document.xsd).",
    options: &[options::PASSWORDS],
    settings: SettingsType::of::<ToXmlSettings>(),
    line: |settings| Ok(Box::new(ToXml { settings: workflow::read(settings)? })),
};

/// The settings of a profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ToXmlSettings {
    /// How documents that are no PDF become one.
    pub convert: Settings,
}

impl ProfileSettings for ToXmlSettings {}

#[derive(Debug)]
struct ToXml {
    settings: ToXmlSettings,
}

impl Line for ToXml {
    fn converting(&self) -> Converting<'_> {
        Converting { target: Target::Pdf, settings: &self.settings.convert }
    }

    fn steps(&self, _job: &Job<'_>) -> Result<Vec<Step>, Problem> {
        Ok(vec![Step::ToXml])
    }
}
