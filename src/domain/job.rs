//! The states of a job and of a document, and their legal moves.
//!
//! ```text
//! creating ──start──► pending ──first claim──► processing ──settled──► completed
//!                        └────────── canceled, or nothing to do ──────────┘
//! ```

use super::words::words;

words! {
    /// Where a job stands, in the words of the wire contract.
    #[derive(sqlx::Type)]
    #[sqlx(type_name = "text", rename_all = "lowercase")]
    pub enum JobState {
        /// Documents may be added; conversion of those already there goes on.
        Creating = "creating",
        /// Started, waiting for a worker.
        Pending = "pending",
        /// Started and being worked on.
        Processing = "processing",
        /// Ended; the outcome says how.
        Completed = "completed",
    }
}

impl JobState {
    /// Whether a job may move from `self` to `next`. The constraints and `where` clauses of the database repeat it.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Creating => matches!(next, Self::Pending),
            Self::Pending => matches!(next, Self::Processing | Self::Completed),
            Self::Processing => matches!(next, Self::Completed),
            Self::Completed => false,
        }
    }
}

words! {
    /// How a completed job ended.
    #[derive(sqlx::Type)]
    #[sqlx(type_name = "text", rename_all = "lowercase")]
    pub enum Outcome {
        /// Everything as asked.
        Success = "success",
        /// There is a result; the events say how it differs.
        Warning = "warning",
        /// There is none; the error says why.
        Error = "error",
    }
}

words! {
    /// Where a document stands.
    #[derive(sqlx::Type)]
    #[sqlx(type_name = "text", rename_all = "lowercase")]
    pub enum DocumentState {
        /// Stored, not yet converted.
        Open = "open",
        /// Converted; its converted file is in the blob store.
        Converted = "converted",
        /// A container whose documents are rows of their own now.
        Unpacked = "unpacked",
        /// It stays as it came, to be put into the result.
        Kept = "kept",
        /// It was left out of the result, which an event tells.
        Dropped = "dropped",
        /// It cannot be converted; the error says why.
        Failed = "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_only_moves_forward() {
        for (earlier, from) in JobState::ALL.iter().enumerate() {
            for (later, to) in JobState::ALL.iter().enumerate() {
                assert!(!from.may_become(*to) || later > earlier, "{from} -> {to}");
            }
        }
    }

    #[test]
    fn a_job_never_completes_before_it_is_started() {
        assert!(!JobState::Creating.may_become(JobState::Completed));
    }
}
