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

/// The route that the router has for a public path: a verb behind a parameter is a segment of its own.
pub(super) fn inner_route(public: &str) -> String {
    public.replace("}:", "}/~")
}

/// The inner path, or `None` when it is the same.
fn inner(path: &str) -> Option<String> {
    if path.contains("/~") {
        return Some("/~/~".to_owned());
    }
    let trimmed = path.trim_end_matches('/');
    match split_verb(trimmed) {
        Some((head, verb)) => Some(format!("{head}/~{verb}")),
        None if trimmed.is_empty() => (path.len() > 1).then(|| "/".to_owned()),
        None => (trimmed != path).then(|| trimmed.to_owned()),
    }
}

/// Splits the verb off a path that ends with one, at the last colon. Some clients escape it; ids have none, so there is
/// nothing else that it could mean.
fn split_verb(path: &str) -> Option<(&str, &str)> {
    let splits = [":", "%3A", "%3a"].into_iter().filter_map(|colon| path.rsplit_once(colon));
    let (head, verb) = splits.min_by_key(|(_, verb)| verb.len())?;
    let is_verb = !verb.is_empty() && verb.bytes().all(|byte| byte.is_ascii_alphabetic());
    (is_verb && !head.is_empty() && !head.ends_with('/')).then_some((head, verb))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use proptest::prelude::*;

    use super::*;

    fn check(path: &str, expected: &str) {
        assert_eq!(inner(path).as_deref().unwrap_or(path), expected, "{path}");
    }

    /// What becomes of a whole request target.
    fn check_target(target: &str, expected: &str) {
        let request = Request::builder().uri(target).body(()).unwrap();
        assert_eq!(normalise(request).uri().to_string(), expected, "{target}");
    }

    #[test]
    fn a_verb_becomes_a_segment() {
        check("/jobs/job_1:start", "/jobs/job_1/~start");
        check("/jobs/job_1:start/", "/jobs/job_1/~start");
        check("/jobs/job_1%3Astart", "/jobs/job_1/~start");
        check("/jobs/job_1%3astart//", "/jobs/job_1/~start");
        check("/jobs/a:b%3Astart", "/jobs/a:b/~start");
        check("/jobs/a%3Ab:start", "/jobs/a%3Ab/~start");
    }

    #[test]
    fn a_slash_at_the_end_makes_no_difference() {
        check("/jobs/", "/jobs");
        check("/jobs", "/jobs");
        check("/", "/");
        check("//", "/");
    }

    #[test]
    fn the_inner_spelling_leads_nowhere() {
        check("/jobs/job_1/~start", "/~/~");
    }

    #[test]
    fn a_colon_without_a_verb_is_part_of_the_path() {
        check("/jobs/:start", "/jobs/:start");
        check("/jobs/%3Astart", "/jobs/%3Astart");
        check("/jobs/a:1", "/jobs/a:1");
        check("/jobs/a:", "/jobs/a:");
        check("/jobs/a:start%3A", "/jobs/a:start%3A");
        check("/jobs/a:b/c", "/jobs/a:b/c");
    }

    #[test]
    fn only_the_path_of_a_target_is_rewritten() {
        check_target("/jobs/a:put?url=http://host:80/b:c/~d/", "/jobs/a/~put?url=http://host:80/b:c/~d/");
        check_target("/jobs/?workflow=A:b", "/jobs?workflow=A:b");
        check_target("http://host:13033/jobs/a:start", "http://host:13033/jobs/a/~start");
        check_target("http://host:13033", "http://host:13033/");
        check_target("*", "*");
        check_target("host:13033", "host:13033");
    }

    proptest! {
        #[test]
        fn a_path_without_colon_or_tilde_only_loses_slashes_at_its_end(path in "(/[a-z0-9_.-]{1,8}){1,5}/{0,2}") {
            prop_assert_eq!(inner(&path).unwrap_or(path.clone()), path.trim_end_matches('/'));
        }

        #[test]
        fn nothing_but_slashes_at_the_end_and_one_colon_ever_changes(
            origin in "(|http://host|https://user@host:8443)",
            path in "(/([a-zA-Z0-9_.~-]|:|%3A|%3a|%20){0,6}){1,5}/{0,2}",
            query in "(|\\?[a-z0-9=&:/~%+]{0,20})",
        ) {
            let before: Uri = format!("{origin}{path}{query}").parse().unwrap();
            let request = Request::builder().method(Method::POST).uri(before.clone()).header("a", "b").body(7).unwrap();
            let after = normalise(request);
            prop_assert_eq!((after.method(), &after.headers()["a"], after.body()), (&Method::POST, &"b".parse().unwrap(), &7));
            let uri = after.uri();
            prop_assert_eq!((uri.scheme(), uri.authority(), uri.query()), (before.scheme(), before.authority(), before.query()));
            let path = before.path();
            let trimmed = path.trim_end_matches('/');
            if path.contains("/~") {
                prop_assert_eq!(uri.path(), "/~/~");
            } else if let Some((head, verb)) = uri.path().split_once("/~") {
                prop_assert!([":", "%3A", "%3a"].iter().any(|colon| format!("{head}{colon}{verb}") == trimmed), "{uri}");
                prop_assert!(!verb.is_empty() && verb.bytes().all(|byte| byte.is_ascii_alphabetic()), "{uri}");
                prop_assert_eq!(public(uri.path()), format!("{head}:{verb}"));
            } else {
                prop_assert_eq!(uri.path(), if trimmed.is_empty() { "/" } else { trimmed });
            }
        }

        #[test]
        fn every_verb_behind_an_id_is_found(id in "[a-z0-9_]{1,20}", verb in "[a-zA-Z]{1,8}", colon in "(:|%3A|%3a)", end in "/{0,2}") {
            prop_assert_eq!(inner(&format!("/jobs/{id}{colon}{verb}{end}")), Some(format!("/jobs/{id}/~{verb}")));
        }
    }
}
