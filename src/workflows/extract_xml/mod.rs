//! *Extract XML*: the XML files that are embedded in the documents, byte for byte.

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

/// *Extract XML*.
pub const EXTRACT_XML: Workflow = Workflow {
    name: "Extract XML",
    aliases: &["Extract XML from PDF"],
    about: "The XML files that are embedded in PDF documents, each as a file of its own, byte for byte.",
    options: &[options::PASSWORDS],
    settings: SettingsType::of::<ExtractXmlSettings>(),
    line: |settings| Ok(Box::new(ExtractXml { settings: workflow::read(settings)? })),
};

/// The settings of a profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ExtractXmlSettings {
    /// How documents that are no PDF become one.
    pub convert: Settings,
}

impl ProfileSettings for ExtractXmlSettings {}

#[derive(Debug)]
struct ExtractXml {
    settings: ExtractXmlSettings,
}

impl Line for ExtractXml {
    fn converting(&self) -> Converting<'_> {
        Converting { target: Target::Pdf, settings: &self.settings.convert }
    }

    fn steps(&self, _job: &Job<'_>) -> Result<Vec<Step>, Problem> {
        Ok(vec![Step::ExtractXml])
    }
}
