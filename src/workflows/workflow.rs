//! What a workflow is: a name, the options that it understands, and a [`Line`] that its settings make.
//!
//! ```text
//! profile (JSON) ─► Line ─► converting: what each document becomes, in tasks of their own
//!                      └──► steps: what is made of all of them, in the task that assembles the job
//! ```
//!
//! A line is data made from data: it reads no row and no file, so the same job gives the same steps however often it runs.

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    custom::CustomOption,
    options::{Definition, Given},
    text_recognition::TextRecognition,
};
use crate::engines::{
    children::Children,
    protocol::{Step, Target},
    settings::Settings,
};

/// A fixed production line.
#[derive(Debug, Clone, Copy)]
pub struct Workflow {
    /// Its name, as listed.
    pub name: &'static str,
    /// Other names that are accepted.
    pub aliases: &'static [&'static str],
    /// What it makes, in a sentence.
    pub about: &'static str,
    /// The options that it understands, in groups.
    pub options: &'static [&'static [Definition]],
    /// What its settings may be.
    pub settings: SettingsType,
    /// Makes its line from settings.
    pub line: fn(&Value) -> Result<Box<dyn Line>, BadSettings>,
}

/// A workflow with its settings.
pub trait Line: Debug + Send + Sync {
    /// How each document is converted.
    fn converting(&self) -> Converting<'_>;

    /// What becomes of documents that come out of others.
    fn children(&self) -> &Children {
        Children::untold()
    }

    /// Whether a document stays as it came, because it is put into another one.
    fn keeps(&self, _document: &JobDocument<'_>) -> bool {
        false
    }

    /// The options that jobs may have besides those of the workflow.
    fn custom_options(&self) -> &[CustomOption] {
        &[]
    }

    /// How text is recognised on pages that have none; nothing when it is not.
    fn recognition(&self) -> Option<&TextRecognition> {
        None
    }

    /// What is made of the converted documents, step after step.
    ///
    /// # Errors
    /// When an option asks for what cannot be.
    fn steps(&self, job: &Job<'_>) -> Result<Vec<Step>, Problem>;
}

/// How each document is converted.
#[derive(Debug, Clone, Copy)]
pub struct Converting<'a> {
    /// What it becomes.
    pub target: Target,
    /// How engines show it.
    pub settings: &'a Settings,
}

/// What a line may know of its job.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The options of the job.
    pub options: Given<'a>,
    /// Its name.
    pub name: Option<&'a str>,
    /// Its documents, in the order in which steps get them.
    pub documents: &'a [JobDocument<'a>],
}

/// What a line may know of a document of its job.
#[derive(Debug, Clone, Copy)]
pub struct JobDocument<'a> {
    /// The name of its file, a label.
    pub file_name: &'a str,
    /// The type that the client declared.
    pub media_type: Option<&'a str>,
    /// Whether the client added it before all others, or it is the first that came out of that.
    pub is_first: bool,
    /// Whether the client added it, or it shows what the client added, as the sheet of a mail does.
    pub is_own: bool,
    /// Whether it is not converted but stays as it came.
    pub is_kept: bool,
    /// Where it came from: the names of the containers around it and its own. What shows a container goes by that's name.
    pub path: &'a str,
    /// Its own options. One that came out of another has none: what was said of a container was not said of what it holds.
    pub options: Given<'a>,
}

/// Why the options of a job cannot be followed, in a sentence; the job ends with error `option`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Problem(pub String);

/// Why settings are none of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the setting `{path}` is wrong: {problem}")]
pub struct BadSettings {
    /// Where, as in `convert.office.pageFit`.
    pub path: String,
    /// What is wrong.
    pub problem: String,
}

/// What settings a workflow has.
#[derive(Debug, Clone, Copy)]
pub struct SettingsType {
    /// Their JSON schema.
    pub schema: fn() -> Value,
    /// Settings in full: what is not given has its default.
    pub complete: fn(&Value) -> Result<Value, BadSettings>,
}

/// The settings of a workflow, as a profile holds them.
pub trait ProfileSettings: DeserializeOwned + Serialize + JsonSchema {
    /// Looks for what can be read and makes no sense.
    ///
    /// # Errors
    /// The first setting that is wrong.
    fn check(&self) -> Result<(), BadSettings> {
        Ok(())
    }
}

impl SettingsType {
    /// The settings of a type.
    pub const fn of<T: ProfileSettings>() -> Self {
        Self { schema: || schemars::schema_for!(T).to_value(), complete: |given| written(&read::<T>(given)?) }
    }
}

impl BadSettings {
    fn whole(error: &serde_json::Error) -> Self {
        Self { path: ".".to_owned(), problem: error.to_string() }
    }
}

/// Settings as a profile holds them, in full.
///
/// # Errors
/// `BadSettings` for what JSON cannot say.
pub fn written<T: ProfileSettings>(settings: &T) -> Result<Value, BadSettings> {
    serde_json::to_value(settings).map_err(|error| BadSettings::whole(&error))
}

/// Reads settings of a type, and names the first one that is wrong.
///
/// # Errors
/// `BadSettings`.
pub fn read<T: ProfileSettings>(settings: &Value) -> Result<T, BadSettings> {
    let read: T = serde_path_to_error::deserialize(settings)
        .map_err(|error| BadSettings { path: error.path().to_string(), problem: error.inner().to_string() })?;
    read.check()?;
    Ok(read)
}
