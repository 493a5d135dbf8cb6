//! XML out and in.
//!
//! 1. What goes out is an exact image of the JSON (`write`).
//! 2. What comes in has no document type and no entities but those of XML itself, and is limited in size, depth and
//!    number of elements (`read`).

pub(super) mod read;
pub(super) mod write;

#[cfg(test)]
mod tests;

/// Whether XML 1.0 can hold a character.
const fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}
