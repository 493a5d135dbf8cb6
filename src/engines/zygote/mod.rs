//! The zygote: a process that has LibreOffice started and warmed, and for each document makes a copy of itself.
//!
//! ```text
//! worker [client] ──order: a folder and four handles──► zygote [server] ──fork──► host, in its cage: [`serve`](super::serve)
//!        ◄──── stdout, stderr; when it has ended, how ────────────────────────────┘
//! ```
//!
//! 1. The zygote never sees a document: what it has warmed itself with is ours, and each document gets a copy of its own.
//! 2. A host made so is the same as one that was started: same protocol, same cage, same limits, own process group.
//! 3. The worker hangs up to have a host killed; the kernel does it when the zygote dies, and kills that with the worker.
//! 4. Without work for some minutes it ends; the next order starts another one.

mod client;
mod server;
mod wire;

pub use client::Zygote;
pub use server::serve;

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::process::Limits;

/// What a zygote is told first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    /// `soffice.bin` of LibreOffice.
    pub office: PathBuf,
    /// Folders with fonts.
    pub fonts: Vec<PathBuf>,
    /// How long it stays without orders and hosts.
    pub idle_max: Duration,
}

/// What it answers, once.
#[derive(Debug, Serialize, Deserialize)]
enum Readiness {
    Ready,
    Failed { message: String },
}

/// An order for a host, with handles for its standard input, output and error and for telling its end.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    folder: PathBuf,
    limits: Limits,
}

/// What is told of a host, each in a line of its own.
#[derive(Debug, Serialize, Deserialize)]
enum Told {
    /// There is one.
    Made { pid: i32 },
    /// None could be made.
    Refused { why: String },
    /// It has ended.
    Ended { status: Option<i32>, signal: Option<i32>, words: String },
}
