//! What this chapter collects from content.

use crate::pdf::validate::{
    content::{Collector, Operation, Piece, State},
    subject::Subject,
};

/// What was collected.
#[derive(Debug, Default)]
pub(in crate::pdf::validate) struct Drawn<'a> {
    /// How many operations there were.
    pub(super) operations: usize,
    _subject: std::marker::PhantomData<&'a ()>,
}

impl<'a> Collector<'a> for Drawn<'a> {
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
