//! `bindery validate`: says of files whether they are PDF/A, without a service or a database.
//!
//! Each file is read in an engine host of its own, as the documents of a job are: what it holds cannot hurt the others.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Args;
use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::{
    config::{Config, Flags},
    print, say, work,
};
use crate::{
    engines::{
        host::Hosts,
        protocol::{Answer, BrokenRule, Request, Validate, Verdict},
    },
    pdf::validate::{Flavour, requirements},
};

/// What follows `--help`.
pub(super) const HELP: &str = "\
Prints one line of JSON a file, in the order given:

  {\"file\":\"a.pdf\",\"flavour\":\"2b\",\"claimed\":\"2b\",\"compliant\":false,\"failed\":[{\"clause\":\"6.2.11.4.1\",
   \"rule\":\"font-embedded\",\"count\":1,\"message\":\"…\",\"remedy\":\"…\",\"objects\":[12],\"pages\":[1]}]}

A file that cannot be checked has \"error\" instead. Clauses are those of ISO 19005-1 for 1a and 1b, of -2 for 2a, 2b and
2u, of -3 for 3a, 3b and 3u, of -4 for 4, 4e and 4f; docs/pdfa.md and --rules list them.

Exit codes: 0 all files conform, 1 some do not, 2 some could not be checked.

Examples:
  bindery validate archive.pdf
  bindery validate --flavour 2b --text *.pdf
  bindery validate --flavour 1b *.pdf | jq -r 'select(.compliant | not) | .file'";

/// What to check.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Files to check
    #[arg(required_unless_present = "rules", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// List the rules with their clauses and remedies instead
    #[arg(long, conflicts_with = "files")]
    rules: bool,
    /// Flavour to check against: 1a, 1b, 2a, 2b, 2u, 3a, 3b, 3u, 4, 4e or 4f; else what each file claims, else 2b
    #[arg(long, short, value_name = "FLAVOUR")]
    flavour: Option<Flavour>,
    /// Print a report for people instead of JSON
    #[arg(long, short)]
    text: bool,
    /// Files checked at the same time
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

/// A verdict as it is printed.
#[derive(Debug, Serialize)]
struct Line<'a> {
    file: String,
    flavour: Option<&'a str>,
    claimed: Option<&'a str>,
    compliant: bool,
    failed: Vec<Rule<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// A broken rule as it is printed.
#[derive(Debug, Serialize)]
struct Rule<'a> {
    clause: &'a str,
    rule: &'a str,
    count: usize,
    message: &'a str,
    remedy: &'a str,
    objects: Vec<u32>,
    pages: Vec<u32>,
}

