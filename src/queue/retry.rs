//! When to try again. Pure.

use std::time::Duration;

/// Wait after the first failed attempt.
const FIRST: Duration = Duration::from_secs(1);
/// Longest wait.
const CEILING: Duration = Duration::from_secs(60);

/// The wait before the next attempt: doubles with each, up to a ceiling, and is spread by up to a half.
///
/// `spread` is any number that differs between tasks, so that a batch that failed together does not return together.
pub fn delay(attempt: i16, spread: u64) -> Duration {
    let doublings = u32::try_from(attempt.max(1) - 1).unwrap_or(0).min(16);
    let whole = FIRST.saturating_mul(1 << doublings).min(CEILING);
    let share = u32::try_from(spread % 1000).unwrap_or(0);
    whole - whole / 2 * share / 1000
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wait_is_never_zero_and_never_past_the_ceiling(attempt: i16, spread: u64) {
            let wait = delay(attempt, spread);
            prop_assert!(wait >= FIRST / 2 && wait <= CEILING);
        }
    }

    #[test]
    fn each_wait_is_longer_than_the_one_before() {
        assert!(delay(1, 0) < delay(2, 0) && delay(2, 0) < delay(3, 0));
    }
}
