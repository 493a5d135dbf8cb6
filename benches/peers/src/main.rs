//! Other job queues on PostgreSQL, each behind the protocol of the queue benchmark (see `subject.rs` beside it).
//!
//! Every peer gets the best settings that keep its guarantees: those of its own benchmarks where it has some.

use clap::Parser;

mod apalis;
mod awa;
mod graphile;
#[path = "../../queue/subject.rs"]
mod subject;

/// Runs one phase with one queue.
#[derive(Debug, Parser)]
struct Args {
    /// The queue.
    #[arg(long)]
    subject: String,
    /// The database.
    #[arg(long)]
    url: String,
    #[command(subcommand)]
    phase: subject::Phase,
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let (url, phase) = (&args.url, &args.phase);
    match args.subject.as_str() {
        "apalis" => subject::run::<apalis::Apalis<true>>(url, phase).await,
        "apalis-unlocked" => subject::run::<apalis::Apalis<false>>(url, phase).await,
        "awa" => subject::run::<awa::Awa>(url, phase).await,
        "graphile" => subject::run::<graphile::Graphile<false>>(url, phase).await,
        "graphile-batched" => subject::run::<graphile::Graphile<true>>(url, phase).await,
        other => panic!("no peer is called {other}"),
    }
}
