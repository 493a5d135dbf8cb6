//! What cameras say about a picture: which way is up, and its resolution.

use super::{
    ifd::{Block, Directory},
    placement::{Orientation, Resolution},
};

const ORIENTATION: u16 = 274;
const X_RESOLUTION: u16 = 282;
const Y_RESOLUTION: u16 = 283;
const RESOLUTION_UNIT: u16 = 296;

/// Orientation and resolution of an EXIF block, with or without its `Exif` prefix; whatever is unreadable is left out.
pub(super) fn read(bytes: &[u8]) -> (Orientation, Option<Resolution>) {
    let bytes = bytes.strip_prefix(b"Exif\0\0".as_slice()).unwrap_or(bytes);
    let Some(block) = Block::new(bytes) else { return (Orientation::default(), None) };
    match block.first().and_then(|offset| block.directory(offset)) {
        Some(directory) => (orientation(&block, &directory), resolution(&block, &directory)),
        None => (Orientation::default(), None),
    }
}

/// The orientation that a directory names.
pub(super) fn orientation(block: &Block<'_>, directory: &Directory) -> Orientation {
    Orientation::from_number(block.unsigned_of(directory, ORIENTATION).unwrap_or(1))
}

/// The resolution that a directory names, if it names one with a unit.
pub(super) fn resolution(block: &Block<'_>, directory: &Directory) -> Option<Resolution> {
    let inches = match block.unsigned_of(directory, RESOLUTION_UNIT).unwrap_or(2) {
        2 => 1.0,
        3 => 2.54,
        _ => return None,
    };
    let x = block.fraction_of(directory, X_RESOLUTION)?;
    let y = block.fraction_of(directory, Y_RESOLUTION).unwrap_or(x);
    Resolution::plausible(x * inches, y * inches)
}
