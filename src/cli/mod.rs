//! Floor 6: assembles everything. The only reader of the environment; nobody imports it but `main`.
//!
//! One program, one role a process: `serve`, `work`, `up` (both, supervised, with an embedded PostgreSQL when there is
//! no other), `migrate`, `profiles`, `workflows`, `convert`, `validate`, `openapi`, `doctor`, and the hidden `engine`.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::engines::browser::launch::{self, Launch};

pub mod config;

mod capacity;
mod certificates;
mod convert;
mod defaults;
mod doctor;
mod logging;
mod migrate;
mod parts;
mod postgres;
mod profiles;
mod serve;
mod signals;
mod supervise;
mod up;
mod validate;
mod values;
mod variables;
mod work;

/// Argument that makes this program an engine host.
const ENGINE: &str = "engine";

/// A durable document-conversion service: any document in, an archivable PDF out.
///
/// Jobs live in PostgreSQL; any number of `serve` and `work` processes share them.
/// To try it on one machine: `bindery up`, then `bindery convert letter.docx photo.jpg -o letter.pdf`.
#[derive(Debug, Parser)]
#[command(name = "bindery", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on this machine: API, worker, and PostgreSQL when no database is given
    Up(config::Flags),
    /// Run the HTTP API
    Serve(config::Flags),
    /// Run a worker
    Work {
        #[command(flatten)]
        flags: config::Flags,
        /// Identifier under which a supervisor knows the worker
        #[arg(long, hide = true)]
        id: Option<uuid::Uuid>,
        /// Commit the faults for which documents are named, as tests of the service want
        #[arg(long, hide = true)]
        faults: bool,
    },
    /// Bring the database schema up to date
    Migrate(config::Flags),
    /// List, show and change the settings of workflows
    #[command(after_long_help = profiles::HELP)]
    Profiles(profiles::Options),
    /// Print the workflows with their options, in Markdown
    Workflows,
    /// Convert files through a running service
    #[command(after_long_help = convert::HELP)]
    Convert(convert::Options),
    /// Say whether files are PDF/A, clause by clause
    #[command(after_long_help = validate::HELP)]
    Validate(validate::Options),
    /// Print the OpenAPI document of the API
    Openapi,
    /// Say what this machine has, what it lacks, and what to install
    Doctor(config::Flags),
    /// Convert one document for a worker; speaks on a pipe
    #[command(name = ENGINE, hide = true)]
    Engine {
        /// Go on where the kernel cannot close the cage
        #[arg(long)]
        unsandboxed: bool,
        /// Keep LibreOffice warm and make a process of it for each document
        #[arg(long)]
        zygote: bool,
        /// Become this browser, in the cage
        #[arg(long)]
        browser: Option<PathBuf>,
        /// Folders with fonts that the browser may read
        #[arg(long, requires = "browser")]
        fonts: Vec<PathBuf>,
        /// Leave out the sandbox that the browser has itself
        #[arg(long, requires = "browser")]
        no_inner_sandbox: bool,
    },
}

/// Runs the program and gives its exit code; errors are printed with their causes.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(convert::rewrite(arguments)) {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            return if error.print().is_ok() { code.into() } else { ExitCode::FAILURE };
        }
    };
    match dispatch(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("bindery: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    let done = |()| ExitCode::SUCCESS;
    match command {
        Command::Engine { browser: Some(program), fonts, no_inner_sandbox, unsandboxed, .. } => {
            logging::start_engine();
            let launch = Launch { program, fonts, sandbox: !no_inner_sandbox, unsandboxed };
            match launch::launch(&launch)? {}
        }
        Command::Engine { zygote, unsandboxed, .. } => {
            logging::start_engine();
            let serve = if zygote { crate::engines::zygote::serve } else { crate::engines::serve::serve };
            Ok(serve(unsandboxed).map(done)?)
        }
        Command::Up(flags) => block_on(up::up(config::Config::read(&flags)?)).map(done),
        Command::Serve(flags) => block_on(serve::serve(config::Config::read(&flags)?)).map(done),
        Command::Work { flags, id, faults } => {
            block_on(work::work(config::Config::read(&flags)?, id, faults)).map(done)
        }
        Command::Migrate(flags) => block_on(migrate::migrate(config::Config::read(&flags)?)).map(done),
        Command::Profiles(options) => block_on(profiles::profiles(options)).map(done),
        Command::Doctor(flags) => block_on(doctor::doctor(config::Config::read(&flags)?)),
        Command::Openapi => {
            print(crate::api::document().trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Command::Workflows => {
            print(crate::workflows::reference::page().trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Command::Convert(options) => block_on(convert::convert(options)),
        Command::Validate(options) => block_on(validate::validate(options)),
    }
}

fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(future)
}

/// Says something to the person at the terminal; standard output belongs to results.
#[expect(clippy::print_stderr, reason = "the one place that speaks to the terminal")]
fn say(line: &str) {
    eprintln!("{line}");
}

/// Prints a result.
#[expect(clippy::print_stdout, reason = "the one place that prints results")]
fn print(line: &str) {
    println!("{line}");
}
