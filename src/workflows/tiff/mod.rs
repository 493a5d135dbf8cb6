//! *Archive TIFF*: every document becomes a PDF, and their pages one file of pictures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    options,
    workflow::{self, Converting, Job, Line, Problem, ProfileSettings, SettingsType, Workflow},
};
use crate::{
    engines::{
        protocol::{Step, Target},
        settings::Settings,
    },
    pdf::tiff::TiffSettings,
};

/// *Archive TIFF*.
pub const TIFF: Workflow = Workflow {
    name: "Archive TIFF",
    aliases: &["Archive as TIFF"],
    about: "One TIFF of many pages: black and white by G4, grey and colour as the profile says.",
    options: &[options::PASSWORDS],
    settings: SettingsType::of::<ArchiveTiffSettings>(),
    line: |settings| Ok(Box::new(ArchiveTiff { settings: workflow::read(settings)? })),
};

/// The settings of a profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ArchiveTiffSettings {
    /// How documents that are no PDF become one.
    pub convert: Settings,
    /// How their pages are drawn.
    pub tiff: TiffSettings,
}

impl ProfileSettings for ArchiveTiffSettings {}

#[derive(Debug)]
struct ArchiveTiff {
    settings: ArchiveTiffSettings,
}

impl Line for ArchiveTiff {
    fn converting(&self) -> Converting<'_> {
        Converting { target: Target::Pdf, settings: &self.settings.convert }
    }

    fn steps(&self, _job: &Job<'_>) -> Result<Vec<Step>, Problem> {
        Ok(vec![Step::Merge, Step::Tiff(self.settings.tiff)])
    }
}
