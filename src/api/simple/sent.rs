use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::Stream;

use super::ending::Pieces;
use crate::workflows::errand::Errand;

/// The body of an answer with the job that it comes from. When all of it is on its way, the job is deleted; when it breaks off, the
/// job stays for a client that comes back for it.
pub(super) struct Sent {
    pieces: Pieces,
    /// What is not on its way yet, when that is known. A body of known length is never asked for the end behind its last piece.
    left: Option<u64>,
    is_whole: bool,
    errand: Option<Errand>,
}

impl Sent {
    /// Puts pieces of so many bytes and a job together.
    pub(super) const fn new(pieces: Pieces, bytes: Option<u64>, errand: Errand) -> Self {
        Self { pieces, left: bytes, is_whole: matches!(bytes, Some(0)), errand: Some(errand) }
    }
}

impl Stream for Sent {
    type Item = Result<Bytes, axum::BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = ready!(self.pieces.as_mut().poll_next(cx));
        match &piece {
            Some(Ok(bytes)) => {
                self.left = self.left.map(|left| left.saturating_sub(bytes.len() as u64));
                self.is_whole = self.left == Some(0);
            }
            Some(Err(error)) => tracing::error!(%error, "an answer broke off"),
            None => self.is_whole |= self.left.is_none(),
        }
        Poll::Ready(piece)
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        if !self.is_whole
            && let Some(errand) = self.errand.take()
        {
            errand.keep();
        }
    }
}
