//! Floor 4: what a job does, from create to purge. Opens the transactions; enqueues inside them, rings after them.
//!
//! Must not know: HTTP, the environment.
//!
//! ```text
//! create ─► add ─► add ─► start ─────────────┐
//!            └► convert   └► convert (last) ─┴► assemble ─► completed ─► purge
//!                             └► recognise, each       └► draw, each piece of a TIFF of many pages, and assemble again
//!                                page that is a picture, if the profile says so
//! ```
//!
//! 1. Accepted means stored: an operation answers after its rows are committed and its bytes are durable.
//! 2. Who changes a job and its tasks locks the job first.
//! 3. What an attempt found out is data ([`work`]) until it is settled in one transaction that shows the fence.
//! 4. A job that is started and has no open document (converted, and its pages recognised) is either assembled or completed, never forgotten: both `start` and
//!    the settlement of a document go through [`advance`].

pub mod add;
pub mod advance;
pub mod archive;
pub mod cancel;
pub mod certificates;
pub mod connections;
pub mod conversion;
pub mod create;
pub mod custom;
pub mod delete;
pub mod describe;
pub mod dossier;
pub mod errand;
pub mod expire;
pub mod extract_xml;
pub mod invoice;
pub mod listing;
pub mod lists;
pub mod one_pdf;
pub mod optimise;
pub mod options;
pub mod profiles;
pub mod progress;
pub mod reference;
pub mod result;
pub mod sign;
pub mod start;
pub mod sweep;
pub mod text_recognition;
pub mod tiff;
pub mod to_xml;
pub mod watch;
pub mod work;
pub mod workflow;

mod children;
mod claim;
mod context;
mod error;
mod kind;
mod once;
mod open_jobs;
mod stamps;
mod summaries;

pub use context::{Context, Settings};
pub use error::Error;
pub use kind::Kind;
pub use open_jobs::OpenJobs;
pub use summaries::Summaries;
pub use watch::Watch;
