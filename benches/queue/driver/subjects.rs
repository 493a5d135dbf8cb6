//! Who is measured.

use std::path::PathBuf;

/// Where a subject's program comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// This program again.
    Own,
    /// The package in `benches/peers`.
    Peers,
}

/// A queue, or one way to use it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    /// Subject whose schema it shares.
    pub(crate) schema_of: &'static str,
    /// Whether it inserts in a way of its own.
    pub(crate) inserts: bool,
    /// Whether it runs jobs in a way of its own.
    pub(crate) works: bool,
    /// The share of the backlog that its drain gets: a deep one slows some peers, and each is measured at its best.
    pub(crate) share: f64,
    /// Whether statistics of a queue at work help it. Without any, `apalis` claims along its index; with them, the plan
    /// of its function sorts the whole backlog.
    pub(crate) learns: bool,
    /// Says whether a job is not settled yet; none where only a view can tell that takes minutes for many jobs.
    pub(crate) unfinished: Option<&'static str>,
    /// Counts attempts that were lost, where that is written down.
    pub(crate) lost: Option<&'static str>,
}

const TASKS: &str = "select exists (select 1 from tasks)";
const LOST: &str = "select count(*) from attempts where ending = 'lost'";
const APALIS: &str = "select exists (select 1 from apalis.jobs where status <> 'Done')";
const GRAPHILE: &str = "select exists (select 1 from graphile_worker._private_jobs)";

/// All subjects; the first is the one that the others are compared with.
pub(crate) const SUBJECTS: &[Subject] = &[
    Subject {
        name: "bindery",
        program: Program::Own,
        schema_of: "bindery",
        inserts: true,
        works: true,
        share: 1.0,
        learns: true,
        unfinished: Some(TASKS),
        lost: Some(LOST),
    },
    Subject {
        name: "bindery-task",
        program: Program::Own,
        schema_of: "bindery",
        inserts: true,
        works: false,
        share: 1.0,
        learns: true,
        unfinished: Some(TASKS),
        lost: Some(LOST),
    },
    Subject {
        name: "apalis",
        program: Program::Peers,
        schema_of: "apalis",
        inserts: true,
        works: true,
        share: 0.2,
        learns: false,
        unfinished: Some(APALIS),
        lost: None,
    },
    Subject {
        name: "apalis-unlocked",
        program: Program::Peers,
        schema_of: "apalis",
        inserts: false,
        works: true,
        share: 0.2,
        learns: false,
        unfinished: Some(APALIS),
        lost: None,
    },
    Subject {
        name: "awa",
        program: Program::Peers,
        schema_of: "awa",
        inserts: true,
        works: true,
        share: 0.2,
        learns: true,
        unfinished: None,
        lost: None,
    },
    Subject {
        name: "graphile",
        program: Program::Peers,
        schema_of: "graphile",
        inserts: true,
        works: true,
        share: 0.2,
        learns: true,
        unfinished: Some(GRAPHILE),
        lost: None,
    },
    Subject {
        name: "graphile-batched",
        program: Program::Peers,
        schema_of: "graphile",
        inserts: false,
        works: true,
        share: 1.0,
        learns: true,
        unfinished: Some(GRAPHILE),
        lost: None,
    },
];

impl Subject {
    /// Its program; the peers' is beside ours after `make bench-queue` has built it.
    pub(crate) fn program(&self) -> PathBuf {
        let own = std::env::current_exe().expect("a process knows its program");
        match self.program {
            Program::Own => own,
            Program::Peers => {
                let target = own.ancestors().find(|folder| folder.join("peers/release/peers").exists());
                target.expect("`make bench-queue` builds the peers first").join("peers/release/peers")
            }
        }
    }
}
