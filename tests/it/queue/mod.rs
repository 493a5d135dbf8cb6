//! The queue on a real PostgreSQL, without any workflow.

mod cancel;
mod claim;
mod intake;
mod lease;
mod listen;
mod model;
mod order;
mod plans;
mod pump;
mod rescue;
