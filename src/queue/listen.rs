//! One listening connection a process, shared by all who wait.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::bell;
use crate::{domain::JobId, storage::pool};

/// Signals that a slow receiver may lag behind before it is told to look at the table instead.
const BACKLOG: usize = 1024;
/// Wait before a broken connection is opened anew.
const RECONNECT: Duration = Duration::from_secs(1);

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// New work may wait.
    Work,
    /// Something that runs may have to stop.
    Stop,
    /// A job has completed, or is gone.
    Done(JobId),
    /// The connection was away; anything may have happened.
    Missed,
}

/// Who listens in a process. Nobody is woken by bells that are for others: on their way they would take time from those that
/// are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Workers: they hear of new work and of what should stop.
    Workers,
    /// Those who wait for jobs: they hear which have ended.
    Waiters,
}

impl Audience {
    const fn channels(self) -> &'static [&'static str] {
        match self {
            Self::Workers => &[bell::WORK, bell::STOP],
            Self::Waiters => &[bell::DONE],
        }
    }
}

/// Where a process hears its bells.
#[derive(Debug, Clone)]
pub struct Signals {
    sender: broadcast::Sender<Signal>,
    hears: bool,
}

impl Signals {
    /// Starts listening until stopped; while the database is away it tries again each second.
    pub fn start(options: PgConnectOptions, audience: Audience, stop: CancellationToken) -> Self {
        let (sender, _) = broadcast::channel(BACKLOG);
        let signals = Self { sender: sender.clone(), hears: true };
        tokio::spawn(async move {
            stop.run_until_cancelled(listen(options, audience, sender)).await;
        });
        signals
    }

    /// Signals that go nowhere, for a process that does without a listener: polling does its work.
    pub fn deaf() -> Self {
        Self { sender: broadcast::channel(1).0, hears: false }
    }

    /// Whether bells are heard, as long as the database is there; whoever is deaf looks more often.
    pub const fn hears(&self) -> bool {
        self.hears
    }

    /// A receiver of all that the audience hears from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Signal> {
        self.sender.subscribe()
    }
}

async fn listen(options: PgConnectOptions, audience: Audience, sender: broadcast::Sender<Signal>) {
    loop {
        match pool::listener(&options, audience.channels()).await {
            Ok(mut listener) => {
                send(&sender, Signal::Missed);
                hear(&mut listener, &sender).await;
            }
            Err(error) => tracing::debug!(%error, "no listener; polling does its work"),
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

async fn hear(listener: &mut PgListener, sender: &broadcast::Sender<Signal>) {
    loop {
        match listener.try_recv().await {
            Ok(Some(notification)) => match notification.channel() {
                bell::WORK => send(sender, Signal::Work),
                bell::STOP => send(sender, Signal::Stop),
                bell::DONE => {
                    for job in notification.payload().split(' ').filter_map(|id| id.parse().ok()) {
                        send(sender, Signal::Done(job));
                    }
                }
                _ => {}
            },
            Ok(None) => send(sender, Signal::Missed),
            Err(error) => {
                tracing::info!(%error, "the listening connection broke");
                return;
            }
        }
    }
}

/// Nobody may be subscribed at the moment, which is fine.
fn send(sender: &broadcast::Sender<Signal>, signal: Signal) {
    if sender.send(signal).is_err() {
        tracing::trace!(?signal, "nobody listens");
    }
}
