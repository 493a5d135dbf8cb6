//! Floor 3: bytes in, bytes and events out. Every document is parsed inside an engine host, never in a worker.
//!
//! ```text
//! worker ──[host]──┬─start──► engine host: [`serve`] ─► detect ─┬► native | office | browser ─► pdf::archive ─► file
//!                  └─order─► [zygote] ──fork──┘                └► unpack | mail ─► files
//! ```
//!
//! Must not know: PostgreSQL, the queue, HTTP, the environment, the clock.
//!
//! 1. A host has a work folder of its own, a cleared environment, limits and its own process group; before it reads a
//!    document it closes a [`cage`] around itself: no other files, no network, no way to look into other processes.
//! 2. The worker holds the deadlines, for all the work and for standing still, and kills the group; a host whose worker dies is
//!    killed by the kernel.
//! 3. Bad input, a limit and a missing engine are different variants of [`Error`]; a crash and a time-out are what [`host`] makes
//!    of an end without an answer: retry depends on it.
//!
//! # Why a process a document (2026-11)
//! A warm host is faster, but a document that corrupts it hurts the next one. A fresh process costs 5 ms, the search for fonts
//! 80 more, LibreOffice started anew 0.4 s of processor time. A copy of a zygote that is warm has both: a process of its own, a line of text
//! in 4 ms, ten pages of an Office document in 0.1 s. It is made ahead, with the pages that work takes: made for its document, it had to
//! wait for the kernel 4,000 times, 11 to 24 ms of an Office document and a third of what a picture takes. Where no zygote starts, each host
//! starts what it needs by itself, in the same way. Chromium cannot be copied so; it makes a process a page itself, and what it is made of
//! serves one document at a time.

pub mod assemble;
pub mod browser;
pub mod cage;
pub mod children;
pub mod detect;
pub mod fault;
pub mod host;
pub mod mail;
pub mod native;
pub mod ocr;
pub mod office;
pub mod process;
mod progress;
pub mod protocol;
pub mod serve;
pub mod settings;
pub mod signing;
pub mod unpack;
pub mod warm;
pub mod zygote;

mod companion;
mod dynamic;
mod error;
mod finish;
mod ghostscript;
mod given;
mod usage;

pub use error::Error;
pub use ghostscript::version as ghostscript;
