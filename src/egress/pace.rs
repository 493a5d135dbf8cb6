//! Watching that a request moves on and ends.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

use super::{Error, Limits};

/// Counts the time in which the other side keeps us waiting. It has patience for so long; enough bytes renew it. Cloned for
/// whoever sees the bytes.
#[derive(Debug, Clone)]
pub(super) struct Pace(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    limits: Limits,
    /// When all patience ends.
    ends: Instant,
    /// Since when we wait.
    since: Instant,
    /// How long we may wait from then on.
    patience: Duration,
    /// Bytes since patience was renewed.
    bytes: u64,
}

impl Pace {
    /// Begins to wait; all ends at a given time.
    pub(super) fn new(limits: Limits, ends: Instant) -> Self {
        let since = Instant::now();
        Self(Arc::new(Mutex::new(State { limits, ends, since, patience: limits.idle_time_max, bytes: 0 })))
    }

    /// Begins to wait again; what we did meanwhile does not count.
    pub(super) fn wait_again(&self) {
        self.state().since = Instant::now();
    }

    /// Notes that bytes have moved.
    pub(super) fn moved(&self, bytes: usize) {
        let mut state = self.state();
        let now = Instant::now();
        state.patience = state.patience.saturating_sub(now - state.since);
        state.since = now;
        state.bytes = state.bytes.saturating_add(bytes as u64);
        if state.bytes >= state.limits.idle_bytes_min {
            state.bytes = 0;
            state.patience = state.limits.idle_time_max;
        }
    }

    /// Does something that waits for the other side, as long as there is patience.
    ///
    /// # Errors
    /// `Stalled`, `TooSlow`.
    pub(super) async fn keep<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
        let mut work = pin!(work);
        loop {
            let deadline = self.deadline();
            match timeout_at(deadline, work.as_mut()).await {
                Ok(done) => return Ok(done),
                // Bytes have moved meanwhile.
                Err(_) if self.deadline() > deadline => {}
                Err(_) => return Err(self.verdict(deadline)),
            }
        }
    }

    fn deadline(&self) -> Instant {
        let state = self.state();
        state.ends.min(state.since + state.patience)
    }

    fn verdict(&self, deadline: Instant) -> Error {
        let state = self.state();
        if deadline >= state.ends {
            Error::TooSlow { within: state.limits.time_max }
        } else {
            Error::Stalled { within: state.limits.idle_time_max }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::interval;

    use super::*;

    const LIMITS: Limits = Limits {
        idle_time_max: Duration::from_secs(1),
        idle_bytes_min: 100,
        time_max: Duration::from_secs(2),
        ..Limits::SERVICE
    };

    fn pace() -> Pace {
        Pace::new(LIMITS, Instant::now() + LIMITS.time_max)
    }

    #[tokio::test]
    async fn patience_ends_where_nothing_moves() {
        let began = Instant::now();
        let error = pace().keep(std::future::pending::<()>()).await.unwrap_err();
        assert_eq!(error, Error::Stalled { within: LIMITS.idle_time_max });
        assert!(began.elapsed() >= LIMITS.idle_time_max);
    }

    #[tokio::test]
    async fn drops_do_not_renew_it_and_a_stream_does_until_all_time_is_over() {
        for (bytes, expected) in
            [(1, Error::Stalled { within: LIMITS.idle_time_max }), (100, Error::TooSlow { within: LIMITS.time_max })]
        {
            let pace = pace();
            let mut clock = interval(Duration::from_millis(50));
            let moving = async {
                loop {
                    clock.tick().await;
                    pace.moved(bytes);
                }
            };
            assert_eq!(pace.keep(moving).await.unwrap_err(), expected);
        }
    }

    #[test]
    fn what_we_do_ourselves_takes_no_patience() {
        let pace = pace();
        let patience = pace.state().patience;
        for _ in 0..100 {
            let before = pace.deadline();
            pace.wait_again();
            assert!(pace.deadline() > before);
        }
        assert_eq!(pace.state().patience, patience);
    }
}
