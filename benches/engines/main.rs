//! `make bench-engines`: how long a document takes, beside other ways to convert it, on the same machine and the same files.
//!
//! Ours is a process for each document, from the request to the answer, and a PDF/A in the end; the others make any PDF. Each
//! round asks all subjects of a case, in another order than the round before: who comes after whom finds more or less of what
//! it needs in the caches of the processor. A figure is the median of its rounds.

mod inputs;
mod ours;
mod peers;
mod programs;
mod report;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::Parser;

use inputs::Inputs;
use ours::{Ours, Service};
use peers::{Peers, Uno};
use report::Report;

/// Measures the engines beside LibreOffice alone, unoserver, img2pdf and Chromium alone.
#[derive(Debug, Parser)]
struct Options {
    /// Three rounds: shows that everything works, measures little.
    #[arg(long)]
    quick: bool,
    /// Only these parts, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Only this: so many Office documents in a row, and what becomes of the memory.
    #[arg(long)]
    soak: Option<usize>,
    /// Folder of a Python environment with unoserver and img2pdf.
    #[arg(long, default_value = "target/bench-engines/python")]
    python: PathBuf,
    /// Folder for the report.
    #[arg(long, default_value = "target/bench-engines")]
    reports: PathBuf,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Office,
    Throughput,
    Pictures,
    Text,
    Web,
    Service,
}

/// Rounds of each case: each order of three subjects twice.
const ROUNDS: usize = 2 * ORDERS.len();
/// The orders in which three subjects can have their turns.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1], [1, 2, 0], [0, 2, 1]];
/// Documents of a measurement of throughput.
const BATCH: usize = 40;
/// Conversions after which the serial design starts LibreOffice anew.
const RESTART_AFTER: usize = 10;

/// Prints a line.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    rustls::crypto::ring::default_provider().install_default().expect("none is installed yet");
    let rounds = if options.quick { 3 } else { ROUNDS };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let peers = Peers::new(&options.python, folder.path());
    let inputs = Inputs::make(folder.path(), &peers).await;
    let ours = Ours::new(folder.path());
    let mut report = Report::new(&options.reports, &peers.versions().await);
    if let Some(count) = options.soak {
        soak(&mut report, count, &inputs, &ours).await;
        return report.end();
    }
    let wanted = |part: Part| options.only.is_empty() || options.only.contains(&part);
    if wanted(Part::Office) {
        office(&mut report, rounds, &inputs, &ours, &peers).await;
    }
    if wanted(Part::Throughput) {
        throughput(&mut report, if options.quick { BATCH / 4 } else { BATCH }, &inputs.docx_10, &ours, &peers).await;
    }
    if wanted(Part::Pictures) {
        pictures(&mut report, rounds, &inputs, &ours, &peers).await;
    }
    if wanted(Part::Text) {
        text(&mut report, rounds, &inputs, &ours, &peers).await;
    }
    if wanted(Part::Web) {
        web(&mut report, rounds, &inputs, &ours, &peers).await;
    }
    if wanted(Part::Service) {
        service(&mut report, rounds * 10, &inputs, &ours, folder.path()).await;
    }
    report.end();
}

/// How long something takes.
async fn timed(work: impl Future<Output = ()>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

/// How long two subjects take that have their turns one after the other.
async fn paired(
    rounds: usize,
    one: impl AsyncFn() -> Duration,
    other: impl AsyncFn() -> Duration,
) -> [Vec<Duration>; 2] {
    let mut times = [const { Vec::new() }; 2];
    for round in 0..rounds {
        for subject in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            times[subject].push(if subject == 0 { one().await } else { other().await });
        }
    }
    times
}

async fn office(report: &mut Report, rounds: usize, inputs: &Inputs, ours: &Ours, peers: &Peers) {
    report.heading(
        "Office documents",
        "the goal is × 1.00 or more against unoserver, which is warm and does not isolate",
    );
    let uno = Uno::start(peers, None).await;
    for (name, file) in inputs.office() {
        let mut times = [const { Vec::new() }; 3];
        for subject in ORDERS.iter().cycle().take(rounds).flatten() {
            times[*subject].push(match subject {
                0 => ours.convert("office", file).await,
                1 => timed(uno.convert(file)).await,
                _ => timed(peers.soffice(file)).await,
            });
        }
        report.row(name, &[("Bindery", &times[0]), ("unoserver, warm", &times[1]), ("soffice, cold", &times[2])]);
        report.gate(&format!("{name}: Bindery / unoserver"), report::ratio(&times[0], &times[1]), 1.0, false);
    }
}

