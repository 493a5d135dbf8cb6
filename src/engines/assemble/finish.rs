//! The document is brought to its target and becomes a file of the job.

use super::Bench;
use crate::{
    domain::metadata::Metadata,
    engines::{
        Error,
        finish::{self, Goal},
        protocol::{FileKind, Made, Target},
    },
};

/// Writes the document as what it is to be, and saying what it is to say of itself.
pub(super) fn finish(bench: &mut Bench<'_>, target: Target, metadata: &Metadata, linearise: bool) -> Result<(), Error> {
    let whole = bench.take_whole()?;
    let goal = Goal {
        target,
        metadata: Some(metadata),
        passwords: &[],
        fonts: &bench.tools.folder,
        now: bench.assemble.now,
        linearise,
    };
    let finished = finish::finish(whole, &goal, &bench.output())?;
    bench.events.extend(finished.events);
    let (conformance, rung) = finish::words(finished.archived);
    bench.files.push(Made { kind: FileKind::Pdf, name: None, pages: Some(finished.pages), conformance, rung });
    Ok(())
}
