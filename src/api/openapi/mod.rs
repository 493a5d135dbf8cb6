//! The API as it tells of itself: the OpenAPI document and a page for people.
//!
//! 1. Routes and document are one list ([`Operations`]): there is no route without a description and none described that is not there.
//! 2. What an operation is, `utoipa` reads from its handler; which problems it can give stands beside it, by
//!    [`Kind`]. Everything else is computed from the code: the answers of problems ([`problems`]),
//!    XML beside JSON ([`forms`]), and examples from the very views ([`examples`]).
//! 3. Nothing of it depends on a request or on a database, so it is made once.

use utoipa::Path;

use super::catalogue::Kind;

pub(super) mod parameters;
pub(super) mod schema;

mod document;
mod examples;
mod forms;
mod operations;
mod page;
mod problems;
mod serve;
mod simple;

pub use document::document;
pub(super) use operations::Operations;
pub(super) use serve::{GetDocs, GetOpenapi, get_docs, get_openapi};

/// An operation: what `utoipa` knows of it, and how it can go wrong.
pub(super) trait Operation: Path {
    /// The group that it belongs to.
    const TAG: &'static str;
    /// The kinds of its problems, besides those of every operation.
    const PROBLEMS: &'static [Kind];
}

/// Declares the operation that `utoipa::path` describes with `impl_for`: its group, and the kinds of its problems.
macro_rules! operation {
    ($tag:literal, $name:ident $(: $($kind:ident),+)?) => {
        #[doc = concat!("The operation `", stringify!($name), "`.")]
        pub(in crate::api) struct $name;

        impl $crate::api::openapi::Operation for $name {
            const TAG: &'static str = $tag;
            const PROBLEMS: &'static [$crate::api::catalogue::Kind] = &[$($($crate::api::catalogue::Kind::$kind),+)?];
        }
    };
}

pub(super) use operation;
