//! Connections of the Simple API: what a call of one request runs through.

use super::{Context, Error, lists};
use crate::{domain::ResponseMode, storage};

/// A connection whose workflow and profile are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its name.
    pub id: String,
    /// Canonical name of its workflow.
    pub workflow: &'static str,
    /// Its profile.
    pub profile: String,
    /// What a call is answered with.
    pub response: ResponseMode,
}

/// Finds a connection. It is read anew for each call, so a change of its row holds at once.
///
/// # Errors
/// `UnknownConnection`; `Connection` when its workflow or profile is none of this version.
pub async fn find(ctx: &Context, id: &str) -> Result<Connection, Error> {
    let unknown = || Error::UnknownConnection { id: id.to_owned() };
    // No row has another name, and a text column takes no NUL.
    if !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unknown());
    }
    let row = storage::connections::find(&mut *ctx.read().await?, id).await?.ok_or_else(unknown)?;
    let unusable = |error: Error| Error::Connection { id: row.id.clone(), problem: error.to_string() };
    let workflow = lists::workflow(Some(&row.workflow)).map_err(unusable)?;
    let profile = ctx.profiles.find(ctx, workflow, Some(&row.profile)).await;
    let profile =
        profile.map_err(|error| if matches!(error, Error::UnknownProfile { .. }) { unusable(error) } else { error })?;
    Ok(Connection { workflow: workflow.name, profile: profile.name, response: row.response, id: row.id })
}
