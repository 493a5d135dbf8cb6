//! How results become smaller: a part of the settings of several workflows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::workflow::BadSettings;
use crate::{
    engines::protocol::{Step, Target},
    pdf::optimise::{OptimiseSettings, Preset},
};

/// What the result is made smaller for, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Optimise {
    /// What it is made smaller for.
    pub purpose: Purpose,
    /// How, when the purpose is `custom`.
    pub settings: OptimiseSettings,
}

/// What a result is made smaller for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// Nothing: it stays as it is.
    #[default]
    None,
    /// Screens and slow lines: images of 150 dots per inch, first page first.
    Web,
    /// Printers: images of 300 dots per inch.
    Print,
    /// Mail: as small as stays readable.
    Email,
    /// Nothing that shows changes: objects are tidied and packed.
    Repair,
    /// What the settings say.
    Custom,
}

impl Optimise {
    /// The settings, if anything is to be done.
    fn chosen(self) -> Option<OptimiseSettings> {
        Some(match self.purpose {
            Purpose::None => return None,
            Purpose::Web => Preset::Web.settings(),
            Purpose::Print => Preset::Print.settings(),
            Purpose::Email => Preset::Email.settings(),
            Purpose::Repair => Preset::Repair.settings(),
            Purpose::Custom => self.settings,
        })
    }

    /// The step, if there is one.
    pub(super) fn step(self, target: Target) -> Option<Step> {
        self.chosen().map(|settings| Step::Optimise { settings, target })
    }

    /// Whether the result is to be linearised.
    pub(super) fn linearise(self) -> bool {
        self.chosen().is_some_and(|settings| settings.linearise)
    }

    /// Looks for values that make no sense.
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        self.settings.check().map_err(|bad| BadSettings {
            path: format!("optimise.settings.{}", bad.setting),
            problem: format!("{} is not from {} to {}", bad.value, bad.low, bad.high),
        })
    }
}
