//! The queue on a real PostgreSQL, without any workflow.

mod cancel;
mod claim;
mod lease;
mod pump;
mod rescue;
