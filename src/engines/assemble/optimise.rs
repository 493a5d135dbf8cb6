//! The one document becomes smaller.

use super::Bench;
use crate::{
    engines::{Error, protocol::Target},
    pdf::optimise::{self, OptimiseSettings},
};

/// Changes the document, within what its target may contain.
pub(super) fn optimise(bench: &mut Bench<'_>, settings: OptimiseSettings, target: Target) -> Result<(), Error> {
    let mut document = bench.take_document()?;
    let settings = OptimiseSettings { part: target.part(), ..settings };
    let optimised = optimise::optimise(&mut document, &settings)?;
    bench.events.extend(optimised.events);
    bench.put_document(document);
    Ok(())
}
