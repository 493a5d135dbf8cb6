//! Names to addresses.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use futures_util::future::BoxFuture;
use reqwest::dns::{Name, Resolving};
use tokio::sync::Semaphore;

use crate::domain::limits;

/// Finds the addresses of a host. There is one of the system; tests bring others.
pub trait Resolve: fmt::Debug + Send + Sync {
    /// Finds the addresses of a name.
    fn resolve(&self, host: String) -> BoxFuture<'_, io::Result<Vec<IpAddr>>>;
}

/// Asks the system, as every other program on the machine does.
#[derive(Debug)]
pub struct SystemResolver {
    /// Each look-up holds a thread until it ends, also when nobody waits for it any more.
    free: Arc<Semaphore>,
}

impl SystemResolver {
    /// Makes one that looks up so many names at once as the limit says.
    pub fn new() -> Self {
        Self { free: Arc::new(Semaphore::new(limits::EGRESS_LOOKUPS_MAX)) }
    }
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self::new()
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, host: String) -> BoxFuture<'_, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let permit = Arc::clone(&self.free).acquire_owned().await.map_err(io::Error::other)?;
            let asked = tokio::task::spawn_blocking(move || {
                let found = (host.as_str(), 0).to_socket_addrs().map(|found| found.map(|found| found.ip()).collect());
                drop(permit);
                found
            });
            asked.await.map_err(io::Error::other)?
        })
    }
}

/// Answers with addresses that were found and checked before, whatever it is asked: what is dialed is what was checked.
#[derive(Debug)]
pub(super) struct Pinned(pub(super) Vec<IpAddr>);

impl reqwest::dns::Resolve for Pinned {
    fn resolve(&self, _name: Name) -> Resolving {
        // Port zero stands for the one of the URL.
        let addresses: Vec<_> = self.0.iter().map(|address| SocketAddr::new(*address, 0)).collect();
        Box::pin(async move { Ok(Box::new(addresses.into_iter()) as reqwest::dns::Addrs) })
    }
}
