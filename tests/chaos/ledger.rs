//! What the clients were promised: every job that was accepted, and how it ended for its client.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::documents::Page;

/// What a client wants of its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The result.
    Finish,
    /// The result, and to add a document after the start, which is refused.
    AddLate,
    /// The failure of a document that is none.
    Break,
    /// The failure of a job without documents.
    Empty,
    /// To cancel it on the way.
    Cancel,
    /// To delete it on the way.
    Delete,
    /// To delete it before it is started.
    Abandon,
}

/// How a job ended, as its client saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// Not known yet.
    Open,
    /// With a result, whose bytes have this SHA-256.
    Result { sha256: Vec<u8> },
    /// With an error of this code.
    Error { code: String, message: String },
    /// It was deleted.
    Deleted,
}

/// One job.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its number in the run, from which its documents are made.
    pub(crate) number: u64,
    /// Its identifier on the wire.
    pub(crate) id: String,
    /// What is wanted of it.
    pub(crate) fate: Fate,
    /// The documents whose upload was tried, in order: their pages, and whether the upload was answered.
    pub(crate) documents: Vec<(Vec<Page>, bool)>,
    /// When its start was answered, or was seen to have happened.
    pub(crate) started: Option<Instant>,
    /// How long its client then waited for its end.
    pub(crate) took: Option<Duration>,
    /// How it ended.
    pub(crate) end: End,
}

impl Entry {
    /// A job that was just created.
    pub(crate) const fn new(number: u64, id: String, fate: Fate) -> Self {
        Self { number, id, fate, documents: Vec::new(), started: None, took: None, end: End::Open }
    }
}

/// All jobs of the run.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Mutex<Vec<Entry>>,
}

impl Ledger {
    /// Writes down a job that its client is done with.
    pub(crate) fn add(&self, entry: Entry) {
        self.entries.lock().unwrap().push(entry);
    }

    /// How many jobs were accepted to be converted.
    pub(crate) fn started(&self) -> usize {
        self.entries.lock().unwrap().iter().filter(|entry| entry.started.is_some()).count()
    }

    /// A copy of all entries.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap().clone()
    }
}
