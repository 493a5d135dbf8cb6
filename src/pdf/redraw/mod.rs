//! Placeholder until the branch with it is merged.
use super::Error;
use crate::domain::Event;
use lopdf::Document;
use std::collections::BTreeSet;
pub fn pages(_: &mut Document, _: &[u8], _: &BTreeSet<usize>, _: &str) -> Result<Vec<Event>, Error> {
    Err(Error::corrupt("not merged"))
}
pub fn document(_: &[u8], _: &str) -> Result<(Document, Vec<Event>), Error> {
    Err(Error::corrupt("not merged"))
}
