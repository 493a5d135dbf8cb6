//! What this chapter collects from content.

use crate::pdf::validate::{
    content::{Collector, Operation, Piece, State},
    subject::Subject,
};

/// What was collected.
#[derive(Debug, Default)]
pub(in crate::pdf::validate) struct Drawn {
    /// How many operations there were.
    pub(super) operations: usize,
}

impl<'a> Collector<'a> for Drawn {
    fn operation(
        &mut self,
        _subject: &Subject<'a>,
        _piece: &Piece<'a>,
        _state: &State<'a>,
        _operation: &Operation<'_>,
    ) {
        self.operations += 1;
    }
}
