//! Containers: what they hold, as files of their own.
//!
//! 1. Names inside a container are labels. Files are named by their number, so no name reaches a path.
//! 2. Nothing is unpacked past the budget: sizes that a container states are not believed.
//! 3. What is left out is told to the client; nothing gets lost in silence.

mod zip;

pub use self::zip::unpack as unpack_zip;

use std::path::PathBuf;

use crate::domain::{Event, limits};

/// How much may be unpacked.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Most bytes of all files together.
    pub bytes_max: u64,
    /// Most files.
    pub entries_max: usize,
}

impl Budget {
    /// What a container may hold that is, or is inside of, an uploaded file of so many bytes.
    pub fn of_upload(bytes: u64) -> Self {
        let by_ratio = bytes.saturating_mul(limits::UNPACK_RATIO_MAX);
        Self {
            bytes_max: by_ratio.clamp(limits::UNPACK_BYTES_FREE, limits::UNPACK_BYTES_MAX),
            entries_max: limits::CONTAINER_ENTRIES_MAX,
        }
    }
}

/// What was unpacked.
#[derive(Debug)]
pub struct Unpacked {
    /// Names of the files, in the order of the container; the bytes are in [`file_of`] the same number.
    pub names: Vec<String>,
    /// What the client is told.
    pub events: Vec<Event>,
}

/// The file in the work folder that holds what was unpacked, by its number.
pub fn file_of(number: usize) -> PathBuf {
    format!("unpacked-{number}").into()
}
