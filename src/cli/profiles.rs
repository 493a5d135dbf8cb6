//! `bindery profiles`: the settings of workflows, as data.

use std::{
    io::{Read as _, stdin},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;
use sqlx::PgConnection;

use super::{
    config::{Config, Flags},
    parts, print,
};
use crate::{
    storage::{self, pool},
    workflows::{
        lists,
        profiles::{self, Applied, Exported},
    },
};

/// What follows `--help`.
pub(super) const HELP: &str = "\
A profile is a set of settings of one workflow, under a name that clients give as `profile=`. What it does not say has the
default of the workflow. Each change makes a new version; jobs keep the version that they were created with, and new jobs
get the new one within a second, without a restart.

Examples:
  bindery profiles list
  bindery profiles schema 'Archive PDF/A-2'               what can be set, as a JSON schema
  bindery profiles show 'Archive PDF/A-2' default          every setting with its value
  bindery profiles export 'Archive PDF/A-2' default > mine.json
  bindery profiles apply mine.json                         a new profile, or a new version of one

A file to apply:
  {\"workflow\": \"Archive PDF/A-2\", \"name\": \"wide sheets\", \"description\": \"Sheets one page wide\",
   \"settings\": {\"convert\": {\"office\": {\"pageFit\": \"onePageWide\"}}}}";

/// What to do with profiles.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the profiles of all workflows
    List {
        #[command(flatten)]
        flags: Flags,
        /// Print a line of JSON a profile
        #[arg(long)]
        json: bool,
    },
    /// Print a profile with every setting
    Show(One),
    /// Print a profile as it was given, to be applied elsewhere
    Export(One),
    /// Make profiles of files, or give them a new version; `-` reads from standard input
    Apply {
        /// Files in JSON, as `export` prints them
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        flags: Flags,
    },
    /// Remove a profile; jobs that have it go on
    Remove(One),
    /// Print what can be set in the profiles of a workflow, as a JSON schema
    Schema {
        /// The workflow
        workflow: String,
    },
}

/// One profile.
#[derive(Debug, Args)]
struct One {
    /// The workflow
    workflow: String,
    /// The profile
    #[arg(default_value = "default")]
    name: String,
    #[command(flatten)]
    flags: Flags,
}

/// A profile in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    workflow: &'a str,
    name: &'a str,
    version: i32,
    is_default: bool,
    description: Option<&'a str>,
}

/// Does one thing with profiles.
///
/// # Errors
/// When the database cannot be reached, there is no such profile or its settings are wrong.
pub(super) async fn profiles(options: Options) -> anyhow::Result<()> {
    match options.action {
        Action::List { flags, json } => list(&mut connect(&flags).await?, json).await,
        Action::Show(one) => {
            let profile = profiles::show(&mut connect(&one.flags).await?, &one.workflow, &one.name).await?;
            print_json(&profile)
        }
        Action::Export(one) => {
            let profile = profiles::export(&mut connect(&one.flags).await?, &one.workflow, &one.name).await?;
            print_json(&profile)
        }
        Action::Apply { files, flags } => apply(&files, &flags).await,
        Action::Remove(one) => {
            profiles::remove(&mut connect(&one.flags).await?, &one.workflow, &one.name).await?;
            print(&format!("removed {} of {}", one.name, one.workflow));
            Ok(())
        }
        Action::Schema { workflow } => print_json(&(lists::workflow(Some(&workflow))?.settings.schema)()),
    }
}

async fn connect(flags: &Flags) -> anyhow::Result<PgConnection> {
    let mut conn = pool::connect(&parts::session(&Config::read(flags)?)?).await?;
    storage::migrate::check(&mut conn).await?;
    Ok(conn)
}

async fn list(conn: &mut PgConnection, json: bool) -> anyhow::Result<()> {
    for row in profiles::list(conn).await? {
        let line = Line {
            workflow: &row.workflow,
            name: &row.name,
            version: row.version,
            is_default: row.is_default,
            description: row.description.as_deref(),
        };
        if json {
            print(&serde_json::to_string(&line)?);
            continue;
        }
        let mark = if row.is_default { "*" } else { " " };
        let about = row.description.as_deref().unwrap_or_default();
        print(format!("{mark} {:<18} {:<26} version {:<4} {about}", row.workflow, row.name, row.version).trim_end());
    }
    Ok(())
}

async fn apply(files: &[PathBuf], flags: &Flags) -> anyhow::Result<()> {
    // All are read before the first is applied: a file that is none changes nothing.
    let mut wanted = Vec::new();
    for file in files {
        let text = read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let parsed = &mut serde_json::Deserializer::from_str(&text);
        let profile: Exported =
            serde_path_to_error::deserialize(parsed).with_context(|| format!("{} is no profile", file.display()))?;
        wanted.push((file, profile));
    }
    let mut conn = connect(flags).await?;
    for (file, profile) in wanted {
        let applied =
            profiles::apply(&mut conn, &profile).await.with_context(|| format!("{} is not applied", file.display()))?;
        let what = match applied {
            Applied::Created => "created".to_owned(),
            Applied::Changed { version } => format!("changed to version {version}"),
            Applied::Unchanged => "unchanged".to_owned(),
        };
        print(&format!("{what}: {} of {}", profile.name, profile.workflow));
    }
    Ok(())
}

fn read(file: &Path) -> std::io::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(file)
}

fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&serde_json::to_string_pretty(value)?);
    Ok(())
}
