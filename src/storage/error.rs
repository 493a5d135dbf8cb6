//! The only place that looks at SQLSTATE.

/// What can go wrong between us and the database or the blob store.
#[derive(Debug, thiserror::Error)]
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
        source: sqlx::Error,
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
        source: object_store::Error,
    },
    /// Anything else from the database.
    #[error("could not {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the driver says.
        #[source]
        source: sqlx::Error,
    },
}

/// SQLSTATE classes and codes after which the same call may succeed: connection trouble, shutdown and start-up,
/// read-only (a standby or a fail-over), serialisation, deadlock, too many connections, disk full.
const PASSING: [&str; 8] = ["08", "57P", "25006", "40001", "40P01", "53300", "53100", "55P03"];

impl Error {
    /// Reads an error of the driver; to be used as `map_err(Error::of("get a job"))`.
    pub fn of(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| {
            if let Some(database) = source.as_database_error() {
                let code = database.code().unwrap_or_default();
                if PASSING.iter().any(|prefix| code.starts_with(prefix)) {
                    return Self::Unavailable { doing, source };
                }
                if let Some(constraint) = database.constraint() {
                    return Self::Conflict { constraint: constraint.to_owned() };
                }
                return Self::Database { doing, source };
            }
            let is_away = matches!(
                source,
                sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::Protocol(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
                    | sqlx::Error::BeginFailed
            );
            if is_away { Self::Unavailable { doing, source } } else { Self::Database { doing, source } }
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Blobs { .. })
    }
}
