//! Checks embedded files as PDF/A themselves, as deep and as many as a budget allows.

use std::{cell::Cell, collections::BTreeSet, rc::Rc};

use lopdf::Stream;

use crate::pdf::{
    stream,
    validate::{File, Flavour, Part, rule::Findings, subject::Subject},
};

/// How deep files in files are looked at.
const DEPTH_MAX: usize = 4;

/// Most files in one file, and in the files in it, that are looked at.
const FILES_MAX: usize = 1000;

/// Most bytes that these unpack to in all.
const BYTES_MAX: usize = 512 << 20;

/// What may still be spent on files in files; shared with the files in it.
#[derive(Debug, Clone)]
pub(in crate::pdf::validate) struct Budget {
    depth: usize,
    files: Rc<Cell<usize>>,
    bytes: Rc<Cell<usize>>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { depth: 0, files: Rc::new(Cell::new(FILES_MAX)), bytes: Rc::new(Cell::new(BYTES_MAX)) }
    }
}

/// An embedded file conforms to part 1 or 2 (part 2, 6.8), in part 4 without a level also to part 4 (6.9). The first
/// that does not is told, the others are not looked at.
pub(super) fn conforming(subject: &Subject<'_>, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for found in subject.specifications() {
        for (id, stream) in found.streams(subject) {
            if !seen.insert(id) {
                continue;
            }
            if let Err(why) = conforms(subject, stream) {
                findings.add(id, || format!("The embedded file {} {why}.", found.shown()));
                return;
            }
        }
    }
}

/// Checks an embedded file; says why it does not conform, as the end of a sentence.
fn conforms(subject: &Subject<'_>, stream: &Stream) -> Result<(), &'static str> {
    let Budget { depth, files, bytes } = &subject.budget;
    if *depth >= DEPTH_MAX || files.get() == 0 || bytes.get() == 0 {
        return Err("is too deep within other files, or one of too many");
    }
    files.set(files.get() - 1);
    let limit = bytes.get().min(stream::CONTENT_BYTES_MAX);
    let held = stream::unpack_within(stream, limit).map_err(|_| "cannot be unpacked")?;
    bytes.set(bytes.get().saturating_sub(held.len()));
    let file = File::open(&held);
    let claim = file.claimed().map(Flavour::part);
    let candidates = match subject.flavour.part() {
        Part::Four => &[Flavour::A1B, Flavour::A2B, Flavour::A4][..],
        Part::One | Part::Two | Part::Three => &[Flavour::A1B, Flavour::A2B],
    };
    let inner = Budget { depth: depth + 1, files: Rc::clone(files), bytes: Rc::clone(bytes) };
    let mut candidates = candidates.iter().filter(|flavour| claim.is_none_or(|claim| claim == flavour.part()));
    let is_conforming = candidates.any(|flavour| file.validate_within(*flavour, inner.clone()).is_compliant());
    if is_conforming { Ok(()) } else { Err("does not conform to a part of PDF/A that may be embedded here") }
}
