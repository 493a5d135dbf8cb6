//! Floor 1: every outbound HTTP request of the service passes here. Nothing else dials a host that a client names.
//!
//! Must not know: jobs, the database, the environment, what a download is for.
//!
//! 1. A host is resolved once a hop, its addresses are checked ([`Allow`]), and those very addresses are dialed: a name that
//!    leads elsewhere a moment later leads nowhere else.
//! 2. Every redirect is such a hop of its own. Names and passwords of a URL go to the host that the URL names, and to no other.
//! 3. Every limit has a name in [`limits`]: connecting, pace, time, size, redirects, headers. Bytes stream both ways.
//! 4. There is no proxy of the environment, no cookie, no connection that is used twice, and nothing is unpacked.
//! 5. An [`Error`] tells whoever gave the URL what to do, and nothing about what stands behind our walls.
//!
//! # Why a client a hop (2026-11)
//!
//! The addresses are pinned into a client of their own for each hop, instead of one client for all with a resolver that
//! checks. An entry of the allow-list may be for one port, which a resolver does not hear of; and what is dialed is then plainly
//! what was checked. The certificates are read once, so a client costs next to nothing.

use std::{net::IpAddr, sync::Arc, time::Duration};

use reqwest::{
    Client, RequestBuilder, Response, Url,
    header::{ACCEPT_ENCODING, HeaderMap, HeaderValue},
    redirect::Policy,
};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

use crate::{domain::limits, log::ErrorChain};

mod address;
mod allow;
mod ask;
mod download;
mod error;
mod journey;
mod network;
mod pace;
mod resolve;
mod send;
mod target;

pub use allow::{Allow, AllowError};
pub use ask::Question;
pub use download::Download;
pub use error::Error;
pub use resolve::{Resolve, SystemResolver};
pub use send::{Parcel, SendError};
pub use target::Target;

use journey::Journey;
use resolve::Pinned;

/// How long a request may take, and how much may come of it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For finding a host, and again for connecting to it.
    pub connect_time_max: Duration,
    /// For waiting while fewer than `idle_bytes_min` bytes move.
    pub idle_time_max: Duration,
    /// Bytes that make a new wait of it.
    pub idle_bytes_min: u64,
    /// For everything, from the first hop to the last byte.
    pub time_max: Duration,
    /// Redirects that are followed.
    pub redirects_max: usize,
    /// Bytes of the head of an answer.
    pub header_bytes_max: usize,
}

impl Limits {
    /// Those of the service.
    pub const SERVICE: Self = Self {
        connect_time_max: limits::EGRESS_CONNECT_TIME_MAX,
        idle_time_max: limits::EGRESS_IDLE_TIME_MAX,
        idle_bytes_min: limits::EGRESS_IDLE_BYTES_MIN,
        time_max: limits::EGRESS_TIME_MAX,
        redirects_max: limits::EGRESS_REDIRECTS_MAX,
        header_bytes_max: limits::EGRESS_HEADER_BYTES_MAX,
    };
}

/// What the way out is made of.
#[derive(Debug)]
pub struct EgressConfig {
    /// What may be called beyond the internet at large.
    pub allow: Allow,
    /// How long and how much.
    pub limits: Limits,
    /// Whose certificates are trusted.
    pub roots: RootCertStore,
    /// What finds addresses.
    pub resolver: Arc<dyn Resolve>,
}

/// The way out. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Egress(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    allow: Allow,
    limits: Limits,
    tls: ClientConfig,
    resolver: Arc<dyn Resolve>,
}

impl Egress {
    /// Makes the way out.
    pub fn new(config: EgressConfig) -> Self {
        let EgressConfig { allow, limits, roots, resolver } = config;
        let mut tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("this cryptography is made for these versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self(Arc::new(Inner { allow, limits, tls, resolver }))
    }

    /// Sends one request of a journey, to the addresses that were checked for it, and waits for the head of its answer.
    async fn hop(
        &self,
        journey: &Journey,
        pace: &pace::Pace,
        request: impl FnOnce(&Client, Url) -> RequestBuilder,
    ) -> Result<Response, Error> {
        let client = self.client(self.addresses(journey).await?)?;
        let request =
            request(&client, journey.url().clone()).header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let request = match journey.credentials() {
            Some(credentials) => request.basic_auth(&credentials.name, credentials.password.as_ref()),
            None => request,
        };
        pace.wait_again();
        let answer = pace.keep(request.send()).await?.map_err(failed)?;
        if head_bytes(answer.headers()) > self.0.limits.header_bytes_max {
            return Err(Error::Unusable { what: "has too long a head" });
        }
        Ok(answer)
    }

    /// Finds the addresses of the host that may be called.
    async fn addresses(&self, journey: &Journey) -> Result<Vec<IpAddr>, Error> {
        let Inner { allow, limits, resolver, .. } = &*self.0;
        let host = journey.host();
        // An address in a URL is dialed without being resolved.
        let found = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => timeout(limits.connect_time_max, resolver.resolve(host.to_owned()))
                .await
                .map_err(|_| Error::CannotResolve)?
                .map_err(|error| {
                    tracing::debug!(%error, "a host cannot be resolved");
                    Error::CannotResolve
                })?,
        };
        if found.is_empty() {
            return Err(Error::CannotResolve);
        }
        let allowed: Vec<_> =
            found.into_iter().filter(|address| allow.permits(host, *address, journey.port())).collect();
        if allowed.is_empty() { Err(Error::NotAllowed { redirected: journey.is_redirected() }) } else { Ok(allowed) }
    }

    /// Makes a client that can dial these addresses and no other.
    fn client(&self, addresses: Vec<IpAddr>) -> Result<Client, Error> {
        Client::builder()
            .dns_resolver(Pinned(addresses))
            .tls_backend_preconfigured(self.0.tls.clone())
            .connect_timeout(self.0.limits.connect_time_max)
            .redirect(Policy::none())
            .pool_max_idle_per_host(0)
            .no_proxy()
            .referer(false)
            .http1_only()
            .user_agent(concat!("bindery/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(failed)
    }
}

/// What went wrong on the way; the details are for the log of whoever looks for them.
fn failed(error: reqwest::Error) -> Error {
    let error = error.without_url();
    tracing::debug!(error = %ErrorChain(&error), "an outbound request failed");
    if error.is_connect() {
        Error::CannotConnect
    } else if error.is_builder() {
        Error::Url { problem: "cannot be called" }
    } else {
        Error::BrokenOff
    }
}

/// How long the head of an answer was, but for its first line.
fn head_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum()
}
