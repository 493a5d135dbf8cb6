//! Floor 2: a task engine on PostgreSQL that knows no workflow, no engine and no HTTP.
//!
//! ```text
//! waiting ──claim──► running ──finish──► gone (history in `attempts`)
//!    ▲                  │
//!    └─ retry, release, reroute, or rescue after the worker's lease ran out
//! ```
//!
//! 1. A claim is one statement whose transaction ends at once; nothing is held while a task runs.
//! 2. The lease belongs to the worker and is one row, renewed by one small update, whose answer says what to stop.
//! 3. Every claim draws a fence; every change of a running task shows it. No row changed means the lease is lost, and
//!    the work is dropped.
//! 4. Bells are hints, the table is the truth: polling alone is enough.
//! 5. Who locks a job and its tasks locks the job first.

pub mod bell;
pub mod cancel;
pub mod claim;
pub mod enqueue;
pub mod lease;
pub mod listen;
pub mod pump;
pub mod rescue;
pub mod retry;
pub mod worker;

mod error;

pub use bell::Bell;
pub use enqueue::{NewTask, enqueue};
pub use error::Error;
pub use lease::{Lease, Report, Task};
pub use listen::{Signal, Signals};
pub use pump::{Handler, PumpConfig, Stop, StopReason};
