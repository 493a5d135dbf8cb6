use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::timeout;

use super::deadline::Deadline;
use crate::domain::limits;

/// The body of a request, which ends with an error when nothing more of it comes. Its clones are one body: the handler
/// has one, and whoever called the handler another, to see what became of it.
#[derive(Debug, Clone)]
pub(in crate::api) struct Paced(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    body: Body,
    longest: Duration,
    deadline: Deadline,
    progress: Progress,
}

/// How far a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nobody has asked for it. A client that waits for `100 Continue` has not begun to send it.
    Untouched,
    Begun,
    Ended,
    Failed,
    Stalled,
}

/// Nothing more came.
#[derive(Debug, thiserror::Error)]
#[error("the body made no progress for too long")]
struct Stalled;

impl Paced {
    /// Waits so long for each piece of a body.
    pub(in crate::api) fn new(body: Body, longest: Duration) -> Self {
        let progress = if body.is_end_stream() { Progress::Ended } else { Progress::Untouched };
        Self(Arc::new(Mutex::new(State { body, longest, deadline: Deadline::default(), progress })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it ended because nothing more came.
    pub(in crate::api) fn has_stalled(&self) -> bool {
        self.state().progress == Progress::Stalled
    }

    /// Takes what its handler has left, if that is little, and says whether the body was taken to its end: only then can
    /// another request follow it. A body that nobody has asked for is not begun when its client waits to be asked.
    pub(in crate::api) async fn finish(mut self, waits_to_be_asked: bool) -> bool {
        let progress = self.state().progress;
        match progress {
            Progress::Ended => return true,
            Progress::Failed | Progress::Stalled => return false,
            Progress::Untouched if waits_to_be_asked => return false,
            Progress::Untouched | Progress::Begun => {}
        }
        if self.size_hint().lower() > limits::REQUEST_REST_BYTES_MAX {
            return false;
        }
        let rest = async {
            let mut bytes = 0;
            while let Some(frame) = poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await {
                let Ok(frame) = frame else { return false };
                bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                if bytes > limits::REQUEST_REST_BYTES_MAX {
                    return false;
                }
            }
            true
        };
        timeout(limits::REQUEST_REST_TIME_MAX, rest).await.unwrap_or(false)
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let state = &mut *self.state();
        let Poll::Ready(frame) = Pin::new(&mut state.body).poll_frame(cx) else {
            state.progress = Progress::Begun;
            ready!(state.deadline.poll(cx, state.longest));
            state.progress = Progress::Stalled;
            return Poll::Ready(Some(Err(axum::Error::new(Stalled))));
        };
        state.deadline.moved();
        state.progress = match &frame {
            None => Progress::Ended,
            Some(Ok(_)) if state.body.is_end_stream() => Progress::Ended,
            Some(Ok(_)) => Progress::Begun,
            Some(Err(_)) => Progress::Failed,
        };
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.state().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.state().body.size_hint()
    }
}
