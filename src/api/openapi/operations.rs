use axum::{Router, routing::MethodRouter};
use utoipa::openapi::path::HttpMethod;

use super::Operation;
use crate::api::{ApiState, catalogue::Kind, paths};

/// Operations with what answers them.
#[derive(Default)]
pub(in crate::api) struct Operations {
    routes: Router<ApiState>,
    told: Vec<Told>,
}

/// What is told of an operation.
pub(super) struct Told {
    /// Its path, as clients write it.
    pub(super) path: String,
    /// Its method, in lower case.
    pub(super) method: &'static str,
    /// What `utoipa` knows.
    pub(super) operation: utoipa::openapi::path::Operation,
    /// Its group.
    pub(super) tag: &'static str,
    /// The kinds of its problems, besides those of every operation.
    pub(super) problems: &'static [Kind],
}

impl Operations {
    /// Adds an operation, at its own path.
    pub(in crate::api) fn with<O: Operation>(mut self, answering: MethodRouter<ApiState>) -> Self {
        let path = O::path();
        self.routes = self.routes.route(&paths::inner_route(&path), answering);
        for method in O::methods() {
            let told = Told {
                path: path.clone(),
                method: name(&method),
                operation: O::operation(),
                tag: O::TAG,
                problems: O::PROBLEMS,
            };
            self.told.push(told);
        }
        self
    }

    /// Their routes.
    pub(in crate::api) fn routes(self) -> Router<ApiState> {
        self.routes
    }

    /// What is told of them.
    pub(super) fn told(self) -> Vec<Told> {
        self.told
    }
}

const fn name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "get",
        HttpMethod::Post => "post",
        HttpMethod::Put => "put",
        HttpMethod::Delete => "delete",
        HttpMethod::Options => "options",
        HttpMethod::Head => "head",
        HttpMethod::Patch => "patch",
        HttpMethod::Trace => "trace",
    }
}
