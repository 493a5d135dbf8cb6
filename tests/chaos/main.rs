//! The chaos run: several APIs and workers and a PostgreSQL of their own convert documents for careful clients, while
//! everything is killed, stopped and cut off. At the end every accepted job must be complete exactly once, with the
//! right bytes, and after retention nothing may be left. See `docs/chaos.md`; `make chaos` runs it.

#![expect(clippy::print_stdout, reason = "a program that reports to the terminal")]

#[cfg(test)]
mod agent;
#[cfg(test)]
mod caller;
#[cfg(test)]
mod check;
#[cfg(test)]
mod client;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod members;
#[cfg(test)]
mod options;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod random;
#[cfg(test)]
mod report;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod run;
#[cfg(test)]
mod site;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let options = options::Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ran = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(Box::pin(run::run(options))));
    ran.unwrap_or_else(|error| {
        println!("the run failed: {error:#}");
        ExitCode::FAILURE
    })
}