async fn throughput(report: &mut Report, batch: usize, file: &Path, ours: &Ours, peers: &Peers) {
    report.heading(
        "Many text documents of ten pages",
        "documents a second; two slots against one listener that is restarted after ten",
    );
    let start = Instant::now();
    let half = async || {
        for _ in 0..batch / 2 {
            ours.convert("office", file).await;
        }
    };
    tokio::join!(half(), half());
    let rate = |taken: Duration| batch as f64 / taken.as_secs_f64();
    let two_slots = rate(start.elapsed());
    let mut serial = Uno::start(peers, Some(RESTART_AFTER)).await;
    let start = Instant::now();
    for number in 0..batch {
        if number > 0 && number % RESTART_AFTER == 0 {
            serial.restart(peers).await;
        }
        serial.convert(file).await;
    }
    let one_listener = rate(start.elapsed());
    report.rates(&[("Bindery, two slots", two_slots), ("unoserver, restarted after ten", one_listener)]);
    report.gate("throughput / serial design", two_slots / one_listener, 2.2, true);
}

/// Documents after which memory is what it is going to be.
const SETTLED_AFTER: usize = 500;

/// Converts Office documents of all kinds in a row, two at a time.
async fn soak(report: &mut Report, count: usize, inputs: &Inputs, ours: &Ours) {
    report.heading(
        "Office documents in a row",
        "memory of the zygote and of this process, which stands for a worker, by what they have for themselves",
    );
    let files: Vec<&Path> = inputs.office().map(|(_, file)| file).collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let slot = async |until: usize| {
        loop {
            let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if number >= until {
                next.fetch_min(until, std::sync::atomic::Ordering::Relaxed);
                break;
            }
            ours.convert("office", files[number % files.len()]).await;
        }
    };
    let start = Instant::now();
    let mut first = None;
    for until in (SETTLED_AFTER..=count).step_by(SETTLED_AFTER) {
        tokio::join!(slot(until), slot(until));
        let memory = ours::memory();
        first.get_or_insert(memory);
        let [zygote, worker] = memory.map(|bytes| bytes as f64 / f64::from(1 << 20));
        report.line(&format!(
            "- after {until}: zygote {zygote:.1} MiB, worker {worker:.1} MiB, {:.0} s",
            start.elapsed().as_secs_f64()
        ));
        let [zygote, worker] = [0, 1].map(|which| memory[which] as f64 / first.unwrap_or(memory)[which] as f64);
        if until + SETTLED_AFTER > count {
            report.gate("memory of the zygote, last / after 500", zygote, 1.1, false);
            report.gate("memory of the worker, last / after 500", worker, 1.1, false);
        }
    }
}

async fn pictures(report: &mut Report, rounds: usize, inputs: &Inputs, ours: &Ours, peers: &Peers) {
    report.heading("Pictures", "the goal is 20 times as fast as img2pdf");
    for (name, file) in inputs.pictures() {
        let times =
            paired(rounds, async || ours.convert("native", file).await, async || timed(peers.img2pdf(file)).await)
                .await;
        report.row(name, &[("Bindery", &times[0]), ("img2pdf", &times[1])]);
        report.gate(&format!("{name}: img2pdf / Bindery"), report::ratio(&times[1], &times[0]), 20.0, true);
    }
}

async fn text(report: &mut Report, rounds: usize, inputs: &Inputs, ours: &Ours, peers: &Peers) {
    report.heading("Text of 66 KB", "the goal is 10 times as fast as LibreOffice");
    let times = paired(
        rounds,
        async || ours.convert("native", &inputs.text).await,
        async || timed(peers.soffice(&inputs.text)).await,
    )
    .await;
    report.row("text", &[("Bindery", &times[0]), ("soffice, cold", &times[1])]);
    report.gate("text: soffice / Bindery", report::ratio(&times[1], &times[0]), 10.0, true);
}

async fn web(report: &mut Report, rounds: usize, inputs: &Inputs, ours: &Ours, peers: &Peers) {
    report.heading("Web pages", "the goal is twice as fast as Chromium started for each");
    for (name, file) in inputs.pages() {
        let times =
            paired(rounds, async || ours.convert("browser", file).await, async || timed(peers.chromium(file)).await)
                .await;
        report.row(name, &[("Bindery", &times[0]), ("Chromium, cold", &times[1])]);
        report.gate(&format!("{name}: Chromium / Bindery"), report::ratio(&times[1], &times[0]), 2.0, true);
    }
}

async fn service(report: &mut Report, rounds: usize, inputs: &Inputs, ours: &Ours, folder: &Path) {
    report.heading(
        "Through the whole service",
        "HTTP in, result out: a job of one small document; the goal is 30 ms more than its engine takes",
    );
    let service = Service::start(folder).await;
    for (name, file) in [("a small picture", &inputs.small_picture), ("a small text", &inputs.small_text)] {
        let times =
            paired(rounds, async || timed(service.convert(file)).await, async || ours.convert("native", file).await)
                .await;
        report.row(name, &[("the service", &times[0]), ("its engine alone", &times[1])]);
        let added = report::median(&times[0]).saturating_sub(report::median(&times[1]));
        report.gate(&format!("{name}: ms added"), added.as_secs_f64() * 1e3, 30.0, false);
    }
}
