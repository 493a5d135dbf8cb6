//! From a URL by its redirects to where it leads.

use reqwest::{Response, Url, header::LOCATION};
use tokio::time::Instant;

use super::{
    Error, Limits, Target,
    target::{Credentials, is_http, strip},
};

/// Where a request stands.
#[derive(Debug)]
pub(super) struct Journey {
    target: Target,
    url: Url,
    redirects: usize,
    /// When it must be over.
    pub(super) ends: Instant,
}

impl Journey {
    /// Sets out.
    pub(super) fn begin(target: &Target, limits: &Limits) -> Self {
        let ends = Instant::now() + limits.time_max;
        Self { target: target.clone(), url: target.url().clone(), redirects: 0, ends }
    }

    /// Where it leads now.
    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    /// Where it began.
    pub(super) const fn first_url(&self) -> &Url {
        self.target.url()
    }

    /// Whether it was redirected.
    pub(super) const fn is_redirected(&self) -> bool {
        self.redirects > 0
    }

    /// The host, an IPv6 address without its brackets.
    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// The port.
    pub(super) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }

    /// Name and password, while it is with the host that they are for.
    pub(super) fn credentials(&self) -> Option<&Credentials> {
        self.target.credentials().filter(|_| self.url.origin() == self.target.url().origin())
    }

    /// Goes where an answer says.
    ///
    /// # Errors
    /// `TooManyRedirects`, `Unusable` without a place to go to, `NotAllowed` to anything but http and https, and from https
    /// back to http: whoever wrote https counts on it.
    pub(super) fn turn(&mut self, answer: &Response, redirects_max: usize) -> Result<(), Error> {
        if self.redirects == redirects_max {
            return Err(Error::TooManyRedirects { max: redirects_max });
        }
        let nowhere = Error::Unusable { what: "is a redirect that leads nowhere" };
        let location = answer.headers().get(LOCATION).and_then(|place| std::str::from_utf8(place.as_bytes()).ok());
        let mut next = location.and_then(|place| self.url.join(place).ok()).ok_or(nowhere)?;
        if !is_http(&next) || (self.url.scheme() == "https" && next.scheme() != "https") {
            return Err(Error::NotAllowed { redirected: true });
        }
        strip(&mut next);
        self.url = next;
        self.redirects += 1;
        Ok(())
    }
}
