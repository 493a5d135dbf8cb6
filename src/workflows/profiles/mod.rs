//! Profiles: named settings of a workflow, kept as rows that never change but are followed by newer versions.
//!
//! Which profiles there are is asked for with each job, so one list of them is shared by all in this process for a moment; a
//! version's settings stay what they are, so the [`Line`] that they make is kept.

mod edit;

pub use edit::{Applied, Exported, apply, export, list, remove, show};

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{
    Context, Error, lists,
    workflow::{BadSettings, Line, Workflow},
};
use crate::storage::{self, profiles::ProfileRow};

/// For so long a change of a profile may go unnoticed by a process.
const STALE: Duration = Duration::from_secs(1);
/// Lines that are kept; a job rarely has settings that few others have.
const LINES_MAX: usize = 256;

/// The profiles as far as this process knows them. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct Profiles {
    list: Arc<tokio::sync::Mutex<Option<Listed>>>,
    lines: Arc<Mutex<HashMap<Key, Arc<dyn Line>>>>,
}

/// The list, and when it was read.
type Listed = (Instant, Arc<[ProfileRow]>);

/// One version of a profile: workflow, name and version.
type Key = (&'static str, String, i32);

/// The profile that a job gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: i32,
}

/// Why a job has no line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// What the profile says is none of its workflow's settings.
    #[error("its profile '{profile}' (version {version}) cannot be used: {problem}")]
    Settings {
        /// Its name.
        profile: String,
        /// Its version.
        version: i32,
        /// What is wrong.
        problem: BadSettings,
    },
    /// The rows are gone.
    #[error("its profile '{profile}' has no version {version}")]
    Missing {
        /// Its name.
        profile: String,
        /// Its version.
        version: i32,
    },
    /// The workflow is none of this version.
    #[error(transparent)]
    Other(#[from] Error),
}

impl Profiles {
    /// The profiles of all workflows as they were a moment ago.
    ///
    /// # Errors
    /// The database's.
    pub async fn known(&self, ctx: &Context) -> Result<Arc<[ProfileRow]>, Error> {
        self.known_since(ctx, STALE).await
    }

    async fn known_since(&self, ctx: &Context, age_max: Duration) -> Result<Arc<[ProfileRow]>, Error> {
        // Who comes while somebody reads waits for that and has the same.
        let mut list = self.list.lock().await;
        if let Some((_, rows)) = list.as_ref().filter(|(at, _)| at.elapsed() < age_max) {
            return Ok(Arc::clone(rows));
        }
        let rows: Arc<[ProfileRow]> = storage::profiles::list(&mut *ctx.read().await?).await?.into();
        *list = Some((Instant::now(), Arc::clone(&rows)));
        Ok(rows)
    }

    /// Finds a profile of a workflow by its name, without regard to case; none means the default.
    ///
    /// # Errors
    /// `UnknownProfile`, naming those that there are; the database's.
    pub async fn find(&self, ctx: &Context, workflow: &'static Workflow, name: Option<&str>) -> Result<Chosen, Error> {
        let name = name.filter(|name| !name.is_empty());
        let rows = self.known(ctx).await?;
        if let Some(chosen) = choose(&rows, workflow.name, name) {
            return Ok(chosen);
        }
        // It may have been made since.
        let rows = self.known_since(ctx, Duration::ZERO).await?;
        choose(&rows, workflow.name, name).ok_or_else(|| {
            let known = rows.iter().filter(|row| row.workflow == workflow.name).map(|row| row.name.as_str());
            Error::UnknownProfile {
                workflow: workflow.name,
                name: name.unwrap_or("default").to_owned(),
                known: known.collect::<Vec<_>>().join(", "),
            }
        })
    }

    /// The line of a job with a version of a profile.
    ///
    /// # Errors
    /// [`LineError`].
    pub async fn line(
        &self,
        ctx: &Context,
        workflow: &str,
        profile: &str,
        version: i32,
    ) -> Result<Arc<dyn Line>, LineError> {
        let workflow = lists::workflow(Some(workflow))?;
        let key = (workflow.name, profile.to_owned(), version);
        if let Some(line) = self.lines().get(&key) {
            return Ok(Arc::clone(line));
        }
        let mut conn = ctx.read().await?;
        let settings = storage::profiles::get_settings(&mut conn, workflow.name, profile, version).await;
        drop(conn);
        let settings = match settings {
            Err(storage::Error::NotFound) => {
                return Err(LineError::Missing { profile: profile.to_owned(), version });
            }
            found => found.map_err(Error::from)?,
        };
        let made = (workflow.line)(&settings);
        let bad = |problem| LineError::Settings { profile: profile.to_owned(), version, problem };
        let line: Arc<dyn Line> = made.map_err(bad)?.into();
        let mut lines = self.lines();
        if lines.len() >= LINES_MAX {
            lines.clear();
        }
        lines.insert(key, Arc::clone(&line));
        Ok(line)
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<dyn Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn choose(rows: &[ProfileRow], workflow: &str, name: Option<&str>) -> Option<Chosen> {
    let fits = |row: &&ProfileRow| match name {
        Some(name) => row.name.to_lowercase() == name.to_lowercase(),
        None => row.is_default,
    };
    let row = rows.iter().filter(|row| row.workflow == workflow).find(fits)?;
    Some(Chosen { name: row.name.clone(), version: row.version })
}
