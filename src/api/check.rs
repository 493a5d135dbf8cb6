//! What is wrong with a request whatever it is for. It is looked at before any handler.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Uri, Version, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;

use super::{
    Problem,
    server::{Pace, Paced},
    trace,
};
use crate::domain::limits;

/// Refuses requests that no handler should see, and those whose body stops coming; ends a connection on which the rest of
/// a body would be in the way of another request.
pub(super) async fn check(request: Request, next: Next) -> Response {
    trace::note_route(&request);
    let pace = request.extensions().get::<Pace>().copied().unwrap_or(Pace::STANDARD);
    let waits_to_be_asked = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let body = Paced::new(body, pace.body);
    let request = Request::from_parts(parts, Body::new(body.clone()));
    let mut response = match examine(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    if body.has_stalled() {
        // To its handler it was a body that broke off.
        response = Problem::stalled().into_response();
    }
    if !body.finish(waits_to_be_asked).await {
        // hyper would find that out too, but only after it has promised to go on.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn examine(request: &Request) -> Result<(), Problem> {
    let uri = request.uri();
    if uri.path().len() + uri.query().map_or(0, |query| query.len() + 1) > limits::REQUEST_TARGET_BYTES_MAX {
        return Err(Problem::target_too_long());
    }
    check_encoding(uri)?;
    let headers = request.headers();
    if request.version() == Version::HTTP_11 && headers.get_all(header::HOST).iter().count() != 1 {
        return Err(Problem::bad_request("A request in HTTP/1.1 has one header 'Host'"));
    }
    let is_known = |expected: &HeaderValue| expected.as_bytes().eq_ignore_ascii_case(b"100-continue");
    if !headers.get_all(header::EXPECT).iter().all(is_known) {
        return Err(Problem::expectation_failed());
    }
    Ok(())
}

/// Checks that what is escaped in path and query can be read.
fn check_encoding(uri: &Uri) -> Result<(), Problem> {
    for (what, text) in [("path", uri.path()), ("query", uri.query().unwrap_or_default())] {
        let mut escapes = text.split('%').skip(1);
        if !escapes.all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|digit| digit.is_ascii_hexdigit())) {
            let detail = format!("The {what} has a '%' without two hexadecimal digits; write a '%' itself as '%25'");
            return Err(Problem::bad_request(detail));
        }
        if percent_decode_str(text).decode_utf8().is_err() {
            return Err(Problem::bad_request(format!("The {what} is not UTF-8 once it is decoded")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str, is_fine: bool) {
        assert_eq!(check_encoding(&target.parse().unwrap()).is_ok(), is_fine, "{target}");
    }

    #[test]
    fn escapes_are_two_digits_that_make_utf_8() {
        for fine in ["/", "/a%20b?c=%C3%BC+d", "/%25?%25", "/ü?ü", "/?a=%00"] {
            check(fine, true);
        }
        for broken in
            ["/%", "/%4", "/%zz", "/%+1", "/a?%", "/a?b=100%", "/%ff", "/%C3", "/?a=%ff", "/?a=%ED%A0%80", "/%C3/%BC"]
        {
            check(broken, false);
        }
    }
}
