//! What the person at the terminal sees, or the program that reads the output.
//!
//! Standard output holds results: the paths of files, or a line of JSON for each job. All else goes to standard error: bars
//! while there is a terminal, plain lines otherwise.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::{
    exit::Exit,
    service::{Event, JobError},
};
use crate::cli::{print, say};

/// How often a bar moves by itself.
const TICK: Duration = Duration::from_millis(120);

/// How much is said on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Errors alone.
    Quiet,
    /// How each job ended, and its events.
    Normal,
    /// Each step.
    Verbose,
}

/// Where everything is said.
#[derive(Debug)]
pub(super) struct Report {
    level: Level,
    json: bool,
    bars: MultiProgress,
}

/// How one job ended.
#[derive(Debug, Serialize)]
pub(super) struct Ended {
    /// The inputs as they were given.
    pub(super) inputs: Vec<String>,
    /// The job, if one was created.
    pub(super) job: Option<String>,
    /// `success`, `warning` or `error`.
    pub(super) status: String,
    /// What went wrong.
    pub(super) error: Option<JobError>,
    /// What happened to the documents.
    pub(super) events: Vec<Event>,
    /// The files that were written.
    pub(super) files: Vec<String>,
    /// How long it took.
    pub(super) seconds: f64,
    /// What it means for the exit code.
    #[serde(skip)]
    pub(super) exit: Exit,
}

impl Report {
    /// Begins; `json` stands for a line of JSON for each job.
    pub(super) fn new(level: Level, json: bool) -> Self {
        let target = if level == Level::Quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        // With JSON nobody reads along.
        let level = if json && level == Level::Normal { Level::Quiet } else { level };
        Self { level, json, bars: MultiProgress::with_draw_target(target) }
    }

    /// Says what went wrong, always.
    pub(super) fn error(&self, text: &str) {
        self.bars.suspend(|| say(&printable(text)));
    }

    /// Says what a person wants to know.
    pub(super) fn note(&self, text: &str) {
        if self.level >= Level::Normal {
            self.error(text);
        }
    }

    /// Says a step that only a curious person wants to know.
    pub(super) fn detail(&self, text: &str) {
        if self.level >= Level::Verbose {
            self.error(text);
        }
    }

    /// A bar that counts jobs.
    pub(super) fn total(&self, jobs: usize) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new(jobs as u64));
        bar.set_style(style("{bar:30} {pos} of {len} done, {elapsed}"));
        bar
    }

    /// A bar for the uploads of one job.
    pub(super) fn uploads(&self, bytes: u64) -> ProgressBar {
        let bar = self.bars.insert(0, ProgressBar::new(bytes));
        bar.set_style(style("{spinner} {bar:20} {bytes}/{total_bytes} {wide_msg}"));
        bar.enable_steady_tick(TICK);
        bar
    }

    /// Turns the bar of a job into one that only shows that something goes on.
    pub(super) fn converting(&self, bar: &ProgressBar, inputs: &str) {
        bar.set_style(style("{spinner} {elapsed} converting {wide_msg}"));
        bar.set_message(printable(inputs));
    }

    /// Says how a job ended.
    pub(super) fn ended(&self, ended: &Ended) {
        let text = ended.text();
        if ended.exit == Exit::Done {
            self.note(&text)
        } else {
            self.error(&text)
        }
        if self.json {
            if let Ok(line) = serde_json::to_string(ended) {
                self.bars.suspend(|| print(&line));
            }
        } else {
            ended.files.iter().for_each(|file| self.bars.suspend(|| print(file)));
        }
    }
}

impl Ended {
    fn text(&self) -> String {
        let inputs = names(&self.inputs);
        let head = match &self.error {
            Some(error) => format!("{inputs}: failed: {} ({})", error.message, error.code),
            None => format!("{inputs}: {} after {:.2} s", self.status, self.seconds),
        };
        let events = self.events.iter().map(|event| {
            let mut severity = event.severity.clone();
            if let Some(first) = severity.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            format!("\n    - {severity}: {} ({})", event.message, event.code)
        });
        events.fold(head, |text, event| text + &event)
    }
}

/// The inputs of a job in a few words.
pub(super) fn names(inputs: &[String]) -> String {
    match inputs {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    }
}

/// Text from outside must not command the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() && character != '\n' { '?' } else { character }).collect()
}

/// A style; a template that is wrong is one of ours, and a plain bar is no reason to fail.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(error: Option<JobError>) -> Ended {
        let event = Event {
            code: "FontSubstituted".to_owned(),
            severity: "warning".to_owned(),
            message: "A font was\u{1b}[2J replaced.".to_owned(),
        };
        Ended {
            inputs: vec!["a.docx".to_owned(), "b.png".to_owned(), "c.txt".to_owned()],
            job: Some("job_1".to_owned()),
            status: "warning".to_owned(),
            error,
            events: vec![event],
            files: vec!["a.pdf".to_owned()],
            seconds: 1.5,
            exit: Exit::Done,
        }
    }

    #[test]
    fn a_job_is_told_with_its_events_and_commands_no_terminal() {
        let text = printable(&ended(None).text());
        let expected =
            "a.docx and 2 more: warning after 1.50 s\n    - Warning: A font was?[2J replaced. (FontSubstituted)";
        assert_eq!(text, expected);
        let error = JobError { code: "corrupt".to_owned(), message: "The file is damaged.".to_owned() };
        assert!(ended(Some(error)).text().starts_with("a.docx and 2 more: failed: The file is damaged. (corrupt)\n"));
    }

    #[test]
    fn the_line_for_machines_has_all_of_it() {
        let line = serde_json::to_value(ended(None)).unwrap();
        let expected = serde_json::json!({
            "inputs": ["a.docx", "b.png", "c.txt"],
            "job": "job_1",
            "status": "warning",
            "error": null,
            "events": [{ "code": "FontSubstituted", "severity": "warning", "message": "A font was\u{1b}[2J replaced." }],
            "files": ["a.pdf"],
            "seconds": 1.5,
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn every_template_of_a_bar_is_well_formed() {
        for template in [
            "{bar:30} {pos} of {len} done, {elapsed}",
            "{spinner} {bar:20} {bytes}/{total_bytes} {wide_msg}",
            "{spinner} {elapsed} converting {wide_msg}",
        ] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
