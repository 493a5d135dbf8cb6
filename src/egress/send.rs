//! Sending.

use std::{
    future::Future,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use reqwest::{
    Body, Method,
    header::{CONTENT_LENGTH, HeaderMap},
};

use super::{Egress, Error, Journey, Target, pace::Pace};

/// What is sent, but for its bytes.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// How.
    pub method: Method,
    /// What is said about it, but for its length.
    pub headers: HeaderMap,
    /// Its length.
    pub bytes: u64,
}

/// Why something was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError<E> {
    /// The way there, or whoever is there.
    #[error(transparent)]
    Target(#[from] Error),
    /// What was to be sent could not be read.
    #[error("the source broke off")]
    Source(E),
}

impl Egress {
    /// Sends bytes to a URL. A redirect that asks for the same request again is followed, so the bytes may be opened several
    /// times; one that asks for another request is an answer like any other that is no success.
    ///
    /// # Errors
    /// All but `Url` and `TooLarge`, and what the source says.
    pub async fn send<S, E, F>(
        &self,
        target: &Target,
        parcel: &Parcel,
        open: impl Fn() -> F,
    ) -> Result<(), SendError<E>>
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Send + 'static,
        F: Future<Output = Result<S, E>>,
    {
        let limits = &self.0.limits;
        let mut journey = Journey::begin(target, limits);
        loop {
            let pace = Pace::new(*limits, journey.ends);
            let bytes = open().await.map_err(SendError::Source)?;
            let going = Arc::new(Going { sent: AtomicU64::new(0), broken: Mutex::new(None) });
            let body = watched(bytes, pace.clone(), Arc::clone(&going));
            let answer = self.hop(&journey, &pace, |client, url| {
                let headers = parcel.headers.clone();
                client
                    .request(parcel.method.clone(), url)
                    .headers(headers)
                    .header(CONTENT_LENGTH, parcel.bytes)
                    .body(body)
            });
            let answer = answer.await;
            if let Some(error) = going.broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return Err(SendError::Source(error));
            }
            let answer = answer?;
            match answer.status().as_u16() {
                // Whoever thanks before everything is there has not stored it.
                200..=299 if going.sent.load(Ordering::Relaxed) < parcel.bytes => return Err(Error::BrokenOff.into()),
                200..=299 => return Ok(()),
                307 | 308 => journey.turn(&answer, limits.redirects_max)?,
                code => return Err(Error::Status { code }.into()),
            }
        }
    }
}

/// How far the bytes have come.
struct Going<E> {
    sent: AtomicU64,
    /// The trouble of the source, which is not that of the way.
    broken: Mutex<Option<E>>,
}

/// A body whose bytes are seen going.
fn watched<S, E>(bytes: S, pace: Pace, going: Arc<Going<E>>) -> Body
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: Send + 'static,
{
    Body::wrap_stream(bytes.map(move |chunk| match chunk {
        Ok(chunk) => {
            pace.moved(chunk.len());
            going.sent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            Ok(chunk)
        }
        Err(error) => {
            *going.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            Err(io::Error::other("the source broke off"))
        }
    }))
}
