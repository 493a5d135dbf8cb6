//! `make bench-api`: how many calls a second the API takes, beside an HTTP server that only answers.
//!
//! The driver starts a PostgreSQL of its own, a real `bindery serve` on it, and a [`bare`] server; a [`load`] generator calls
//! the two in turn, round after round. Service, bare server and load are processes of their own, and all of them share
//! the processors of one machine with PostgreSQL.

mod bare;
mod driver;
mod load;
#[path = "../queue/driver/meter.rs"]
#[expect(dead_code, reason = "the benchmark of the queue reads more of it")]
mod meter;
#[path = "../queue/driver/server.rs"]
#[expect(dead_code, reason = "the benchmark of the queue stops it and changes its settings")]
mod server;

use std::io::Write as _;

use clap::Parser as _;
use tokio::runtime::{Builder, Runtime};

/// Where the API lives under the address of a server.
pub(crate) const BASE: &str = bindery::api::BASE;

/// Prints a line.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

fn main() {
    let role = std::env::args().nth(1);
    let rest = || std::env::args().skip(1);
    match role.as_deref() {
        Some("load") => started(Builder::new_current_thread()).block_on(load::run(load::Args::parse_from(rest()))),
        // As many threads as the service has.
        Some("bare") => started(Builder::new_multi_thread()).block_on(bare::run()),
        _ => started(Builder::new_current_thread()).block_on(driver::run(driver::Options::parse())),
    }
}

fn started(mut builder: Builder) -> Runtime {
    builder.enable_all().build().expect("a runtime can be started")
}
