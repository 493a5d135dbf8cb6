//! Stamps on pages: a part of the settings of several workflows.

use super::workflow::BadSettings;
use crate::{
    engines::protocol::{Names, Step, Target},
    pdf::stamp::StampSettings,
};

/// Looks for stamps that cannot be.
pub(super) fn check(stamps: &[StampSettings]) -> Result<(), BadSettings> {
    for (index, stamp) in stamps.iter().enumerate() {
        let bad = |error: crate::pdf::stamp::Error| BadSettings {
            path: format!("stamps[{index}]"),
            problem: error.to_string(),
        };
        stamp.check(index).map_err(bad)?;
    }
    Ok(())
}

/// The step, if there are any.
pub(super) fn step(stamps: &[StampSettings], target: Target, names: &Names) -> Option<Step> {
    (!stamps.is_empty()).then(|| Step::Stamp { stamps: stamps.to_vec(), target, names: names.clone() })
}
