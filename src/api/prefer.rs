//! The header `Prefer` (RFC 7240).

use std::time::Duration;

use axum::http::HeaderMap;

/// How long a client prefers to wait, `wait=n` in seconds; none when it does not say so, or not in the words of the standard.
pub(super) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    // What stands behind a semicolon belongs to the preference before it. Of several, the first counts.
    let preferences = values.flat_map(preferences).map(|one| one.split(';').next().unwrap_or_default());
    let mut named = preferences.map(|one| one.split_once('=').unwrap_or((one, "")));
    let (_, value) = named.find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))?;
    let digits = value.trim().trim_matches('"');
    let whole = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|_| whole).map(Duration::from_secs)
}

/// The preferences of one header, which are separated by commas outside of quotes.
fn preferences(value: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    value.split(move |character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn check(values: &[&str], expected: Option<u64>) {
        let name = HeaderName::from_static("prefer");
        let headers = HeaderMap::from_iter(values.iter().map(|value| (name.clone(), value.parse().unwrap())));
        assert_eq!(wait(&headers), expected.map(Duration::from_secs), "{values:?}");
    }

    #[test]
    fn a_wait_is_found_among_other_preferences() {
        check(&["wait=10"], Some(10));
        check(&["respond-async, wait=10"], Some(10));
        check(&["respond-async", "WAIT = 0; foo=bar"], Some(0));
        check(&["foo=\"a, wait=3\", wait=\"4\""], Some(4));
        check(&["wait=5, wait=6"], Some(5));
    }

    #[test]
    fn what_is_no_wait_is_none() {
        check(&[], None);
        check(&["respond-async"], None);
        check(&["foo; wait=5"], None);
        for value in ["wait", "wait=", "wait=-1", "wait=+1", "wait=soon", "wait=99999999999999999999"] {
            check(&[value], None);
        }
    }
}