/// Checks files and prints a verdict for each.
///
/// # Errors
/// When this program cannot find itself or a folder for its work.
pub(super) async fn validate(options: Options) -> anyhow::Result<ExitCode> {
    if options.rules {
        list_rules();
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::read(&Flags::default())?;
    let folder = tempfile::tempdir().context("there is no folder for work")?;
    let hosts = Hosts::new(work::work_config(&config, false)?.host, folder.path().join("hosts"));
    let flavour = options.flavour;
    let at_once = options.jobs.filter(|jobs| *jobs > 0);
    let at_once = at_once.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into));
    let mut verdicts = stream::iter(options.files.iter().enumerate())
        .map(|(place, file)| {
            let (hosts, work) = (&hosts, folder.path().join(place.to_string()));
            async move { (file, check(hosts, &work, file, flavour).await) }
        })
        .buffered(at_once);
    let (mut has_broken, mut has_failed) = (false, false);
    while let Some((file, verdict)) = verdicts.next().await {
        match &verdict {
            Ok(verdict) => has_broken |= !verdict.failed.is_empty(),
            Err(_) => has_failed = true,
        }
        if options.text { report(file, &verdict) } else { print(&serde_json::to_string(&line(file, &verdict))?) }
    }
    Ok(if has_failed {
        ExitCode::from(2)
    } else if has_broken {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// Prints every rule: its name, levels and clauses, and what to do.
fn list_rules() {
    for rule in requirements() {
        let clauses: Vec<String> = (1..)
            .zip(rule.clauses)
            .filter_map(|(part, clause): (u8, _)| Some(format!("-{part} {}", clause?)))
            .collect();
        print(&format!("{} (levels: {}; ISO 19005{})", rule.name, rule.levels, clauses.join(", ")));
        print(&format!("    {}", rule.remedy));
    }
}

/// Has a host check one file in a folder of its own; what went wrong is a phrase.
async fn check(hosts: &Hosts, work: &Path, file: &Path, flavour: Option<Flavour>) -> Result<Verdict, String> {
    let bring = async {
        tokio::fs::create_dir(work).await?;
        tokio::fs::copy(file, work.join("input")).await
    };
    bring.await.map_err(|error| format!("it cannot be read: {error}"))?;
    let flavour = flavour.map(|flavour| flavour.as_str().to_owned());
    let request = Request::Validate(Validate { input: "input".into(), flavour });
    let (answer, _ran) = hosts.run(work, &request).await;
    if let Err(error) = tokio::fs::remove_dir_all(work).await {
        // The folder above goes with all that is in it.
        tracing::debug!(%error, "a work folder stays until the end");
    }
    match answer {
        Answer::Validated(verdict) => Ok(verdict),
        Answer::Failed(refusal) => Err(refusal.message),
        Answer::Done { .. }
        | Answer::Assembled { .. }
        | Answer::Unpacked { .. }
        | Answer::Spared { .. }
        | Answer::Recognised(_)
        | Answer::Reroute { .. } => Err("the engine host gave an answer to another question".to_owned()),
    }
}

fn line<'a>(file: &Path, verdict: &'a Result<Verdict, String>) -> Line<'a> {
    let file = file.display().to_string();
    match verdict {
        Ok(verdict) => Line {
            file,
            flavour: Some(&verdict.flavour),
            claimed: verdict.claimed.as_deref(),
            compliant: verdict.failed.is_empty(),
            failed: verdict.failed.iter().map(rule).collect(),
            error: None,
        },
        Err(error) => {
            Line { file, flavour: None, claimed: None, compliant: false, failed: Vec::new(), error: Some(error) }
        }
    }
}

fn rule(broken: &BrokenRule) -> Rule<'_> {
    let mut pages: Vec<u32> = broken.places.iter().filter_map(|(_, page)| *page).collect();
    pages.dedup();
    Rule {
        clause: &broken.clause,
        rule: &broken.rule,
        count: broken.count,
        message: &broken.message,
        remedy: &broken.remedy,
        objects: broken.places.iter().filter_map(|(object, _)| *object).collect(),
        pages,
    }
}

/// Prints a verdict for people.
fn report(file: &Path, verdict: &Result<Verdict, String>) {
    let file = file.display();
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(error) => {
            say(&format!("bindery: {file}: {error}"));
            return;
        }
    };
    let claims = match &verdict.claimed {
        Some(claimed) if *claimed == verdict.flavour => String::new(),
        Some(claimed) => format!(" (it claims PDF/A-{claimed})"),
        None => " (it claims no PDF/A)".to_owned(),
    };
    let says = if verdict.failed.is_empty() { "conforms to" } else { "does not conform to" };
    print(&format!("{file} {says} PDF/A-{}{claims}", verdict.flavour));
    for broken in &verdict.failed {
        let times = if broken.count == 1 { String::new() } else { format!(" ({} times)", broken.count) };
        print(&format!("  {}  {}{times}", broken.clause, broken.message));
        if let Some(places) = places(broken) {
            print(&format!("      where:  {places}"));
        }
        print(&format!("      remedy: {}", broken.remedy));
    }
}

/// The places of a broken rule in words; none when it is the document as a whole.
fn places(broken: &BrokenRule) -> Option<String> {
    let words: Vec<String> = broken
        .places
        .iter()
        .filter_map(|place| match *place {
            (Some(object), Some(page)) => Some(format!("object {object} on page {page}")),
            (Some(object), None) => Some(format!("object {object}")),
            (None, Some(page)) => Some(format!("page {page}")),
            (None, None) => None,
        })
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}
