//! Where a request is to go.

use std::{fmt, str::FromStr};

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::Error;
use crate::domain::limits;

/// A URL that may be tried: http or https, with a host. Whether it may be called is found out when its host is resolved.
///
/// It may hold a name and a password, so neither `Debug` nor an error shows it.
#[derive(Clone)]
pub struct Target {
    url: Url,
    credentials: Option<Credentials>,
}

/// A name and a password from a URL.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) name: String,
    pub(super) password: Option<String>,
}

impl Target {
    /// The URL without what is secret in it.
    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    /// The name and password that stood in it.
    pub(super) const fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target(…)")
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let broken = |problem| Error::Url { problem };
        if text.len() > limits::EGRESS_URL_BYTES_MAX {
            return Err(broken("is too long"));
        }
        let mut url =
            Url::parse(text).map_err(|_| broken("cannot be understood; it must be whole, with its scheme"))?;
        if !is_http(&url) {
            return Err(broken("is neither an http nor an https one"));
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        let credentials = has_credentials
            .then(|| Credentials { name: decoded(url.username()), password: url.password().map(decoded) });
        strip(&mut url);
        Ok(Self { url, credentials })
    }
}

/// Whether a URL is one of the two kinds that we call.
pub(super) fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty())
}

/// Takes name and password out of an http URL, and what is behind `#`, which is not sent.
pub(super) fn strip(url: &mut Url) {
    url.set_fragment(None);
    // Only a URL without a host refuses these.
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        tracing::debug!("a URL without a host");
    }
}

/// The last segment of a URL's path that says anything, decoded; a label, not a path.
pub(super) fn last_segment(url: &Url) -> Option<String> {
    let segment = url.path_segments()?.rfind(|segment| !segment.is_empty())?;
    let bytes: Vec<u8> = percent_decode_str(segment).collect();
    let name =
        String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect());
    Some(name).filter(|name| !name.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(text: &str) -> Url {
        text.parse::<Target>().unwrap().url
    }

    #[test]
    fn only_whole_http_and_https_urls_are_targets() {
        for text in [
            "http://h",
            "https://h/a?b=c",
            "HTTP://H/",
            "http://[::1]:8080/",
            "http://1.2.3.4/",
            "http://bücher.example/ü",
        ] {
            assert!(text.parse::<Target>().is_ok(), "{text}");
        }
        for text in [
            "",
            "h",
            "h/a",
            "//h/a",
            "/a",
            "http:",
            "http://",
            "http:///",
            "file:///etc/passwd",
            "ftp://h/a",
            "data:,a",
            "gopher://h",
            "javascript:1",
            "http://h:99999/",
            "http://a b/",
            "http://[::1/",
            "http://1.2.3.4.5/",
        ] {
            assert!(matches!(text.parse::<Target>(), Err(Error::Url { .. })), "{text}");
        }
        let long = format!("http://h/{}", "a".repeat(limits::EGRESS_URL_BYTES_MAX));
        assert!(matches!(long.parse::<Target>(), Err(Error::Url { .. })));
    }

    #[test]
    fn an_address_in_disguise_is_read_as_the_address() {
        for text in
            ["http://127.1/", "http://0x7f.0.0.1/", "http://2130706433/", "http://017700000001/", "http://127.0.0.1./"]
        {
            assert_eq!(url(text).host_str(), Some("127.0.0.1"), "{text}");
        }
        assert_eq!(url("http://%31%32%37.0.0.1/").host_str(), Some("127.0.0.1"));
        assert_eq!(url("http://①②⑦.0.0.1/").host_str(), Some("127.0.0.1"));
        assert_eq!(url("http://h@127.0.0.1#@public.example/").host_str(), Some("127.0.0.1"));
    }

    #[test]
    fn name_and_password_are_taken_out_and_shown_nowhere() {
        let target: Target = "http://us%40er:geheim@h/a#b".parse().unwrap();
        assert_eq!(target.url.as_str(), "http://h/a");
        let credentials = target.credentials().unwrap();
        assert_eq!((credentials.name.as_str(), credentials.password.as_deref()), ("us@er", Some("geheim")));
        assert!(!format!("{target:?}").contains("geheim"));
        assert!("http://h/".parse::<Target>().unwrap().credentials().is_none());
    }

    #[test]
    fn the_last_segment_that_says_anything_is_the_name() {
        for (text, name) in [
            ("http://h/a/b.pdf", Some("b.pdf")),
            ("http://h/a/b.pdf/?x=/c.pdf#/d.pdf", Some("b.pdf")),
            ("http://h/Brief%20f%C3%BCr%20M%C3%BCller.docx", Some("Brief für Müller.docx")),
            ("http://h/Gr%FC%DFe.txt", Some("Grüße.txt")),
            ("http://h/a%2Fb.pdf", Some("a/b.pdf")),
            ("http://h/%20", None),
            ("http://h/", None),
            ("http://h", None),
        ] {
            assert_eq!(last_segment(&url(text)).as_deref(), name, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            if let Ok(target) = text.parse::<Target>() {
                prop_assert!(is_http(&target.url));
                last_segment(&target.url);
            }
        }
    }
}
