//! Which web pages may call the API from a browser (the CORS protocol of the Fetch standard).

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::Response,
};
use tower::ServiceExt;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::trace::REQUEST_ID;

/// How long a browser may keep the answer to a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_secs(3600);
/// Headers of an answer that a page may read, besides those that it always may.
const EXPOSED: [HeaderName; 10] = [
    header::LOCATION,
    header::ETAG,
    header::CONTENT_DISPOSITION,
    header::CONTENT_RANGE,
    header::RETRY_AFTER,
    REQUEST_ID,
    header::LINK,
    HeaderName::from_static("preference-applied"),
    super::simple::JOB_ID,
    super::simple::JOB_STATUS,
];

/// The origins whose pages may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// All.
    Any,
    /// These, as browsers write them; none means that no page of another origin may.
    Only(Vec<HeaderValue>),
}

impl Origins {
    /// What holds unless something else is said: all on an address that only this machine reaches, none on any other.
    pub fn of_listener(address: IpAddr) -> Self {
        if address.is_loopback() { Self::Any } else { Self::Only(Vec::new()) }
    }

    /// Puts the protocol around a router, unless there is nobody to do that for.
    pub(super) fn around(&self, router: Router) -> Router {
        let Some(layer) = self.layer() else { return router };
        // The layer takes every `OPTIONS` for a preflight, so it must not see one that asks for the methods of a path.
        router.clone().layer(layer).layer(middleware::from_fn_with_state(router, past_preflights))
    }

    /// The layer that answers preflights and marks answers, unless there is nobody to do that for.
    pub(super) fn layer(&self) -> Option<CorsLayer> {
        // Caches need not tell pages apart where all are answered alike; preflights are not kept by any.
        let (origins, vary) = match self {
            Self::Any => (AllowOrigin::any(), Vec::new()),
            Self::Only(origins) if origins.is_empty() => return None,
            Self::Only(origins) => (AllowOrigin::list(origins.iter().cloned()), vec![header::ORIGIN]),
        };
        let layer = CorsLayer::new()
            .allow_origin(origins)
            .vary(vary)
            .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::DELETE])
            // There are no cookies, so whoever may call may send what it likes.
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(EXPOSED)
            .max_age(PREFLIGHT_AGE);
        Some(layer)
    }
}

/// Has an `OPTIONS` that is no preflight answered as if there were no browsers.
async fn past_preflights(State(plain): State<Router>, request: Request, next: Next) -> Response {
    let is_preflight = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if request.method() == Method::OPTIONS && !is_preflight {
        let Ok(response) = plain.oneshot(request).await;
        return response;
    }
    next.run(request).await
}

impl FromStr for Origins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "*" => Ok(Self::Any),
            "none" => Ok(Self::Only(Vec::new())),
            list => list.split(',').map(|one| origin(one.trim())).collect::<Result<_, _>>().map(Self::Only),
        }
    }
}

/// Writes what [`FromStr`] reads.
impl fmt::Display for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Only(origins) if origins.is_empty() => f.write_str("none"),
            Self::Only(origins) => {
                let words: Vec<_> = origins.iter().filter_map(|origin| origin.to_str().ok()).collect();
                f.write_str(&words.join(","))
            }
        }
    }
}

/// Reads an origin: scheme, host and perhaps a port. It is kept as browsers send it: in lower case, without the port that the
/// scheme implies.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let wrong = || format!("`{text}` is not an origin, as in https://app.example.com (or * for all, none for none)");
    let lower = text.to_ascii_lowercase();
    let (scheme, rest) = lower.split_once("://").ok_or_else(wrong)?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let (host, port) = match rest.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let is_address = host.starts_with('[') && host.ends_with(']');
    let is_host = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte) || is_address && b"[]:".contains(&byte));
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    if !(is_scheme && is_host && is_port) {
        return Err(wrong());
    }
    let implied = matches!((scheme, port), ("http", Some("80")) | ("https", Some("443")));
    let sent = if implied { format!("{scheme}://{host}") } else { lower.clone() };
    HeaderValue::from_str(&sent).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_origins_is_kept_as_browsers_send_them() {
        for (given, kept) in [
            ("*", "*"),
            ("none", "none"),
            ("https://app.example.com", "https://app.example.com"),
            (" HTTPS://App.Example.com:443 , http://localhost:3000", "https://app.example.com,http://localhost:3000"),
            ("http://[::1]:8080,http://[::1]", "http://[::1]:8080,http://[::1]"),
            ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
        ] {
            assert_eq!(given.parse::<Origins>().unwrap().to_string(), kept);
        }
    }

    #[test]
    fn what_is_no_origin_is_named() {
        for bad in [
            "",
            "example.com",
            "https://",
            "https://example.com/",
            "https://example.com/app",
            "https://example.com:port",
            "https://a b",
            "https://a.example.com,,https://b.example.com",
            "https://a.example.com,*",
            "https://user@example.com",
            "https://example.com:80:80",
        ] {
            assert!(bad.parse::<Origins>().is_err(), "{bad}");
        }
        let problem = "https://good.example.com,https://bad.example.com/path".parse::<Origins>().unwrap_err();
        assert!(problem.contains("bad.example.com/path") && !problem.contains("good"), "{problem}");
    }

    #[test]
    fn unless_told_otherwise_pages_may_call_only_a_service_on_their_own_machine() {
        assert_eq!(Origins::of_listener([127, 0, 0, 1].into()), Origins::Any);
        assert_eq!(Origins::of_listener([0, 0, 0, 0].into()), Origins::Only(Vec::new()));
        assert!(Origins::Only(Vec::new()).layer().is_none());
    }
}
