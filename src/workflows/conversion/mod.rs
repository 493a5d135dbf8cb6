//! *Conversion*: every document becomes a PDF, and all of them one, without a claim of conformance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    options,
    workflow::{self, Converting, Job, Line, Problem, SettingsType, Workflow},
};
use crate::engines::{
    protocol::{Metadata, Step, Target},
    settings::Settings,
};

/// *Conversion*.
pub const CONVERSION: Workflow = Workflow {
    name: "Conversion",
    aliases: &["Convert to PDF"],
    about: "One PDF of all documents, without a claim of conformance.",
    options: &[options::PASSWORDS, options::METADATA],
    settings: SettingsType::of::<ConversionSettings>(),
    line: |settings| Ok(Box::new(Conversion { settings: workflow::read(settings)? })),
};

/// The settings of a profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ConversionSettings {
    /// How documents that are no PDF become one.
    pub convert: Settings,
}

#[derive(Debug)]
struct Conversion {
    settings: ConversionSettings,
}

impl Line for Conversion {
    fn converting(&self) -> Converting<'_> {
        Converting { target: Target::Pdf, settings: &self.settings.convert }
    }

    fn steps(&self, job: &Job<'_>) -> Result<Vec<Step>, Problem> {
        Ok(vec![Step::Merge, Step::Finish { target: Target::Pdf, metadata: Metadata(job.options.metadata()) }])
    }
}
