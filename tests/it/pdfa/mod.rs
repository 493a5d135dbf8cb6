//! The validator of PDF/A against the verdicts of others, and as a command.

mod cases;
mod command;

use std::path::PathBuf;

/// A folder of documents that are no part of the project: below `BINDERY_SHARED`, else in `shared` beside the project. `None`
/// where there is none, which is told.
#[expect(clippy::disallowed_methods, reason = "says where documents are that are no part of the project")]
fn shared(folder: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared");
    let root = std::env::var_os("BINDERY_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let found = root.join(folder);
    let is_there = found.is_dir();
    if !is_there {
        eprintln!("{} is not there: nothing was compared", found.display());
    }
    is_there.then_some(found)
}
