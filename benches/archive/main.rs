//! `make bench-archive`: how long a PDF takes to become PDF/A, whether what comes out conforms, and whether it looks and reads as
//! before; beside Ghostscript and `OCRmyPDF` on the same files.
//!
//! Ours is a process for each file, from the request to the answer, gate included; the others are what their users start.
//! Pictures and text are compared by Poppler, which no side uses.

mod looks;
mod ours;
mod peers;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bindery::pdf::validate::{Flavour, validate};
use clap::Parser;

use looks::Looks;
use ours::Ours;
use peers::Peers;

/// Measures the archiver beside Ghostscript and `OCRmyPDF`.
#[derive(Debug, Parser)]
struct Options {
    /// PDF files, or folders with some.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Part of PDF/A: 1, 2 or 3.
    #[arg(long, default_value_t = 2)]
    part: u8,
    /// Rounds of each file.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only ours: what came out and how it looks.
    #[arg(long)]
    alone: bool,
    /// Keep what came out, in this folder.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Most pages of a file for which the goal of speed holds.
const PAGES_OF_GOAL: usize = 50;

/// Prints a line.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

/// What came of one file.
struct Row {
    name: String,
    pages: usize,
    /// The rung, or why there is no result.
    outcome: Result<String, String>,
    warnings: usize,
    valid: Option<bool>,
    looks: Option<Looks>,
    /// Medians of ours, Ghostscript and `OCRmyPDF`; none for who made nothing.
    times: [Option<Duration>; 3],
    /// Whether what Ghostscript and `OCRmyPDF` made conforms.
    theirs: [Option<bool>; 2],
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let ours = Ours::new(folder.path(), options.part);
    let peers = Peers::new(folder.path(), options.part);
    let mut rows = Vec::new();
    say("| file | pages | ours | rung | valid | pixels that differ | words the same | gs | valid | ocrmypdf | valid |");
    say("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    ours.warm().await;
    for file in files(&options.files) {
        let row = measure(&file, &options, &ours, &peers, folder.path()).await;
        say(&line(&row));
        rows.push(row);
    }
    summary(&rows, &options);
}

/// The PDF files, those of folders in order.
fn files(given: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in given {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).expect("the folder can be read");
            let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            inside.retain(|path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf")));
            inside.sort();
            found.extend(inside);
        } else {
            found.push(path.clone());
        }
    }
    found
}

async fn measure(file: &Path, options: &Options, ours: &Ours, peers: &Peers, folder: &Path) -> Row {
    let made = folder.join("ours.pdf");
    let mut times: [Vec<Duration>; 3] = [const { Vec::new() }; 3];
    let (mut outcome, mut warnings, mut valid) = (Err("not tried".to_owned()), 0, None);
    let mut theirs = [None, None];
    for _ in 0..options.rounds.max(1) {
        let (answer, taken) = ours.archive(file, &made).await;
        times[0].push(taken);
        (outcome, warnings) = match answer {
            Ok((rung, warnings)) => (Ok(rung), warnings),
            Err(message) => (Err(message), 0),
        };
        if options.alone {
            continue;
        }
        for (slot, program) in [peers::Program::Ghostscript, peers::Program::OcrMyPdf].into_iter().enumerate() {
            let output = folder.join("theirs.pdf");
            let start = Instant::now();
            if peers.archive(program, file, &output).await {
                if let Some(times) = times.get_mut(slot + 1) {
                    times.push(start.elapsed());
                }
                if let Some(slot) = theirs.get_mut(slot) {
                    *slot = Some(conforms(&output, options.part));
                }
            }
        }
    }
    let mut looks = None;
    if outcome.is_ok() {
        valid = Some(conforms(&made, options.part));
        looks = Looks::compare(file, &made, folder).await;
        if let Some(keep) = &options.keep {
            std::fs::create_dir_all(keep).expect("the folder can be made");
            std::fs::copy(&made, keep.join(file.file_name().unwrap_or_default())).expect("the result can be kept");
        }
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let pages = looks.as_ref().map_or(0, |looks: &Looks| looks.pages);
    let times = times.map(|times| (!times.is_empty()).then(|| median(times)));
    Row { name, pages, outcome, warnings, valid, looks, times, theirs }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Whether a file is what it claims, and claims the wanted part.
fn conforms(file: &Path, part: u8) -> bool {
    let Ok(bytes) = std::fs::read(file) else { return false };
    let lowest = format!("{part}b").parse::<Flavour>().expect("there are parts 1 to 3");
    bindery::pdf::validate::claimed(&bytes)
        .is_some_and(|flavour| flavour.part() == lowest.part() && validate(&bytes, flavour).is_compliant())
}

fn line(row: &Row) -> String {
    let time = |slot: usize| {
        row.times
            .get(slot)
            .copied()
            .flatten()
            .map_or_else(|| "–".to_owned(), |time| format!("{:.0} ms", time.as_secs_f64() * 1e3))
    };
    let yes = |is: Option<bool>| match is {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "–",
    };
    let (differ, words) = row.looks.as_ref().map_or(("–".to_owned(), "–"), |looks| {
        let percent = looks.differing.iter().copied().fold(0.0, f64::max) * 100.0;
        let size = if looks.same_sizes { "" } else { ", SIZES" };
        (format!("{percent:.2} %{size}"), if looks.same_words { "yes" } else { "NO" })
    });
    let outcome = match &row.outcome {
        Ok(rung) if row.warnings > 0 => format!("{rung}, {} warnings", row.warnings),
        Ok(rung) => rung.clone(),
        Err(why) => why.clone(),
    };
    format!(
        "| {} | {} | {} | {outcome} | {} | {differ} | {words} | {} | {} | {} | {} |",
        row.name,
        row.pages,
        time(0),
        yes(row.valid),
        time(1),
        yes(row.theirs[0]),
        time(2),
        yes(row.theirs[1])
    )
}

fn summary(rows: &[Row], options: &Options) {
    let done: Vec<&Row> = rows.iter().filter(|row| row.outcome.is_ok()).collect();
    let valid = done.iter().filter(|row| row.valid == Some(true)).count();
    let alike =
        |row: &&&Row| row.looks.as_ref().is_some_and(|looks| looks.differing.iter().all(|share| *share < 0.005));
    say(&format!(
        "\n{} files, {} converted, {valid} of them valid; {} look the same, {} of them read the same.",
        rows.len(),
        done.len(),
        done.iter().filter(alike).count(),
        done.iter().filter(alike).filter(|row| row.looks.as_ref().is_some_and(|looks| looks.same_words)).count(),
    ));
    if options.alone {
        return;
    }
    for (slot, name) in ["Ghostscript", "OCRmyPDF"].into_iter().enumerate() {
        let small = done.iter().filter(|row| row.pages <= PAGES_OF_GOAL);
        let pairs: Vec<(Duration, Duration)> =
            small.filter_map(|row| Some((row.times[0]?, row.times.get(slot + 1).copied().flatten()?))).collect();
        if pairs.is_empty() {
            continue;
        }
        let mut ratios: Vec<f64> =
            pairs.iter().map(|(ours, theirs)| theirs.as_secs_f64() / ours.as_secs_f64()).collect();
        ratios.sort_by(f64::total_cmp);
        let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
        let sum = |times: Vec<Duration>| times.iter().sum::<Duration>().as_secs_f64();
        let (ours, theirs) = pairs.iter().copied().unzip();
        let (ours, theirs): (Vec<Duration>, Vec<Duration>) = (ours, theirs);
        let total = sum(theirs) / sum(ours);
        let valid = rows.iter().filter(|row| row.theirs.get(slot).copied().flatten() == Some(true)).count();
        let made = rows.iter().filter(|row| row.theirs.get(slot).copied().flatten().is_some()).count();
        say(&format!(
            "{name}: {made} made, {valid} valid; on {} files of at most {PAGES_OF_GOAL} pages ours is {median:.1} times as fast in the median and {total:.1} times in total.",
            pairs.len()
        ));
    }
}
