//! `bindery serve`: the HTTP API.

use std::net::SocketAddr;

use anyhow::Context as _;
use futures_util::future::join_all;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use time::OffsetDateTime;
use tokio::net::TcpListener;

use super::{config::Config, logging, parts, signals};
use crate::{
    api::{
        self, ApiState, Origins,
        server::{self, Pace},
    },
    queue::Audience,
};

/// Connections to the database: calls are short, and the blocking one holds none while it waits.
const CONNECTIONS_MAX: u32 = 16;

/// Serves until told to stop; calls that are under way may end.
///
/// # Errors
/// When the address is taken, the database refuses the user, or the blob store cannot be used.
pub(super) async fn serve(config: Config) -> anyhow::Result<()> {
    logging::start(&config);
    raise_file_limit();
    let stop = signals::stop_token()?;
    let Some(access) = parts::wait_for_database(&config, &stop).await? else { return Ok(()) };
    let listener = listen(config.listen, "--listen").await?;
    let simple_listener = match config.simple_listen {
        Some(address) => Some(listen(address, "--simple-listen").await?),
        None => None,
    };
    let context = parts::context(&config, access, Audience::Waiters, CONNECTIONS_MAX, &stop)?;
    let state = ApiState::new(context, OffsetDateTime::now_utc());
    let origins = |address: SocketAddr| config.origins.clone().unwrap_or_else(|| Origins::of_listener(address.ip()));
    let mut serving = Vec::new();
    if let (Some(listener), Some(address)) = (simple_listener, config.simple_listen) {
        let router = api::simple_router(state.clone(), &origins(address));
        let address = listener.local_addr()?;
        tracing::info!(%address, "the Simple API is at http://{address}");
        serving.push(server::serve(listener, router, Pace::STANDARD, stop.clone()));
    }
    let address = listener.local_addr()?;
    let router = api::router(state, &origins(config.listen));
    tracing::info!(%address, "serving http://{address}{}", api::BASE);
    serving.push(server::serve(listener, router, Pace::STANDARD, stop.clone()));
    tokio::select! {
        _ = join_all(serving) => {}
        // A waiting result call must not hold up the end; its client asks again elsewhere.
        () = async { stop.cancelled().await; tokio::time::sleep(config.grace.min(std::time::Duration::from_secs(5))).await } => {}
    }
    tracing::info!("stopped");
    Ok(())
}

async fn listen(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen on {address}; is another service running there? Else give {flag}"))
}

/// Allows this process as many open files as the system lets it have: each waiting call is a connection, and the usual limit of
/// 1,024 is one for programs that do not wait.
fn raise_file_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(soft, hard)| if soft < hard { setrlimit(Resource::RLIMIT_NOFILE, hard, hard) } else { Ok(()) });
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files stays as it is; it bounds how many calls can wait");
    }
}
