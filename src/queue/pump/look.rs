//! Where in the line a claim begins to look. Pure.
//!
//! Claiming leaves dead entries at the head of the index. While an old snapshot is open anywhere, in a report or a backup,
//! nothing may clean them up, and each claim that begins at the head walks over all of them: the classic decay of queues
//! in PostgreSQL. So most claims begin where the last one found something. What stands before that place (a higher
//! priority, a retry, a newcomer that committed late) is found by a look at the whole line, and these looks together take
//! a bounded share of the time: they are frequent while they are cheap, which is nearly always.

use std::time::Duration;

use tokio::time::Instant;

/// The whole line is looked at after so many times what the last such look took.
const SHARE: u32 = 50;
/// And at least so often.
const REST_MAX: Duration = Duration::from_secs(1);

/// The place of one lane.
#[derive(Debug, Default)]
pub(super) struct Look {
    start: Option<i64>,
    whole_at: Option<Instant>,
    /// A look at a part of the line found too little.
    short: bool,
}

impl Look {
    /// Where the next claim begins.
    pub(super) fn start(&self, now: Instant) -> i64 {
        match (self.start, self.whole_at) {
            (Some(start), Some(at)) if now < at => start,
            _ => i64::MIN,
        }
    }

    /// A claim that began at `start` found its first task at `first`; `all` when it found all that it wanted.
    pub(super) fn found(&mut self, start: i64, first: Option<i64>, all: bool, took: Duration) {
        let whole = start == i64::MIN;
        if whole {
            self.whole_at = Some(Instant::now() + (took * SHARE).min(REST_MAX));
        }
        self.start = first.or(self.start);
        self.short = !whole && !all;
    }

    /// When to look at the whole line although nobody rang.
    pub(super) fn again_at(&self) -> Option<Instant> {
        if self.short { self.whole_at } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(2);

    #[test]
    fn the_first_look_is_at_the_whole_line_and_the_next_begins_where_something_was_found() {
        let mut look = Look::default();
        let now = Instant::now();
        assert_eq!(look.start(now), i64::MIN);
        look.found(i64::MIN, Some(70), true, TOOK);
        assert_eq!(look.start(now), 70);
        assert_eq!(look.start(now + TOOK * SHARE * 2), i64::MIN);
    }

    #[test]
    fn a_slow_look_at_the_whole_line_is_repeated_within_a_second() {
        let mut look = Look::default();
        look.found(i64::MIN, Some(70), true, Duration::from_secs(9));
        assert_eq!(look.start(Instant::now() + REST_MAX * 2), i64::MIN);
    }

    #[test]
    fn a_look_at_a_part_that_found_too_little_calls_for_one_at_the_whole() {
        let mut look = Look::default();
        look.found(i64::MIN, Some(70), true, TOOK);
        assert_eq!(look.again_at(), None);
        look.found(70, None, false, TOOK);
        assert!(look.again_at().is_some());
        assert_eq!(look.start(Instant::now()), 70, "and keeps its place until then");
        look.found(i64::MIN, None, false, TOOK);
        assert_eq!(look.again_at(), None);
    }
}
