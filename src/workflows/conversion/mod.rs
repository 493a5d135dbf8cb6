//! *Conversion*: every document becomes a PDF, and all of them one, without a claim of conformance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    optimise::Optimise,
    options, stamps,
    workflow::{self, BadSettings, Converting, Job, Line, Problem, SettingsType, Workflow},
};
use crate::{
    engines::{
        protocol::{Metadata, Step, Target},
        settings::Settings,
    },
    pdf::stamp::StampSettings,
};

/// *Conversion*.
pub const CONVERSION: Workflow = Workflow {
    name: "Conversion",
    aliases: &["Convert to PDF"],
    about: "One PDF of all documents, without a claim of conformance.",
    options: &[options::PASSWORDS, options::METADATA],
    settings: SettingsType::of::<ConversionSettings>(),
    line,
};

/// The settings of a profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ConversionSettings {
    /// How documents that are no PDF become one.
    pub convert: Settings,
    /// Stamps on the pages of the result, in the order in which they are put there.
    pub stamps: Vec<StampSettings>,
    /// Whether the result is made smaller.
    pub optimise: Optimise,
}

#[derive(Debug)]
struct Conversion {
    settings: ConversionSettings,
}

fn line(settings: &Value) -> Result<Box<dyn Line>, BadSettings> {
    let settings: ConversionSettings = workflow::read(settings)?;
    stamps::check(&settings.stamps)?;
    settings.optimise.check()?;
    Ok(Box::new(Conversion { settings }))
}

impl Line for Conversion {
    fn converting(&self) -> Converting<'_> {
        Converting { target: Target::Pdf, settings: &self.settings.convert }
    }

    fn steps(&self, job: &Job<'_>) -> Result<Vec<Step>, Problem> {
        let optimise = self.settings.optimise;
        let mut steps = vec![Step::Merge];
        steps.extend(optimise.step(Target::Pdf));
        steps.extend(stamps::step(&self.settings.stamps, Target::Pdf, job));
        let (metadata, linearise) = (Metadata(job.options.metadata()), optimise.linearise());
        steps.push(Step::Finish { target: Target::Pdf, metadata, linearise });
        Ok(steps)
    }
}
