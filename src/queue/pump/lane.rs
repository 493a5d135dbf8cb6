//! The slots of one lane, with what is claimed ahead of them. Pure.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::look::Look;
use crate::queue::{Lease, step::Want};

/// A look that only goes along with a settlement is not worth a statement when the last one found too little so short ago:
/// what has come since rings a bell, and where no bell is heard, tasks that take longer than this look again.
const JUST_NOW: Duration = Duration::from_millis(10);
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
    /// When a look last brought its answer.
    looked_at: Option<Instant>,
}

impl Slots {
    pub(super) fn new(count: usize, ahead_max: usize) -> Self {
        Self {
            count,
            taken: 0,
            buffered: VecDeque::new(),
            ahead_max,
            mean: None,
            look: Look::default(),
            more: false,
            looked_at: None,
        }
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

    /// Whether a claim is a reason for a step. `told` is whether work may wait.
    pub(super) fn is_hungry(&self, told: bool, now: Instant) -> bool {
        self.is_low() && self.may_find(told, now)
    }

    /// Whether there is reason to think that a look finds something.
    fn may_find(&self, told: bool, now: Instant) -> bool {
        told || self.more || self.look.again_at().is_some_and(|at| now >= at)
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

    /// What to claim with the next step, whatever the reason for that is.
    pub(super) fn want(&mut self, told: bool, now: Instant) -> Option<(usize, i64)> {
        let count = self.wanted();
        // A bell that finds no room is remembered.
        self.more |= told && count == 0;
        let just_now = self.looked_at.is_some_and(|at| now < at + JUST_NOW);
        (count > 0 && (self.may_find(told, now) || !just_now)).then(|| (count, self.look.start(now)))
    }

    /// What a step brought for a want of this lane.
    pub(super) fn claimed(&mut self, want: &Want, leases: Vec<Lease>, took: Duration) {
        self.more = leases.len() >= want.count;
        self.looked_at = Some(Instant::now());
        self.look.found(want.start, leases.first().map(|lease| lease.task.order_key), self.more, took);
        self.buffered.extend(leases);
    }

    /// A step failed: nobody knows what waits.
    pub(super) fn unknown(&mut self) {
        self.more = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Lane;

    fn looked(slots: &mut Slots, now: Instant, told: bool) -> bool {
        let Some((count, start)) = slots.want(told, now) else { return false };
        slots.claimed(&Want { lane: Lane::Native, count, start }, Vec::new(), Duration::ZERO);
        true
    }

    #[test]
    fn a_look_that_goes_along_is_left_out_when_one_just_found_nothing() {
        let mut slots = Slots::new(2, 0);
        assert!(looked(&mut slots, Instant::now(), false), "nobody has looked yet");
        assert!(!looked(&mut slots, Instant::now(), false));
        assert!(looked(&mut slots, Instant::now(), true), "a bell rang");
        assert!(looked(&mut slots, Instant::now() + JUST_NOW * 2, false), "that was long ago");
    }

    #[test]
    fn a_bell_that_finds_no_room_is_remembered() {
        let mut slots = Slots::new(0, 0);
        assert!(!looked(&mut slots, Instant::now(), true));
        slots.count = 1;
        assert!(slots.is_hungry(false, Instant::now()));
    }
}
