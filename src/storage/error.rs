//! The only place that looks at SQLSTATE.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// What can go wrong between us and the database or the blob store. Cloning is cheap: one failure may concern many callers.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// There is no such row.
    #[error("not found")]
    NotFound,
    /// A named constraint refused the change.
    #[error("the constraint `{constraint}` refused the change")]
    Conflict {
        /// The constraint's name.
        constraint: String,
    },
    /// The database cannot be reached, or asks to try again.
    #[error("the database is unavailable: could not {doing}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What the driver says.
        #[source]
        source: Arc<sqlx::Error>,
    },
    /// A row or a blob is not as this version wrote it.
    #[error("unexpected content: {what}")]
    Corrupt {
        /// Where, and what.
        what: String,
    },
    /// The schema is not the one this binary works with.
    #[error("the database schema is at version {found}, this binary needs {needed}: run `bindery migrate`")]
    Schema {
        /// Newest migration that was applied.
        found: i32,
        /// Newest migration this binary knows.
        needed: i32,
    },
    /// The blob store failed.
    #[error("the blob store could not {doing}")]
    Blobs {
        /// What was being done.
        doing: &'static str,
        /// What the store says.
        #[source]
        source: Arc<object_store::Error>,
    },
    /// Anything else from the database.
    #[error("could not {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the driver says.
        #[source]
        source: Arc<sqlx::Error>,
    },
}

/// SQLSTATE classes and codes after which the same call may succeed later.
const PASSING: &[&str] = &[
    "08",    // connection trouble
    "25006", // read-only: a standby, a fenced primary, or an operator's wish
    "25P03", // idle in a transaction for too long
    "26000", // a pooler has lost a prepared statement
    "28",    // the server refuses this user: a password that is being changed, or rules that differ after a fail-over
    "3D000", // the database is not there yet, as on a server that is being restored
    "40001", // serialisation
    "40P01", // deadlock
    "42P05", // a pooler has mixed up prepared statements
    "53",    // disk full, out of memory, too many connections
    "55P03", // a lock is taken
    "57014", // canceled by an operator or a time-out of the server
    "57P",   // shutdown, crash, start-up
    "58030", // the disk of the server fails
];

/// Those after which the whole transaction is known to be rolled back, and nothing is wrong but its timing.
const ROLLED_BACK: &[&str] = &["40001", "40P01"];

/// Those that say at the start of a process that it was configured for another server.
const REFUSED: &[&str] = &["28", "3D000"];

/// Those with which a pooler shows that it does not keep prepared statements.
const LOST_STATEMENT: &[&str] = &["26000", "42P05", "08P01"];

fn has_code(source: &sqlx::Error, codes: &[&str]) -> bool {
    let code = source.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| codes.iter().any(|prefix| code.starts_with(prefix)))
}

/// Whether a prepared statement was not where the driver had prepared it, or another one was there under its name.
pub(super) fn lost_statement(source: &sqlx::Error) -> bool {
    has_code(source, LOST_STATEMENT)
}

/// Whether somebody else held a lock for longer than we wait.
pub(super) fn locked(source: &sqlx::Error) -> bool {
    has_code(source, &["55P03", "40P01"])
}

/// Whether the same call may succeed later.
pub(super) fn passing(source: &sqlx::Error) -> bool {
    if source.as_database_error().is_some() {
        return has_code(source, PASSING);
    }
    matches!(
        source,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed
    )
}

/// When a statement of this process failed last by trouble with the database, in milliseconds since the process first looked;
/// zero for never.
static SEEN: AtomicU64 = AtomicU64::new(0);
static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

fn note() {
    SEEN.store(elapsed().max(1), Ordering::Relaxed);
}

fn elapsed() -> u64 {
    u64::try_from(BEGIN.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Whether this process had trouble with the database so short ago.
pub(super) fn seen_within(time: Duration) -> bool {
    let seen = SEEN.load(Ordering::Relaxed);
    seen > 0 && u128::from(elapsed().saturating_sub(seen)) <= time.as_millis()
}

impl Error {
    /// Reads an error of the driver; to be used as `map_err(Error::of("get a job"))`.
    pub fn of(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| {
            if passing(&source) {
                note();
                return Self::Unavailable { doing, source: Arc::new(source) };
            }
            match source.as_database_error().and_then(sqlx::error::DatabaseError::constraint) {
                Some(constraint) => Self::Conflict { constraint: constraint.to_owned() },
                None => Self::Database { doing, source: Arc::new(source) },
            }
        }
    }

    /// Whether the transaction was rolled back for its timing alone: doing it again at once may go well.
    pub fn is_rolled_back(&self) -> bool {
        matches!(self, Self::Unavailable { source, .. } if has_code(source, ROLLED_BACK))
    }

    /// Whether the server is there and refuses this user or this database.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Unavailable { source, .. } if has_code(source, REFUSED))
    }

    /// Whether the same call may succeed later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Blobs { .. })
    }
}
