//! Limits on running the drawings of glyphs. They call parts that they share, which call others, ten deep: a small program
//! can take for ever.

use std::cell::Cell;

use read_fonts::{
    ReadError,
    ps::{
        cff::{CffFontRef, Subfont, index::Index},
        cs::{CharstringContext, CharstringKind},
        error::Error,
    },
};

/// Most bytes of drawings that are run for one program, parts counted as often as they are called.
const RUN_BYTES_MAX: usize = 1 << 26;

/// How deep parts may call parts.
const DEPTH_MAX: usize = 10;

/// Most parts of a Type 1 program.
const PARTS_MAX: i32 = 1 << 16;

/// Most steps that running all glyphs of a Type 1 program may take, by an estimate from above.
const STEPS_MAX: u64 = 1 << 32;

/// The operator that ends a drawing.
const END: u8 = 14;

/// What is left of the limit for one program.
#[derive(Debug)]
pub(super) struct Budget(Cell<usize>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(RUN_BYTES_MAX))
    }
}

impl Budget {
    /// Takes what running a drawing costs.
    pub(super) fn pay<'b>(&self, drawing: &'b [u8]) -> Result<&'b [u8], Error> {
        let left = self.0.get().checked_sub(drawing.len() + 1).ok_or(ReadError::OutOfBounds)?;
        self.0.set(left);
        Ok(drawing)
    }
}

/// A program in the Compact Font Format, with a budget.
pub(super) struct Parts<'p, 'b> {
    font: &'p CffFontRef<'b>,
    own: Index<'b>,
    budget: &'p Budget,
}

impl<'p, 'b> Parts<'p, 'b> {
    /// The parts that a glyph of a subfont may call.
    pub(super) fn new(font: &'p CffFontRef<'b>, subfont: &Subfont, budget: &'p Budget) -> Option<Self> {
        let offset = usize::try_from(subfont.subrs_offset()).ok()?;
        let own = if offset == 0 { Index::Empty } else { Index::new(font.data().get(offset..)?, false).ok()? };
        Some(Self { font, own, budget })
    }

    fn part<'i>(&self, index: &'i Index<'_>, number: i32) -> Result<&'i [u8], Error> {
        let number = number.checked_add(index.subr_bias()).and_then(|number| usize::try_from(number).ok());
        self.budget.pay(index.get(number.ok_or(ReadError::OutOfBounds)?)?)
    }
}

impl CharstringContext for Parts<'_, '_> {
    fn kind(&self) -> CharstringKind {
        CharstringKind::Type2
    }

    fn seac_components(&self, _base: i32, _accent: i32) -> Result<[&[u8]; 2], Error> {
        // The width of the whole is known by then, and is all that is asked for.
        Ok([&[END], &[END]])
    }

    fn global_subr(&self, number: i32) -> Result<&[u8], Error> {
        self.part(self.font.global_subrs(), number)
    }

    fn subr(&self, number: i32) -> Result<&[u8], Error> {
        self.part(&self.own, number)
    }
}

/// Whether all glyphs of a Type 1 program of so many bytes can be run within the limits.
pub(super) fn is_bounded(font: &impl CharstringContext, size: usize) -> bool {
    let parts: Vec<Vec<Step>> = (0..PARTS_MAX).map_while(|number| font.subr(number).ok()).map(steps).collect();
    let mut costs: Vec<u64> = vec![0; parts.len()];
    for _ in 0..DEPTH_MAX {
        let highest = costs.iter().copied().max().unwrap_or(0);
        costs = parts
            .iter()
            .map(|steps| steps.iter().map(|step| step.cost(&costs, highest)).fold(1, u64::saturating_add))
            .collect();
    }
    let highest = costs.into_iter().max().unwrap_or(1);
    highest.saturating_mul(u64::try_from(size).unwrap_or(u64::MAX)) <= STEPS_MAX
}

/// A step of a drawing.
enum Step {
    /// One that calls nothing.
    Plain,
    /// A call of a part, which is not always known.
    Call(Option<usize>),
}

impl Step {
    fn cost(&self, costs: &[u64], highest: u64) -> u64 {
        match self {
            Self::Plain => 1,
            Self::Call(Some(part)) => costs.get(*part).copied().unwrap_or(1),
            Self::Call(None) => highest,
        }
    }
}

/// The steps of a part of a Type 1 program (Adobe Type 1 Font Format, 6.2).
fn steps(drawing: &[u8]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut bytes = drawing.iter().copied();
    // The numbers that were pushed, and those handed to PostScript; what a called part does to them is not followed.
    let mut numbers: Vec<i64> = Vec::new();
    let mut handed: Vec<i64> = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut next = || bytes.next().map_or(0, i64::from);
        match i64::from(byte) {
            value @ 32..=246 => numbers.push(value - 139),
            value @ 247..=250 => numbers.push((value - 247) * 256 + next() + 108),
            value @ 251..=254 => numbers.push(-(value - 251) * 256 - next() - 108),
            255 => numbers.push((0..4).fold(0, |number, _| number << 8 | next())),
            10 => steps.push(Step::Call(numbers.pop().and_then(|number| usize::try_from(number).ok()))),
            12 => match next() {
                // PostScript gets numbers, and may give them back: so a part is called that changes hints.
                16 => {
                    let count = numbers.pop().and(numbers.pop()).and_then(|count| usize::try_from(count).ok());
                    let from = numbers.len().saturating_sub(count.unwrap_or(0));
                    handed = numbers.split_off(from);
                }
                17 => numbers.extend(handed.pop()),
                _ => numbers.clear(),
            },
            _ => numbers.clear(),
        }
        steps.push(Step::Plain);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Calls(Vec<Vec<u8>>);

    impl CharstringContext for Calls {
        fn kind(&self) -> CharstringKind {
            CharstringKind::Type1
        }

        fn seac_components(&self, base: i32, _: i32) -> Result<[&[u8]; 2], Error> {
            Err(Error::InvalidSeacCode(base))
        }

        fn global_subr(&self, _: i32) -> Result<&[u8], Error> {
            Err(Error::MissingSubroutines)
        }

        fn subr(&self, number: i32) -> Result<&[u8], Error> {
            let part = usize::try_from(number).ok().and_then(|number| self.0.get(number));
            part.map(Vec::as_slice).ok_or(Error::MissingSubroutines)
        }
    }

    #[test]
    fn parts_that_call_each_other_many_times_are_too_much() {
        // Each part calls the next one a hundred times.
        let call = |part: u8| [139 + part, 10].repeat(100);
        let many = Calls((1..=10).map(call).chain([vec![11]]).collect());
        assert!(!is_bounded(&many, 100));
        let few = Calls(vec![vec![140, 10, 11], vec![139, 139, 21, 11]]);
        assert!(is_bounded(&few, 100_000));
    }
}
