//! The slots of one lane, with what is claimed ahead of them. Pure.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::look::Look;
use crate::queue::{Lease, step::Want};

/// So much work may be claimed ahead: long enough to hide the way to the database, too short to keep it from others.
const AHEAD: Duration = Duration::from_millis(20);

/// The slots of one lane.
pub(super) struct Slots {
    count: usize,
    taken: usize,
    buffered: VecDeque<Lease>,
    ahead_max: usize,
    /// How long a task takes its slot, a moving mean; unknown before the first.
    mean: Option<Duration>,
    look: Look,
    /// The last look found all that it wanted, so more may wait.
    more: bool,
}

impl Slots {
    pub(super) fn new(count: usize, ahead_max: usize) -> Self {
        Self { count, taken: 0, buffered: VecDeque::new(), ahead_max, mean: None, look: Look::default(), more: false }
    }

    /// The next buffered task, when a slot is free; it takes the slot.
    pub(super) fn next(&mut self) -> Option<Lease> {
        if self.taken >= self.count {
            return None;
        }
        let lease = self.buffered.pop_front()?;
        self.taken += 1;
        Some(lease)
    }

    /// A task has left its slot.
    pub(super) fn ended(&mut self, took: Duration) {
        self.taken = self.taken.saturating_sub(1);
        self.mean = Some(self.mean.map_or(took, |mean| (mean * 7 + took) / 8));
    }

    pub(super) fn has_buffered(&self) -> bool {
        !self.buffered.is_empty()
    }

    /// What is buffered, for those who look after it.
    pub(super) fn buffered(&self) -> impl Iterator<Item = &Lease> {
        self.buffered.iter()
    }

    /// Takes one task out of the buffer.
    pub(super) fn remove(&mut self, fence: i64) -> Option<Lease> {
        let at = self.buffered.iter().position(|lease| lease.fence == fence)?;
        self.buffered.remove(at)
    }

    /// Empties the buffer.
    pub(super) fn empty(&mut self) -> VecDeque<Lease> {
        std::mem::take(&mut self.buffered)
    }

    /// How many tasks may wait in the buffer.
    fn ahead(&self) -> usize {
        match self.mean {
            Some(mean) if mean < AHEAD => {
                let fits = AHEAD.as_nanos() / mean.as_nanos().max(1);
                self.count.saturating_mul(usize::try_from(fits).unwrap_or(usize::MAX)).min(self.ahead_max)
            }
            Some(_) | None => 0,
        }
    }

    fn wanted(&self) -> usize {
        (self.count + self.ahead()).saturating_sub(self.taken + self.buffered.len())
    }

    /// Whether a claim is worth a statement of its own. `told` is whether work may wait.
    pub(super) fn is_hungry(&self, told: bool, now: Instant) -> bool {
        self.is_low() && (told || self.more || self.look_again_at().is_some_and(|at| now >= at))
    }

    /// Whether there is room for enough tasks to ask for them.
    fn is_low(&self) -> bool {
        let starving = self.taken + self.buffered.len() < self.count;
        self.wanted() > 0 && (starving || self.buffered.len() <= self.ahead() / 2)
    }

    /// When the whole line must be looked at because the last look, at a part of it, found too little.
    pub(super) fn look_again_at(&self) -> Option<Instant> {
        if self.is_low() { self.look.again_at() } else { None }
    }

    /// What to claim with the next step.
    pub(super) fn want(&mut self, now: Instant) -> Option<(usize, i64)> {
        let count = self.wanted();
        (count > 0).then(|| (count, self.look.start(now)))
    }

    /// What a step brought for a want of this lane.
    pub(super) fn claimed(&mut self, want: &Want, leases: Vec<Lease>, took: Duration) {
        self.more = leases.len() >= want.count;
        self.look.found(want.start, leases.first().map(|lease| lease.task.order_key), self.more, took);
        self.buffered.extend(leases);
    }

    /// A step failed: nobody knows what waits.
    pub(super) fn unknown(&mut self) {
        self.more = true;
    }
}
