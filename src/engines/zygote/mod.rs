//! Zygotes: processes that have an engine started and warmed, and for each document make a copy of themselves. There are two
//! [kinds](Kind): with LibreOffice, and with what our own engines need.
//!
//! ```text
//! worker [client] ──order: a folder, handles──► zygote [server] ──order──► spare [copies], now a host: [`serve`](super::serve)
//!        ◄──── stdout, stderr; when it has ended, how ───────┴──fork──► the next spare
//! ```
//!
//! 1. The zygote never sees a document: what it has warmed itself with is ours, and each document gets a copy of its own.
//! 2. The copy for the next document is made while one is converted. It takes the [pages] that work needs, so that a document does not
//!    wait for the kernel to copy them one by one, and then waits for its order, as `bindery-spare` in `ps -o comm`.
//! 3. A host made so is the same as one that was started: same protocol, same cage, same limits, own process group.
//! 4. The worker hangs up to have a host killed; the kernel does it when the zygote dies, and kills that with the worker.
//! 5. Without work for some minutes it ends; the next order starts another one.
//! 6. It has one thread when it makes a copy: a copy has that thread alone, and would wait for ever for what others held.

mod client;
mod copies;
mod fresh;
mod large_pages;
mod maps;
mod pages;
mod server;
mod wire;

pub use client::Zygote;
pub use server::serve;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    office,
    process::{HERE, Limits},
};

/// Has our allocator and that of the C library, which is LibreOffice's, use large pages where the kernel has some. Most of the time of a
/// copy with a picture of some megabytes went into taking pages one by one.
const LARGE_PAGES: [(&str, &str); 2] =
    [("_RJEM_MALLOC_CONF", "thp:always"), ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")];

/// What a zygote is told first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    /// What it is warmed with.
    pub kind: Kind,
    /// How long it stays without orders and hosts.
    pub idle_max: Duration,
}

/// What a zygote is warmed with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Kind {
    /// LibreOffice, by its `soffice.bin`, and what makes PDF/A of what it writes, with the fonts below some folders.
    Office(PathBuf, Vec<PathBuf>),
    /// What our own engines need, with the fonts below some folders.
    Native(Vec<PathBuf>),
}

impl Kind {
    /// What it is called in the log and in its folder.
    const fn name(&self) -> &'static str {
        match self {
            Self::Office(..) => "zygote-office",
            Self::Native(_) => "zygote-native",
        }
    }

    /// Variables with which it is started.
    fn environment(&self) -> Vec<(OsString, OsString)> {
        let mut variables = match self {
            Self::Office(program, _) => office::environment(program),
            // As a host that is started has its own folder there, so has a copy.
            Self::Native(_) => ["HOME", "TMPDIR"].map(|name| (name.into(), HERE.into())).into(),
        };
        variables.extend(LARGE_PAGES.map(|(name, value)| (name.into(), value.into())));
        variables
    }
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
