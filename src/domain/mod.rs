//! Floor 0: the words of the service as types. Ids, states with their legal moves, codes, formats and limits.
//!
//! Knows nothing of ours and does no I/O: no serde, no HTTP, no clock.
//! Ids and state enums derive `sqlx::Type` where a column holds them.

pub mod code;
pub mod connection;
pub mod event;
pub mod format;
pub mod id;
pub mod job;
pub mod lane;
pub mod limits;
pub mod metadata;
pub mod once;
pub mod options;
pub mod rung;

pub(crate) mod words;

pub use code::ErrorCode;
pub use connection::ResponseMode;
pub use event::{Event, EventCode, Severity};
pub use format::Format;
pub use id::{DocumentId, JobId, ResultId, TenantId, WorkerId};
pub use job::{DocumentState, JobState, Outcome};
pub use lane::Lane;
pub use once::{IdempotencyKey, Once};
pub use rung::Rung;
