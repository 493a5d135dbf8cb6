//! What was measured: a line of JSON each, and tables with ratios to ours.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{say, subjects::SUBJECTS};

/// One measurement.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) phase: &'static str,
    pub(crate) case: String,
    pub(crate) subject: String,
    pub(crate) values: BTreeMap<String, f64>,
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
struct Column {
    key: &'static str,
    title: &'static str,
    decimals: usize,
}

const fn column(key: &'static str, title: &'static str, decimals: usize) -> Column {
    Column { key, title, decimals }
}

/// Every value that is shown, in this order; a table has the columns that any of its rows has.
const COLUMNS: &[Column] = &[
    column("per_second", "jobs/s", 0),
    column("p50_ms", "p50 ms", 2),
    column("p90_ms", "p90 ms", 2),
    column("p99_ms", "p99 ms", 2),
    column("insert_ms", "insert alone, p50 ms", 2),
    column("lost", "lost", 0),
    column("first_per_second", "first 5 s /s", 0),
    column("last_per_second", "last 5 s /s", 0),
    column("kept", "last/first", 2),
    column("server_us", "server µs/job", 1),
    column("client_us", "client µs/job", 1),
    column("wal_bytes", "WAL B/job", 0),
    column("commits", "commits/job", 3),
    column("server_ms_per_second", "server ms/s", 2),
    column("client_ms_per_second", "client ms/s", 2),
    column("wal_bytes_per_second", "WAL B/s", 0),
    column("running", "running", 0),
    column("done_seconds", "all done after s", 1),
    column("left", "left", 0),
    column("back_seconds", "rate is back after s", 2),
    column("exits", "processes ended", 0),
    column("attempts_lost", "attempts lost", 0),
    column("runs_p50", "wait p50, in run times", 2),
    column("runs_max", "wait max, in run times", 2),
    column("jain", "Jain index", 3),
];

/// Collects rows.
pub(crate) struct Report {
    file: fs::File,
    path: PathBuf,
    rows: Vec<Row>,
    facts: serde_json::Value,
}

impl Report {
    /// A report that also writes to a file of its own; `facts` are part of every line.
    pub(crate) fn new(folder: &Path, stamp: &str, facts: serde_json::Value) -> Self {
        fs::create_dir_all(folder).expect("the target folder is ours");
        let path = folder.join(format!("{stamp}.jsonl"));
        Self { file: fs::File::create(&path).expect("the target folder is ours"), path, rows: Vec::new(), facts }
    }

    /// Takes a measurement.
    pub(crate) fn add(
        &mut self,
        phase: &'static str,
        case: &str,
        subject: &str,
        values: impl IntoIterator<Item = (impl Into<String>, f64)>,
    ) {
        let values: BTreeMap<String, f64> = values.into_iter().map(|(name, value)| (name.into(), value)).collect();
        let line = json!({ "phase": phase, "case": case, "subject": subject, "values": values, "run": self.facts });
        writeln!(self.file, "{line}").expect("the target folder is ours");
        self.rows.push(Row { phase, case: case.to_owned(), subject: subject.to_owned(), values });
    }

    /// One value, if it was measured.
    pub(crate) fn value(&self, phase: &str, case: &str, subject: &str, key: &str) -> Option<f64> {
        let row = self.rows.iter().find(|row| row.phase == phase && row.case == case && row.subject == subject)?;
        row.values.get(key).copied()
    }

    /// Prints the tables of a phase.
    pub(crate) fn print(&self, phase: &str) {
        let mut cases: Vec<&str> = Vec::new();
        for row in self.rows.iter().filter(|row| row.phase == phase) {
            if !cases.contains(&row.case.as_str()) {
                cases.push(&row.case);
            }
        }
        for case in cases {
            let rows: Vec<_> = self.rows.iter().filter(|row| row.phase == phase && row.case == case).collect();
            say(&format!("\n{phase}, {case}"));
            for line in table(&rows) {
                say(&line);
            }
        }
    }

    /// Where the lines are.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The lines of a table: what a subject had, and in brackets how many times ours that is.
fn table(rows: &[&Row]) -> Vec<String> {
    let columns: Vec<_> =
        COLUMNS.iter().filter(|column| rows.iter().any(|row| row.values.contains_key(column.key))).collect();
    let ours = rows.iter().find(|row| SUBJECTS.first().is_some_and(|first| first.name == row.subject));
    let mut cells = vec![columns.iter().fold(vec![String::new()], |mut head, column| {
        head.push(column.title.to_owned());
        head
    })];
    for row in rows {
        let mut line = vec![row.subject.clone()];
        for column in &columns {
            let ratio = ours.filter(|ours| ours.subject != row.subject).and_then(|ours| ours.values.get(column.key));
            line.push(cell(row.values.get(column.key).copied(), ratio.copied(), column.decimals));
        }
        cells.push(line);
    }
    let width = |index: usize| {
        cells.iter().filter_map(|line| line.get(index)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let pad = |(index, cell): (usize, &String)| {
        let space = " ".repeat(width(index).saturating_sub(cell.chars().count()));
        if index == 0 { format!("  {cell}{space}") } else { format!("  {space}{cell}") }
    };
    cells.iter().map(|line| line.iter().enumerate().map(pad).collect()).collect()
}

fn cell(value: Option<f64>, ours: Option<f64>, decimals: usize) -> String {
    match (value, ours) {
        (None, _) => "–".to_owned(),
        (Some(value), Some(ours)) if value.is_finite() && ours.is_finite() && ours != 0.0 => {
            format!("{value:.decimals$} (×{:.2})", value / ours)
        }
        (Some(value), _) => format!("{value:.decimals$}"),
    }
}
