//! One connection: HTTP/1.1 by hyper, with a watch on it.
//!
//! hyper answers a head that it cannot parse by itself, with a bare status. [`Wire`], under it, knows whose turn it is
//! to write: bytes that come while no request is being answered are such a status. They are dropped, and a problem is
//! written in their place when hyper is done. Nothing is guessed from what the bytes look like.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    io::{self, IoSlice},
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use bytes::Bytes;
use hyper::{
    body::{Body as HttpBody, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use super::{Pace, deadline::Deadline, refusal};
use crate::{api::Problem, domain::limits};

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// The client's, on a new connection of which nothing has come.
    New,
    /// The client's, after an answer.
    Idle,
    /// The client's, in the middle of a head.
    Head,
    /// Ours: a request is being answered. Its body may still be coming.
    Ours,
    /// Ours, but all of the answer is in the hands of hyper.
    Ended,
}

/// What the wire, the service and the watch know of each other. It is only ever used by the task of one connection.
#[derive(Debug)]
struct Talk(Mutex<State>);

#[derive(Debug, Clone, Copy)]
struct State {
    turn: Turn,
    /// Whether the client takes nothing of what is there for it.
    is_blocked: bool,
    /// Counts what ends a wait.
    moves: u64,
}

impl Talk {
    const fn new() -> Self {
        Self(Mutex::new(State { turn: Turn::New, is_blocked: false, moves: 0 }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> Turn {
        self.state().turn
    }

    fn turn_to(&self, turn: Turn) {
        let mut state = self.state();
        state.turn = turn;
        state.moves += 1;
    }

    fn blocked(&self, is_blocked: bool) {
        let mut state = self.state();
        state.moves += u64::from(state.is_blocked != is_blocked);
        state.is_blocked = is_blocked;
    }
}

impl State {
    /// How long is waited for the client now. Bodies watch over themselves.
    const fn patience(self, pace: &Pace) -> Option<Duration> {
        match self.turn {
            _ if self.is_blocked => Some(pace.answer),
            Turn::New | Turn::Head => Some(pace.head),
            Turn::Idle => Some(pace.idle),
            Turn::Ours | Turn::Ended => None,
        }
    }
}

/// Drives a connection to its end.
pub(super) async fn serve(stream: TcpStream, router: Router, pace: Pace, stop: CancellationToken) {
    // Heads and bodies are written apart when a body is streamed, and must not wait for each other.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection waits to fill its packets");
    }
    let talk = Arc::new(Talk::new());
    let service = service_fn({
        let talk = Arc::clone(&talk);
        move |request: Request<Incoming>| {
            talk.turn_to(Turn::Ours);
            let answered = super::answer(router.clone(), request.map(Body::new), pace);
            let talk = Arc::clone(&talk);
            Box::pin(async move { Ok::<_, Infallible>(answered.await.map(|body| Followed { body, talk })) })
                as Pin<Box<dyn Future<Output = Result<Response<Followed>, Infallible>> + Send>>
        }
    });
    let wire = TokioIo::new(Wire { stream, talk: Arc::clone(&talk) });
    let mut connection = http1::Builder::new()
        .header_read_timeout(None::<Duration>)
        .max_headers(limits::REQUEST_HEADERS_MAX)
        .max_header_size(limits::REQUEST_HEAD_BYTES_MAX)
        .serve_connection(wire, service);

    let mut stopped = pin!(stop.cancelled());
    let mut is_stopping = false;
    let mut deadline = Deadline::default();
    let mut moves = 0;
    let ended = poll_fn(|cx| {
        if !is_stopping && stopped.as_mut().poll(cx).is_ready() {
            is_stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        if let Poll::Ready(ended) = connection.poll_without_shutdown(cx) {
            return Poll::Ready(Some(ended));
        }
        let state = *talk.state();
        if state.moves != moves {
            moves = state.moves;
            deadline.moved();
        }
        match state.patience(&pace) {
            Some(longest) => deadline.poll(cx, longest).map(|()| None),
            None => Poll::Pending,
        }
    })
    .await;
    let parts = connection.into_parts();
    let mut stream = parts.io.into_inner().stream;
    let refused = match (&ended, talk.turn()) {
        (Some(Err(error)), Turn::New | Turn::Idle | Turn::Head) if error.is_parse() => {
            Some(refusal::of_head(error, &parts.read_buf))
        }
        (None, Turn::Head) => Some(Problem::slow_head()),
        // All is answered, the client has gone, or it does not read.
        (Some(_) | None, _) => None,
    };
    if let Some(problem) = &refused {
        refusal::send(&mut stream, problem, &pace).await;
    }
    if refused.is_some() || ended.is_some() {
        refusal::linger(stream, pace.linger, &stop).await;
    }
}

/// The bytes of a connection.
#[derive(Debug)]
struct Wire {
    stream: TcpStream,
    talk: Arc<Talk>,
}

impl Wire {
    /// Whether what is written now is none of our answers.
    fn is_bare(&self) -> bool {
        matches!(self.talk.turn(), Turn::New | Turn::Idle | Turn::Head)
    }

    fn follow<T>(&self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.talk.blocked(written.is_pending());
        written
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        // Later bytes of a head do not prolong the time that there is for it.
        if buffer.filled().len() > before && matches!(self.talk.turn(), Turn::New | Turn::Idle) {
            self.talk.turn_to(Turn::Head);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_bare() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.follow(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_bare() {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.follow(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // hyper flushes when it has written all that it held.
        if self.talk.turn() == Turn::Ended {
            self.talk.turn_to(Turn::Idle);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The body of an answer. It is dropped when hyper has all of it.
#[derive(Debug)]
struct Followed {
    body: Body,
    talk: Arc<Talk>,
}

impl HttpBody for Followed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.talk.turn_to(Turn::Ended);
    }
}
