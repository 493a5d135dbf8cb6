use crate::storage;

/// What can go wrong with a task.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another worker has the task now, or it is gone; what was done for it must be dropped.
    #[error("the lease of task {task} with fence {fence} is lost")]
    LeaseLost {
        /// The task.
        task: i64,
        /// The fence that no longer counts.
        fence: i64,
    },
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl Error {
    /// Whether the same call may succeed later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Storage(error) if error.is_passing())
    }
}
