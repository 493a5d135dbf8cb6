//! What a run is told on its command line.

use std::time::Duration;

use clap::Parser;

/// Kills, stops and cuts everything while clients convert documents, then checks that nothing was lost or done twice.
#[derive(Debug, Clone, Parser)]
#[command(name = "chaos")]
pub(crate) struct Options {
    /// Go on for so many minutes, whatever was reached; without it, until both targets below are reached
    #[arg(long)]
    minutes: Option<u64>,
    /// Seed of documents, fates and chaos; taken from the clock when not given
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Started jobs to reach
    #[arg(long, default_value_t = 10_000)]
    pub(crate) jobs: usize,
    /// Kills to reach
    #[arg(long, default_value_t = 200)]
    pub(crate) kills: usize,
    /// API processes
    #[arg(long, default_value_t = 3)]
    pub(crate) serves: usize,
    /// Worker processes
    #[arg(long, default_value_t = 4)]
    pub(crate) works: usize,
    /// Clients, each with one job at a time
    #[arg(long, default_value_t = 32)]
    pub(crate) clients: usize,
    /// Mean time between two acts of chaos in milliseconds; 0 means none, to measure without
    #[arg(long, default_value_t = 2_000)]
    pub(crate) pause_ms: u64,
    /// Keep the folder of the run although it succeeded
    #[arg(long)]
    pub(crate) keep: bool,
}

impl Options {
    /// How long the load goes on, when it is a matter of time.
    pub(crate) fn duration(&self) -> Option<Duration> {
        self.minutes.map(|minutes| Duration::from_secs(60 * minutes))
    }
}
