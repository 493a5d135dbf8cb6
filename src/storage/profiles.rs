//! The `profiles` and `profile_versions` tables.

use serde_json::Value;
use sqlx::{PgConnection, query, query_as, query_scalar};

use super::Error;

/// A profile that new jobs can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRow {
    /// Canonical name of its workflow.
    pub workflow: String,
    /// Its name.
    pub name: String,
    /// The version that holds.
    pub version: i32,
    /// Whether a job that names none gets it.
    pub is_default: bool,
    /// What it is for.
    pub description: Option<String>,
}

/// Lists the profiles of all workflows; of each workflow the default first, then by name.
pub async fn list(conn: &mut PgConnection) -> Result<Vec<ProfileRow>, Error> {
    query_as!(
        ProfileRow,
        "select workflow, name, version, is_default, description from profiles where removed_at is null
         order by workflow, is_default desc, lower(name)",
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("list profiles"))
}

/// Returns the settings of one version of a profile, also of a removed one; `NotFound` when there is none.
pub async fn get_settings(conn: &mut PgConnection, workflow: &str, name: &str, version: i32) -> Result<Value, Error> {
    query_scalar!(
        "select settings from profile_versions where workflow = $1 and name = $2 and version = $3",
        workflow,
        name,
        version,
    )
    .fetch_optional(conn)
    .await
    .map_err(Error::of("get the settings of a profile"))?
    .ok_or(Error::NotFound)
}

/// Makes a profile, or puts a removed one back; its name stands for itself, however the letters of an earlier one were. Returns
/// its name as it is kept and its newest version, 0 for none. Locks it until the transaction ends.
pub async fn upsert(
    conn: &mut PgConnection,
    workflow: &str,
    name: &str,
    description: Option<&str>,
) -> Result<(String, i32), Error> {
    let row = query!(
        r#"insert into profiles (workflow, name, version, description) values ($1, $2, 0, $3)
           on conflict (workflow, lower(name)) do update
           set removed_at = null, description = coalesce(excluded.description, profiles.description)
           returning name, version"#,
        workflow,
        name,
        description,
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("make a profile"))?;
    Ok((row.name, row.version))
}

/// Adds the version behind the newest one and makes it the one that holds. The caller holds the lock.
pub async fn insert_version(
    conn: &mut PgConnection,
    workflow: &str,
    name: &str,
    version: i32,
    settings: &Value,
) -> Result<(), Error> {
    query!(
        "insert into profile_versions (workflow, name, version, settings) values ($1, $2, $3, $4)",
        workflow,
        name,
        version,
        settings,
    )
    .execute(&mut *conn)
    .await
    .map_err(Error::of("add a version of a profile"))?;
    query!("update profiles set version = $3 where workflow = $1 and name = $2", workflow, name, version)
        .execute(conn)
        .await
        .map_err(Error::of("change a profile"))?;
    Ok(())
}

/// Makes one profile the default of its workflow.
pub async fn update_default(conn: &mut PgConnection, workflow: &str, name: &str) -> Result<(), Error> {
    // In two statements: the index that allows one default looks at each row as it is changed.
    query!("update profiles set is_default = false where workflow = $1 and is_default and name <> $2", workflow, name)
        .execute(&mut *conn)
        .await
        .map_err(Error::of("change the default profile"))?;
    query!("update profiles set is_default = true where workflow = $1 and name = $2", workflow, name)
        .execute(conn)
        .await
        .map_err(Error::of("change the default profile"))?;
    Ok(())
}

/// Removes a profile that is not the default; says whether there was such a one.
pub async fn remove(conn: &mut PgConnection, workflow: &str, name: &str) -> Result<bool, Error> {
    let removed = query!(
        "update profiles set removed_at = now()
         where workflow = $1 and lower(name) = lower($2) and removed_at is null and not is_default",
        workflow,
        name,
    )
    .execute(conn)
    .await
    .map_err(Error::of("remove a profile"))?;
    Ok(removed.rows_affected() > 0)
}
