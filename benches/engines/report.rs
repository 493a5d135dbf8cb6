//! What came of it: on the terminal, and as a table in a file.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::say;

/// The median, which the order of the rounds does not change.
pub(crate) fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The median of one for each of the other.
pub(crate) fn ratio(one: &[Duration], other: &[Duration]) -> f64 {
    median(one).as_secs_f64() / median(other).as_secs_f64()
}

/// A report that grows.
pub(crate) struct Report {
    file: PathBuf,
    text: String,
    gates: Vec<(String, f64, f64, bool)>,
}

impl Report {
    pub(crate) fn new(folder: &Path, versions: &str) -> Self {
        std::fs::create_dir_all(folder).expect("a folder for the report can be made");
        let mut report = Self { file: folder.join("report.md"), text: String::new(), gates: Vec::new() };
        report.line(&format!("# Engines\n\n{versions}"));
        report
    }

    pub(crate) fn line(&mut self, line: &str) {
        say(line);
        writeln!(self.text, "{line}").expect("text grows");
    }

    pub(crate) fn heading(&mut self, name: &str, what: &str) {
        self.line(&format!("\n## {name}\n\n{what}.\n"));
    }

    /// One case: medians and ranges in milliseconds, with ratios to the first.
    pub(crate) fn row(&mut self, name: &str, times: &[(&str, &[Duration])]) {
        let first = times.first().map(|(_, times)| median(times).as_secs_f64()).unwrap_or_default();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let cells = times.iter().map(|(subject, times)| {
            let (least, most) =
                (times.iter().min().copied().unwrap_or_default(), times.iter().max().copied().unwrap_or_default());
            let median = median(times);
            let ratio = median.as_secs_f64() / first;
            format!("{subject} {:.1} ms ({:.1} to {:.1}; × {ratio:.2})", ms(median), ms(least), ms(most))
        });
        let cells: Vec<_> = cells.collect();
        self.line(&format!("- {name}: {}", cells.join(", ")));
    }

    pub(crate) fn rates(&mut self, rates: &[(&str, f64)]) {
        let cells: Vec<_> = rates.iter().map(|(subject, rate)| format!("{subject} {rate:.2} a second")).collect();
        self.line(&format!("- {}", cells.join(", ")));
    }

    /// A goal: at least so much, or at most.
    pub(crate) fn gate(&mut self, name: &str, value: f64, goal: f64, at_least: bool) {
        self.gates.push((name.to_owned(), value, goal, at_least));
    }

    pub(crate) fn end(mut self) {
        self.line("\n## Goals\n\n| goal | figure | wanted | holds |\n| --- | --- | --- | --- |");
        for (name, value, goal, at_least) in std::mem::take(&mut self.gates) {
            let holds = if at_least { value >= goal } else { value <= goal };
            let (sign, holds) = (if at_least { "≥" } else { "≤" }, if holds { "yes" } else { "no" });
            self.line(&format!("| {name} | {value:.2} | {sign} {goal} | {holds} |"));
        }
        std::fs::write(&self.file, &self.text).expect("the report can be written");
    }
}
