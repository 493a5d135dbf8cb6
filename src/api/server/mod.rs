//! From a listener to the router: connections, and what HTTP itself asks for.
//!
//! `axum::serve` leaves what it cannot parse to hyper, which answers with a bare status, and waits for slow clients for
//! ever. So the service accepts connections itself, and each is driven by [`connection`]:
//!
//! 1. What is no request is answered with a problem, too.
//! 2. A client that does not move is waited for only so long ([`Pace`]).
//! 3. A client that is refused while it is still sending gets to read why.

use std::{io, time::Duration};

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
    response::Response,
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::paths;
use crate::domain::limits;

mod connection;
mod deadline;
mod paced;
mod refusal;

#[cfg(test)]
mod tests;

pub(super) use paced::Paced;

/// How long the service waits after a failure to accept that is not the client's, such as one of too many open files.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// How long is waited for clients.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// For the head of a request.
    pub head: Duration,
    /// For the next bytes of a body.
    pub body: Duration,
    /// For a client to take some of its answer.
    pub answer: Duration,
    /// For the next request on a connection.
    pub idle: Duration,
    /// For a client to read why it was refused.
    pub linger: Duration,
}

impl Pace {
    /// The pace of the service; tests are in more of a hurry.
    pub const STANDARD: Self = Self {
        head: limits::REQUEST_HEAD_TIME_MAX,
        body: limits::REQUEST_BODY_STALL_MAX,
        answer: limits::ANSWER_STALL_MAX,
        idle: limits::CONNECTION_IDLE_MAX,
        linger: limits::CONNECTION_LINGER_MAX,
    };
}

/// Serves until told to stop, then ends when the requests that are under way are answered.
pub async fn serve(listener: TcpListener, router: Router, pace: Pace, stop: CancellationToken) {
    let connections = TaskTracker::new();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(connection::serve(stream, router.clone(), pace, stop.clone()));
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                tracing::warn!(error = %crate::log::ErrorChain(&error), "cannot accept a connection, trying again");
                stop.run_until_cancelled(tokio::time::sleep(ACCEPT_AGAIN)).await;
            }
        }
    }
    // Nobody is to wait in the queue of a listener that is not listened to any more.
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Whether a connection failed that a client gave up before it was accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind;
    matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset)
}

/// Answers one request.
async fn answer(router: Router, mut request: Request, pace: Pace) -> Response {
    request.extensions_mut().insert(pace);
    let Ok(mut response) = router.oneshot(paths::normalise(request)).await;
    // Every path takes OPTIONS, which the router does not count.
    let allowed = response.headers().get(header::ALLOW).and_then(|allowed| allowed.to_str().ok());
    if let Some(allowed) = allowed.filter(|allowed| !allowed.contains("OPTIONS"))
        && let Ok(value) = HeaderValue::from_str(&format!("{allowed},OPTIONS"))
    {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
