//! Containers: what they hold, as files of their own.
//!
//! 1. Names inside a container are labels. Files are named by their number, so no name reaches a path.
//! 2. Nothing is unpacked past the budget: sizes that a container states are not believed.
//! 3. What is left out is told to the client; nothing gets lost in silence.

mod pdf;
mod store;
mod zip;

pub use self::{pdf::unpack as unpack_pdf, store::Store, zip::unpack as unpack_zip};

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
    /// How many of them, the first ones, show the container itself.
    pub bodies: usize,
    /// What the client is told.
    pub events: Vec<Event>,
}

/// The file in the work folder that holds what was unpacked, by its number.
pub fn file_of(number: usize) -> PathBuf {
    format!("unpacked-{number}").into()
}

/// A name from outside without what is not shown but changes how the rest is: control characters, separators of lines, and the
/// marks that turn the direction of writing.
pub fn label(name: &str) -> String {
    name.chars().filter(|character| !deceives(*character)).collect()
}

/// Text of one line for the eye: a label in which each gap is one blank.
pub fn shown(text: &str) -> String {
    let spaced: String =
        text.chars().map(|character| if character.is_whitespace() { ' ' } else { character }).collect();
    label(&spaced).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}')
        || matches!(character, '\u{2066}'..='\u{2069}' | '\u{feff}')
}
