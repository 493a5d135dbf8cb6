//! The header `Idempotency-Key`: a request that a client may send again.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};

use super::Problem;
use crate::domain::IdempotencyKey;

const HEADER: &str = "idempotency-key";

/// The key of a request, if it has one.
pub(super) struct RepeatKey(pub(super) Option<IdempotencyKey>);

impl<S: Sync> FromRequestParts<S> for RepeatKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        key(&parts.headers).map(Self)
    }
}

fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut given = headers.get_all(HEADER).iter();
    let Some(value) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(Problem::bad_request("There is more than one header 'Idempotency-Key'; a request has one key"));
    }
    match value.to_str().unwrap_or_default().parse() {
        Ok(key) => Ok(Some(key)),
        Err(error) => Err(Problem::bad_request(format!("The header 'Idempotency-Key' is not a key: {error}"))),
    }
}
