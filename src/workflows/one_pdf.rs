//! The line of the workflows that make one PDF of all documents: *Archive PDF/A-1*, *-2*, *-3* and *Conversion*. They differ in
//! what that PDF is to be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    optimise::Optimise,
    stamps,
    text_recognition::TextRecognition,
    workflow::{self, BadSettings, Converting, Job, Line, Problem, ProfileSettings},
};
use crate::{
    engines::{
        protocol::{Metadata, Step, Target},
        settings::Settings,
    },
    pdf::stamp::StampSettings,
};

/// The settings of a profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct OnePdfSettings {
    /// How documents that are no PDF become one.
    pub convert: Settings,
    /// How text is recognised on pages that are pictures.
    pub text_recognition: TextRecognition,
    /// Stamps on the pages of the result, in the order in which they are put there.
    pub stamps: Vec<StampSettings>,
    /// Whether the result is made smaller.
    pub optimise: Optimise,
}

impl ProfileSettings for OnePdfSettings {
    fn check(&self) -> Result<(), BadSettings> {
        self.text_recognition.check()?;
        stamps::check(&self.stamps)?;
        self.optimise.check()
    }
}

#[derive(Debug)]
struct OnePdf {
    target: Target,
    settings: OnePdfSettings,
}

/// The line to a PDF of a kind.
pub(super) fn line(settings: &Value, target: Target) -> Result<Box<dyn Line>, BadSettings> {
    Ok(Box::new(OnePdf { target, settings: workflow::read(settings)? }))
}

impl Line for OnePdf {
    fn converting(&self) -> Converting<'_> {
        Converting { target: self.target, settings: &self.settings.convert }
    }

    fn recognition(&self) -> Option<&TextRecognition> {
        self.settings.text_recognition.wanted()
    }

    fn steps(&self, job: &Job<'_>) -> Result<Vec<Step>, Problem> {
        let optimise = self.settings.optimise;
        let mut steps = vec![Step::Merge];
        steps.extend(optimise.step(self.target));
        steps.extend(stamps::step(&self.settings.stamps, self.target, job));
        let (metadata, linearise) = (Metadata(job.options.metadata()), optimise.linearise());
        steps.push(Step::Finish { target: self.target, metadata, linearise });
        Ok(steps)
    }
}
