//! `make bench-queue`: what the task queue costs and how fast it is, beside other queues on the same server.
//!
//! The driver starts a PostgreSQL of its own, makes a database for every subject, and runs each phase as a child
//! process (see [`subject`]), around which it reads rate, processor time, log bytes and commits. Bindery's own subject is
//! this program again; the peers are a package of their own in `benches/peers`.

mod bindery;
mod driver;
mod own;
mod subject;

use clap::Parser;

/// What this process is: the driver, or Bindery's subject at one phase.
#[derive(Debug, Parser)]
struct SubjectArgs {
    /// `bindery`, or `bindery-task` for tasks without their job.
    #[arg(long)]
    subject: String,
    /// The database.
    #[arg(long)]
    url: String,
    #[command(subcommand)]
    phase: own::Phase,
}

#[tokio::main]
async fn main() {
    if std::env::args().nth(1).as_deref() != Some("--subject") {
        return driver::run(driver::Options::parse()).await;
    }
    let args = SubjectArgs::parse();
    match args.subject.as_str() {
        "bindery" => own::run::<true>(&args.url, &args.phase).await,
        "bindery-task" => own::run::<false>(&args.url, &args.phase).await,
        other => panic!("{other} is not a subject of this program"),
    }
}
