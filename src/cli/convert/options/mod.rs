//! The command line of `bindery convert`.

use std::{path::PathBuf, time::Duration};

use clap::{ArgMatches, Args, Command, FromArgMatches, error::ErrorKind};

use super::{inputs::Given, output::Existing, report::Level};
use crate::cli::values;

#[cfg(test)]
mod tests;

/// The option that a password becomes.
const PASSWORD: &str = "DOC.PASSWORD";

/// What `--help` shows behind the list of switches.
pub(in crate::cli) const HELP: &str = "\
Examples:
  bindery convert letter.docx photo.jpg -o letter.pdf
          one PDF/A of both, in this order
  bindery convert -s -r scans -o archive
          each file below `scans` by itself, into the same folders below `archive`
  bindery convert -pw secret claim.docx annex.pdf -o claim.pdf
          a password for all that follows it
  bindery convert -do DOC.PASSWORD one a.pdf -do DOC.PASSWORD two b.pdf -o ab.pdf
          a password each
  bindery convert -w Conversion -jo META.TITLE \"Claim 4711\" claim.docx
          another workflow, an option of the job
  cat a.docx | bindery convert - --name a.docx -o - > a.pdf
          from standard input to standard output
  bindery convert -s --json *.docx -o out | jq -r 'select(.error) | .inputs[0]'
          what could not be converted, for a script

The order of inputs is the order of pages. In folders, names that begin with a dot are left out,
and so are lock files (~$letter.docx).

A file that -o names is replaced. A file in a folder is not, unless -f, -i or -u says what to do.

Exit codes:
  0    everything is converted, with warnings or without
  1    a document could not be converted
  2    the command line makes no sense
  3    the service cannot be reached, refuses, or takes longer than --timeout
  4    a file cannot be read, or a result cannot be written
  130  interrupted by Ctrl-C; the jobs are deleted
With -s the greatest of all jobs.";

/// What to convert and how, with the options of each input.
#[derive(Debug)]
pub(in crate::cli) struct Options {
    pub(super) given: Vec<Given>,
    pub(super) switches: Switches,
}

#[derive(Debug, Args)]
#[allow(
    clippy::doc_markdown,
    rustdoc::bare_urls,
    reason = "these texts are shown by --help; only one of the two tools knows each lint"
)]
pub(super) struct Switches {
    /// Files to convert; folders with -r; - is standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// File to write, or folder, or - for standard output [default: this folder]
    #[arg(short, long, value_name = "PATH")]
    pub(super) output: Option<PathBuf>,
    /// Workflow, as GET /workflows lists them
    #[arg(short, long, value_name = "NAME")]
    pub(super) workflow: Option<String>,
    /// Profile of the workflow
    #[arg(short, long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Make a job and a result of each input; the output is a folder
    #[arg(short, long)]
    pub(super) split: bool,
    /// Take the files below folders, too, in the order of their names
    #[arg(short, long)]
    pub(super) recursive: bool,
    /// Password for the inputs that follow, or for all when none follows; also -pw PASSWORD
    #[arg(long = "password", value_name = "PASSWORD")]
    passwords: Vec<String>,
    /// Option of the next input; also -do NAME VALUE
    #[arg(long = "document-option", value_name = "NAME=VALUE", value_parser = name_and_value)]
    document_options: Vec<(String, String)>,
    /// Option of the job; also -jo NAME VALUE
    #[arg(long = "job-option", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(super) job_options: Vec<(String, String)>,
    /// Name of the job and so of its result; of standard input, its file name
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Replace files that are there
    #[arg(short, long, group = "existing")]
    force: bool,
    /// Ask before a file is replaced
    #[arg(short, long, group = "existing")]
    interactive: bool,
    /// Take another name when a file is there
    #[arg(short, long, group = "existing")]
    unique: bool,
    /// Jobs at a time with -s
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) parallel: u16,
    /// Give a job up after a time, as in 90s or 10m [default: never]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    pub(super) timeout: Option<Duration>,
    /// Leave jobs in the service after their results are fetched
    #[arg(long)]
    pub(super) keep: bool,
    /// Address of the service; also -url URL [env: BINDERY_URL] [default: http://127.0.0.1:13033]
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Say each step
    #[arg(short, long)]
    verbose: bool,
    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Print a line of JSON for each job instead of the paths of results
    #[arg(long)]
    pub(super) json: bool,
}

impl Switches {
    /// What is to be done with files that are there, when that was said.
    pub(super) fn existing(&self) -> Option<Existing> {
        let said =
            [(self.force, Existing::Replace), (self.interactive, Existing::Ask), (self.unique, Existing::Number)];
        said.into_iter().find_map(|(is_said, existing)| is_said.then_some(existing))
    }

    /// How much is to be said.
    pub(super) const fn level(&self) -> Level {
        if self.quiet {
            Level::Quiet
        } else if self.verbose {
            Level::Verbose
        } else {
            Level::Normal
        }
    }
}

impl Args for Options {
    fn augment_args(command: Command) -> Command {
        Switches::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Switches::augment_args_for_update(command)
    }
}

/// By hand, because clap's own reading forgets what stood before what.
impl FromArgMatches for Options {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let switches = Switches::from_arg_matches(matches)?;
        let places = |id: &str| matches.indices_of(id).into_iter().flatten();
        let inputs = places("inputs").zip(switches.inputs.iter().cloned()).collect();
        let passwords = places("passwords").zip(switches.passwords.iter().cloned()).collect();
        let options = places("document_options").zip(switches.document_options.iter().cloned()).collect();
        let given = given(inputs, passwords, options)
            .map_err(|problem| clap::Error::raw(ErrorKind::MissingRequiredArgument, format!("{problem}\n")))?;
        Ok(Self { given, switches })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Gives each input its options, by where they stand on the command line.
fn given(
    inputs: Vec<(usize, PathBuf)>,
    passwords: Vec<(usize, String)>,
    options: Vec<(usize, (String, String))>,
) -> Result<Vec<Given>, String> {
    let last = inputs.last().map_or(0, |(at, _)| *at);
    if let Some((_, (name, _))) = options.iter().find(|(at, _)| *at > last) {
        return Err(format!("the option {name} of a document stands behind the last input"));
    }
    let mut before = 0;
    let mut all = Vec::with_capacity(inputs.len());
    for (at, path) in inputs {
        let own =
            options.iter().filter(|(option_at, _)| (before..at).contains(option_at)).map(|(_, option)| option.clone());
        // A password behind all inputs would be for none of them.
        let shared = passwords.iter().filter(|(password_at, _)| *password_at < at || *password_at > last);
        let shared = shared.map(|(_, password)| (PASSWORD.to_owned(), password.clone()));
        all.push(Given { path, options: own.chain(shared).collect() });
        before = at;
    }
    Ok(all)
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "use NAME=VALUE or NAME VALUE".to_owned())
}
