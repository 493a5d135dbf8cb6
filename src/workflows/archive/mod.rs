//! *Archive PDF/A-1*, *-2* and *-3*: every document becomes PDF/A, and all of them one file of it.

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

/// *Archive PDF/A-1*.
pub const PDFA1: Workflow = Workflow {
    name: "Archive PDF/A-1",
    aliases: &["Archive as PDF/A-1"],
    about: "One PDF/A-1 of all documents: transparency is flattened and layers are removed.",
    line: |settings| line(settings, Target::PdfA1),
    ..PDFA2
};

/// *Archive PDF/A-2*.
pub const PDFA2: Workflow = Workflow {
    name: "Archive PDF/A-2",
    aliases: &["Archive as PDF/A-2"],
    about: "One PDF/A-2 of all documents, of the best level that each of them allows.",
    options: &[options::PASSWORDS, options::METADATA],
    settings: SettingsType::of::<ArchiveSettings>(),
    line: |settings| line(settings, Target::PdfA2),
};

/// *Archive PDF/A-3*.
pub const PDFA3: Workflow = Workflow {
    name: "Archive PDF/A-3",
    aliases: &["Archive as PDF/A-3"],
    about: "One PDF/A-3 of all documents, which may hold files of any kind.",
    line: |settings| line(settings, Target::PdfA3),
    ..PDFA2
};

/// The settings of a profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ArchiveSettings {
    /// How documents that are no PDF become one.
    pub convert: Settings,
    /// Stamps on the pages of the result, in the order in which they are put there.
    pub stamps: Vec<StampSettings>,
    /// Whether the result is made smaller.
    pub optimise: Optimise,
}

#[derive(Debug)]
struct Archive {
    target: Target,
    settings: ArchiveSettings,
}

fn line(settings: &Value, target: Target) -> Result<Box<dyn Line>, BadSettings> {
    let settings: ArchiveSettings = workflow::read(settings)?;
    stamps::check(&settings.stamps)?;
    settings.optimise.check()?;
    Ok(Box::new(Archive { target, settings }))
}

impl Line for Archive {
    fn converting(&self) -> Converting<'_> {
        Converting { target: self.target, settings: &self.settings.convert }
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
