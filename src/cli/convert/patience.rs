//! How long a call that fails is tried again.

use std::time::Duration;

use tokio::time::Instant;

/// The wait before the second try; it doubles with each.
const WAIT_FIRST: Duration = Duration::from_millis(250);
/// The longest wait, unless the service asks for a longer one.
const WAIT_MAX: Duration = Duration::from_secs(8);
/// How long a service may ask to wait; more is a mistake.
const ASKED_MAX: Duration = Duration::from_secs(60);
/// How long a call may fail. A service that is restarted is back by then, and the work of a lost worker has been moved.
const PATIENCE: Duration = Duration::from_secs(120);

/// The waits of one call.
#[derive(Debug)]
pub(super) struct Patience {
    until: Instant,
    wait: Duration,
}

impl Patience {
    /// Begins now.
    pub(super) fn new(now: Instant) -> Self {
        Self { until: now + PATIENCE, wait: WAIT_FIRST }
    }

    /// How long to wait before the next try, or `None` when it is time to give up. `asked` is what the service asks for,
    /// `spread` any number: clients that failed together must not come back together.
    pub(super) fn next(&mut self, now: Instant, asked: Option<Duration>, spread: u32) -> Option<Duration> {
        let own = self.wait.mul_f64(0.5 + f64::from(spread % 1024) / 2048.0);
        self.wait = (self.wait * 2).min(WAIT_MAX);
        let wait = own.max(asked.unwrap_or_default().min(ASKED_MAX));
        (now + wait <= self.until).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The waits in milliseconds until the end, as many as there are.
    fn waits(asked: Option<Duration>, spread: u32) -> Vec<u128> {
        let mut now = Instant::now();
        let mut patience = Patience::new(now);
        let mut waits = Vec::new();
        while let Some(wait) = patience.next(now, asked, spread) {
            waits.push(wait.as_millis());
            now += wait;
        }
        waits
    }

    #[test]
    fn waits_double_up_to_a_limit_and_end() {
        let waits = waits(None, 0);
        assert_eq!(waits.get(..7), Some(&[125, 250, 500, 1000, 2000, 4000, 4000][..]));
        let total: u128 = waits.iter().sum();
        assert!((100_000..=120_000).contains(&total), "{total}");
    }

    #[test]
    fn they_are_spread_and_never_shorter_than_what_the_service_asks_for() {
        assert!(waits(None, 1023)[0] > waits(None, 0)[0]);
        assert_eq!(waits(Some(Duration::from_secs(10)), 7)[0], 10_000);
        assert_eq!(waits(Some(Duration::from_secs(100_000)), 7), [60_000, 60_000]);
    }
}
