//! Floor 2: a task engine on PostgreSQL that knows no workflow, no engine and no HTTP.
//!
//! ```text
//!                     ┌──────────────── retried (counts), released, rerouted, lost: back ────────────────┐
//!                     ▼                                                                                  │
//! submit, enqueue ─► ready ──claim──► running ──succeeded, failed, canceled──► gone (history in `attempts`)
//!                     ▲ ▲
//!                     │ └── later    (not before its time)
//!                     └──── limited  (its tenant runs as much as it may)
//! ```
//!
//! 1. A step settles all that has ended by one statement and claims all that fits by another ([`step`]); their
//!    transactions end at once, and nothing is held while a task runs. A claim does not wait for the disk, settling does.
//! 2. The lease belongs to the worker and is one row, renewed by one small update, whose answer says what to stop.
//! 3. Every claim draws a fence; every change of a running task shows it. No row changed means the lease is lost, and
//!    the work is dropped.
//! 4. Bells are hints, the table is the truth: polling alone is enough.
//! 5. Who locks a job and its tasks locks the job first.
//! 6. The order in which tasks are claimed is one number, `order_key`, given when they are enqueued: fair among tenants, with
//!    a head start for priority. A claim is a walk along one index whatever the number of tenants.

pub mod bell;
pub mod cancel;
pub mod enqueue;
pub mod intake;
pub mod lease;
pub mod listen;
pub mod pump;
pub mod rescue;
pub mod retry;
pub mod step;
pub mod submit;
pub mod worker;

mod error;

pub use bell::Bell;
pub use enqueue::{NewTask, Turn, enqueue, enqueue_pages, enqueue_pieces};
pub use error::Error;
pub use intake::Intake;
pub use lease::{Ending, Lease, Report, Task};
pub use listen::{Audience, Signal, Signals};
pub use pump::{Handler, PumpConfig, Stop, StopReason};
pub use submit::{NewJob, enqueue_all};
