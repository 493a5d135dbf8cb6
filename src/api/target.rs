//! The query parameter `url` of calls that make the service call somebody else.

use axum::{
    extract::{FromRequestParts, Query},
    http::{Uri, request::Parts},
};
use serde::Deserialize;

use super::{ApiState, Problem};
use crate::egress::Target;

/// The URL that a query names.
pub(super) struct TargetQuery(pub(super) Target);

#[derive(Deserialize)]
struct Sent {
    url: Option<String>,
}

impl TargetQuery {
    /// Reads it.
    pub(super) fn read(uri: &Uri) -> Result<Self, Problem> {
        let Query(sent) =
            Query::<Sent>::try_from_uri(uri).map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        let url = sent.url.filter(|url| !url.trim().is_empty());
        let url = url.ok_or_else(|| Problem::bad_request("Name the URL in the query parameter 'url'"))?;
        url.parse().map(Self).map_err(|error| Problem::not_fetched(&error))
    }
}

impl FromRequestParts<ApiState> for TargetQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &ApiState) -> Result<Self, Problem> {
        Self::read(&parts.uri)
    }
}
