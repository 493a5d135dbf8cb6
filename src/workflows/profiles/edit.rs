//! Looking at profiles and changing them, for operators.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::{
    storage::{self, profiles::ProfileRow},
    workflows::{
        Error, lists,
        workflow::{BadSettings, Workflow},
    },
};

/// A profile as it is exported, to be applied elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Exported {
    /// Its workflow.
    pub workflow: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether a job that names none gets it.
    #[serde(default)]
    pub is_default: bool,
    /// The settings that differ from the defaults.
    #[serde(default)]
    pub settings: Value,
}

/// What applying a profile did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is there for the first time, or again.
    Created,
    /// It has a new version.
    Changed {
        /// That version.
        version: i32,
    },
    /// It was like that.
    Unchanged,
}

/// The profiles of all workflows.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<ProfileRow>, Error> {
    Ok(storage::profiles::list(conn).await?)
}

/// The settings of a profile as they were given.
///
/// # Errors
/// `UnknownWorkflow`, `UnknownProfile`.
pub async fn export(conn: &mut PgConnection, workflow: &str, name: &str) -> Result<Exported, Error> {
    let (workflow, row) = find(conn, workflow, name).await?;
    let settings = storage::profiles::get_settings(conn, workflow.name, &row.name, row.version).await?;
    Ok(Exported {
        workflow: row.workflow,
        name: row.name,
        description: row.description,
        is_default: row.is_default,
        settings,
    })
}

/// The settings of a profile in full: what it does not say has its default.
///
/// # Errors
/// `UnknownWorkflow`, `UnknownProfile`; `Settings` when they are none of this version's.
pub async fn show(conn: &mut PgConnection, workflow: &str, name: &str) -> Result<Exported, Error> {
    let mut shown = export(conn, workflow, name).await?;
    shown.settings = complete(lists::workflow(Some(&shown.workflow))?, &shown.name, &shown.settings)?;
    Ok(shown)
}

/// Makes a profile or gives it a new version. Jobs that there are keep the version that they have.
///
/// # Errors
/// `UnknownWorkflow`; `Settings` when they are none of the workflow's, naming the first that is wrong; `ProfileName`.
pub async fn apply(conn: &mut PgConnection, profile: &Exported) -> Result<Applied, Error> {
    let workflow = lists::workflow(Some(&profile.workflow))?;
    let name = profile.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(Error::ProfileName { max: NAME_CHARS_MAX });
    }
    let settings =
        if profile.settings.is_null() { Value::Object(serde_json::Map::new()) } else { profile.settings.clone() };
    complete(workflow, name, &settings)?;
    let mut tx = conn.begin().await.map_err(storage::Error::of("begin a transaction"))?;
    let description = profile.description.as_deref();
    let (name, newest) = storage::profiles::upsert(&mut tx, workflow.name, name, description).await?;
    let same = newest > 0 && storage::profiles::get_settings(&mut tx, workflow.name, &name, newest).await? == settings;
    if !same {
        storage::profiles::insert_version(&mut tx, workflow.name, &name, newest + 1, &settings).await?;
    }
    if profile.is_default {
        storage::profiles::update_default(&mut tx, workflow.name, &name).await?;
    }
    tx.commit().await.map_err(storage::Error::of("commit a transaction"))?;
    Ok(match (same, newest) {
        (true, _) => Applied::Unchanged,
        (false, 0) => Applied::Created,
        (false, newest) => Applied::Changed { version: newest + 1 },
    })
}

/// Most characters of a name, as the table has it.
const NAME_CHARS_MAX: usize = 100;

/// Removes a profile: no new job gets it. Jobs that have it go on.
///
/// # Errors
/// `UnknownWorkflow`, `UnknownProfile`; `DefaultProfile` when it is the default of its workflow.
pub async fn remove(conn: &mut PgConnection, workflow: &str, name: &str) -> Result<(), Error> {
    let (workflow, row) = find(conn, workflow, name).await?;
    if row.is_default {
        return Err(Error::DefaultProfile { workflow: workflow.name, name: row.name });
    }
    storage::profiles::remove(conn, workflow.name, &row.name).await?;
    Ok(())
}

async fn find(conn: &mut PgConnection, workflow: &str, name: &str) -> Result<(&'static Workflow, ProfileRow), Error> {
    let workflow = lists::workflow(Some(workflow))?;
    let mut rows = list(conn).await?;
    rows.retain(|row| row.workflow == workflow.name);
    let place = rows.iter().position(|row| row.name.to_lowercase() == name.to_lowercase());
    match place {
        Some(place) => Ok((workflow, rows.swap_remove(place))),
        None => Err(Error::UnknownProfile {
            workflow: workflow.name,
            name: name.to_owned(),
            known: rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join(", "),
        }),
    }
}

fn complete(workflow: &Workflow, profile: &str, settings: &Value) -> Result<Value, Error> {
    (workflow.settings.complete)(settings).map_err(|problem: BadSettings| Error::Settings {
        workflow: workflow.name,
        profile: profile.to_owned(),
        problem,
    })
}
