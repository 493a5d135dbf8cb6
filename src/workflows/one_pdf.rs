//! The line of the workflows that make one PDF of all documents: *Archive PDF/A-1*, *-2*, *-3* and *Conversion*. They differ in
//! what that PDF is to be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    children,
    custom::{self, CustomOption},
    describe::Describe,
    optimise::Optimise,
    options,
    sign::{self, SignSettings},
    stamps,
    text_recognition::TextRecognition,
    workflow::{self, BadSettings, Converting, Job, Line, Problem, ProfileSettings, SettingsType},
};
use crate::{
    engines::{
        children::Children,
        protocol::{Metadata, Names, Step, Target},
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
    /// What becomes of documents that come out of others: attachments of mails, entries of archives, files in PDFs.
    pub children: Children,
    /// How text is recognised on pages that are pictures.
    pub text_recognition: TextRecognition,
    /// Stamps on the pages of the result, in the order in which they are put there.
    pub stamps: Vec<StampSettings>,
    /// Whether the result is made smaller.
    pub optimise: Optimise,
    /// What its metadata say besides.
    pub metadata: Describe,
    /// How the result is signed, after everything else; `null` for not at all. Only PDF/A is.
    pub signature: Option<SignSettings>,
    /// Options that jobs may have besides those of the workflow.
    pub custom_options: Vec<CustomOption>,
}

impl ProfileSettings for OnePdfSettings {
    fn check(&self) -> Result<(), BadSettings> {
        self.text_recognition.check()?;
        stamps::check(&self.stamps)?;
        self.metadata.check()?;
        custom::check(&self.custom_options)?;
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
    Ok(Box::new(OnePdf { target, settings: read(settings, target)? }))
}

/// Its settings, of which `complete` is [`complete`] for that kind.
pub(super) const fn settings(complete: fn(&Value) -> Result<Value, BadSettings>) -> SettingsType {
    SettingsType { complete, ..SettingsType::of::<OnePdfSettings>() }
}

/// The settings in full.
pub(super) fn complete(settings: &Value, target: Target) -> Result<Value, BadSettings> {
    workflow::written(&read(settings, target)?)
}

/// What a PDF may hold depends on its kind.
fn read(settings: &Value, target: Target) -> Result<OnePdfSettings, BadSettings> {
    let settings: OnePdfSettings = workflow::read(settings)?;
    children::check(&settings.children, target)?;
    sign::check(settings.signature.as_ref(), target)?;
    Ok(settings)
}

impl Line for OnePdf {
    fn converting(&self) -> Converting<'_> {
        Converting { target: self.target, settings: &self.settings.convert }
    }

    fn custom_options(&self) -> &[CustomOption] {
        &self.settings.custom_options
    }

    fn children(&self) -> &Children {
        &self.settings.children
    }

    fn recognition(&self) -> Option<&TextRecognition> {
        self.settings.text_recognition.wanted()
    }

    fn steps(&self, job: &Job<'_>) -> Result<Vec<Step>, Problem> {
        let custom = custom::values(&[options::METADATA], &self.settings.custom_options, job.options);
        let names = Names { job: job.name.map(str::to_owned), custom };
        let optimise = self.settings.optimise;
        let mut steps = vec![children::step(&self.settings.children, &self.settings.stamps, self.target, job)?];
        steps.extend(optimise.step(self.target));
        steps.extend(stamps::step(&self.settings.stamps, self.target, &names));
        steps.extend(self.settings.metadata.step(&names));
        let (metadata, linearise) = (Metadata(job.options.metadata()), optimise.linearise());
        steps.push(Step::Finish { target: self.target, metadata, linearise });
        steps.extend(sign::steps(self.settings.signature.as_ref()));
        Ok(steps)
    }
}
