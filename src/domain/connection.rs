//! How a connection of the Simple API answers.

use super::words::words;

words! {
    /// What a call of a connection is answered with.
    #[derive(sqlx::Type)]
    #[sqlx(type_name = "text", rename_all = "lowercase")]
    pub enum ResponseMode {
        /// That the job is started.
        Immediately = "immediately",
        /// That the job has ended well.
        Status = "status",
        /// The files of the job.
        Result = "result",
    }
}
