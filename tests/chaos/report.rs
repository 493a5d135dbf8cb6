//! What a run was: its figures, its verdict.

use std::{collections::BTreeMap, fs};

use sqlx::{PgConnection, query_as};

use crate::{
    ledger::{End, Entry},
    site::Site,
};

/// Texts in the logs that only a fault of ours writes.
const FAULTS: [&str; 3] = ["panicked at", "deadlock detected", "PANIC:"];

/// Figures that the last phase would remove.
pub(crate) struct Figures {
    lines: Vec<(String, String)>,
}

impl Figures {
    /// Gathers them after the checks.
    pub(crate) async fn gather(conn: &mut PgConnection, entries: &[Entry]) -> anyhow::Result<Self> {
        let mut lines = Vec::new();
        let mut say = |name: &str, value: String| lines.push((name.to_owned(), value));
        let started = entries.iter().filter(|entry| entry.started.is_some());
        say("jobs accepted (started)", started.count().to_string());
        for (name, count) in ends(entries) {
            say(&format!("jobs ended: {name}"), count.to_string());
        }
        let uploads: usize = entries.iter().map(|entry| entry.documents.len()).sum();
        say("uploads", uploads.to_string());
        let mut times: Vec<_> = entries.iter().filter_map(|entry| Some((entry.took?, entry.number))).collect();
        times.sort();
        if let (Some(middle), Some((slowest, number))) = (times.get(times.len() / 2), times.last()) {
            say("start to result, median", format!("{:.2} s", middle.0.as_secs_f64()));
            say("start to result, slowest", format!("{:.2} s, job {number}", slowest.as_secs_f64()));
        }
        let endings: Vec<(String, i64)> =
            query_as("select coalesce(ending, 'none'), count(*) from attempts group by 1 order by 2 desc")
                .fetch_all(&mut *conn)
                .await?;
        for (ending, count) in endings {
            say(&format!("attempts: {ending}"), count.to_string());
        }
        Ok(Self { lines })
    }

    /// Prints everything and says whether every promise was kept.
    pub(crate) fn print(&self, site: &Site, seed: u64, load_seconds: f64, jobs: usize) -> bool {
        logs(site);
        let line = |name: &str, value: &str| println!("  {name:<58} {value:>12}");
        println!("\nchaos, seed {seed}");
        line("load", &format!("{load_seconds:.0} s"));
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
        line("throughput", &format!("{:.2} jobs/s", jobs as f64 / load_seconds));
        for (name, value) in &self.lines {
            line(name, value);
        }
        for kind in ["kill", "stop", "cut"] {
            line(&format!("{kind}s"), &site.journal.sum(&format!("{kind}: ")).to_string());
            for (what, count) in site.journal.counted(&format!("{kind}: ")) {
                line(&format!("  {kind}: {what}"), &count.to_string());
            }
        }
        let shown = ["kill: ", "stop: ", "cut: "];
        for (what, count) in site.journal.counted("") {
            if !shown.iter().any(|kind| what.starts_with(kind)) {
                line(&what, &count.to_string());
            }
        }
        let violations = site.journal.violations();
        line("lost, done twice, of a stale fence, or otherwise wrong", &violations.len().to_string());
        for violation in &violations {
            println!("VIOLATION {violation}");
        }
        println!("{}", if violations.is_empty() { "every promise was kept" } else { "promises were broken" });
        violations.is_empty()
    }
}

fn ends(entries: &[Entry]) -> BTreeMap<String, usize> {
    let mut ends = BTreeMap::new();
    for entry in entries {
        let name = match &entry.end {
            End::Open => "unknown".to_owned(),
            End::Result { .. } => "result".to_owned(),
            End::Error { code, .. } => format!("error {code}"),
            End::Deleted => "deleted".to_owned(),
        };
        *ends.entry(name).or_default() += 1;
    }
    ends
}

/// Looks through the logs of all processes.
fn logs(site: &Site) {
    let mut errors: BTreeMap<String, usize> = BTreeMap::new();
    for entry in fs::read_dir(site.folder.join("logs")).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap_or_default()).into_owned();
        for line in text.lines() {
            if FAULTS.iter().any(|fault| line.contains(fault)) {
                site.journal.violation(format!("{name}: {line}"));
            }
            let error = line.split_once(" ERROR ").or_else(|| line.split_once("bindery ERROR:  "));
            if let Some((_, message)) = error {
                *errors.entry(message.chars().filter(|c| !c.is_ascii_digit()).take(110).collect()).or_default() += 1;
            }
        }
    }
    let mut errors: Vec<_> = errors.into_iter().collect();
    errors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if !errors.is_empty() {
        println!("\nerrors in the logs, the most frequent first:");
    }
    for (message, count) in errors.into_iter().take(15) {
        println!("  {count:>6}  {message}");
    }
}
