//! Stamps on pages: a part of the settings of several workflows.

use super::workflow::BadSettings;
use crate::{
    domain::limits,
    engines::protocol::{Names, Step, Target},
    pdf::stamp::{Content, StampSettings},
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
    let bytes = |stamp: &StampSettings| match &stamp.content {
        Content::Image(image) => image.data.0.len(),
        Content::Text(_) | Content::Barcode(_) => 0,
    };
    let all: usize = stamps.iter().map(bytes).sum();
    if all > limits::STAMP_IMAGES_BYTES_MAX {
        let problem = format!("all images together have more than {} MiB", limits::STAMP_IMAGES_BYTES_MAX >> 20);
        return Err(BadSettings { path: "stamps".to_owned(), problem });
    }
    Ok(())
}

/// The step, if there are any.
pub(super) fn step(stamps: &[StampSettings], target: Target, names: &Names) -> Option<Step> {
    (!stamps.is_empty()).then(|| Step::Stamp { stamps: stamps.to_vec(), target, names: names.clone() })
}
