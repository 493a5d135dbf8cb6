//! Paths before the router: verbs behind a colon, and slashes at the end.
//!
//! axum 0.8 routes neither `/jobs/{id}:start` nor the same path with and without a slash, so a pure function rewrites:
//! `:start` at the end becomes the segment `/~start`. The inner spelling is not part of the API; a path that already
//! has it is sent where no route is.

use axum::http::{Request, Uri};

/// Rewrites the path of a request for the router.
pub fn normalise<B>(mut request: Request<B>) -> Request<B> {
    if let Some(path) = inner(request.uri().path()) {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = request.uri().clone().into_parts();
        if let Ok(path_and_query) = format!("{path}{query}").parse() {
            parts.path_and_query = Some(path_and_query);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    request
}

/// The public spelling of an inner path, for logs.
pub fn public(inner: &str) -> String {
    inner.replace("/~", ":")
}

/// The inner path, or `None` when it is the same.
fn inner(path: &str) -> Option<String> {
    if path.contains("/~") {
        return Some("/~/~".to_owned());
    }
    let trimmed = path.trim_end_matches('/');
    // Some clients escape the colon; ids have none, so there is nothing else that it could mean.
    let split = trimmed.rsplit_once(':').or_else(|| trimmed.rsplit_once("%3A")).or_else(|| trimmed.rsplit_once("%3a"));
    let head_and_verb = split.filter(|(head, verb)| {
        !head.ends_with('/') && !verb.is_empty() && verb.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    match head_and_verb {
        Some((head, verb)) => Some(format!("{head}/~{verb}")),
        None if trimmed.is_empty() => (path != "/").then(|| "/".to_owned()),
        None => (trimmed != path).then(|| trimmed.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(path: &str, expected: &str) {
        assert_eq!(inner(path).as_deref().unwrap_or(path), expected, "{path}");
    }

    #[test]
    fn a_verb_becomes_a_segment() {
        check("/jobs/job_1:start", "/jobs/job_1/~start");
        check("/jobs/job_1:start/", "/jobs/job_1/~start");
        check("/jobs/job_1%3Astart", "/jobs/job_1/~start");
    }

    #[test]
    fn a_slash_at_the_end_makes_no_difference() {
        check("/jobs/", "/jobs");
        check("/jobs", "/jobs");
        check("/", "/");
    }

    #[test]
    fn the_inner_spelling_leads_nowhere() {
        check("/jobs/job_1/~start", "/~/~");
    }

    #[test]
    fn a_colon_without_a_verb_is_part_of_the_path() {
        check("/jobs/:start", "/jobs/:start");
        check("/jobs/a:1", "/jobs/a:1");
        check("/jobs/a:", "/jobs/a:");
    }

    proptest! {
        #[test]
        fn a_path_without_colon_or_tilde_only_loses_slashes_at_its_end(path in "(/[a-z0-9_.-]{1,8}){1,5}/{0,2}") {
            prop_assert_eq!(inner(&path).unwrap_or(path.clone()), path.trim_end_matches('/'));
        }
    }
}
