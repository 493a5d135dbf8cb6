//! Who waits for which job, and which jobs are to be looked at next. Knows no database; the time is passed in.

use std::{
    collections::{BTreeSet, HashMap},
    iter, mem,
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{oneshot, watch},
    time::Instant,
};

use crate::{
    domain::JobId,
    storage::{self, jobs::JobRow},
    workflows::result::Completed,
};

/// Most jobs of one look that somebody asks for or a bell has named, and as many of those that are looked at anew: a bell never
/// has to wait for all of these.
pub(super) const BATCH_MAX: usize = 500;
/// How often jobs are looked at whose progress is followed: progress rings no bell, since documents are many.
pub(super) const PROGRESS: Duration = Duration::from_millis(250);

/// What somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::workflows) enum Wanted {
    /// The result.
    Result,
    /// Each step.
    Progress,
}

/// A job as it was seen last.
#[derive(Debug, Clone, Default)]
pub(in crate::workflows) struct Seen {
    /// The job; none when it is gone.
    pub(in crate::workflows) job: Option<Arc<JobRow>>,
    /// What came of it, when it is completed and somebody waits for that.
    pub(in crate::workflows) result: Option<Arc<Completed>>,
}

impl Seen {
    fn is_same(&self, other: &Self) -> bool {
        self.job == other.job && self.result.is_some() == other.result.is_some()
    }
}

/// What a look says to who asked for it.
pub(super) type Answer = Result<Seen, storage::Error>;

/// Everybody in this process who waits for a job.
#[derive(Debug)]
pub(super) struct Registry {
    jobs: HashMap<JobId, Entry>,
    /// To be looked at first: somebody asks, or a bell was heard.
    due: BTreeSet<JobId>,
    /// To be looked at since it is time.
    again: BTreeSet<JobId>,
    /// How often a job is looked at without a bell.
    recheck: Duration,
    recheck_at: Instant,
    progress_at: Instant,
    /// How many follow the progress of a job.
    followers: usize,
}

/// All who wait for one job.
#[derive(Debug)]
struct Entry {
    told: watch::Sender<Seen>,
    /// Those who want to be told even if nothing has changed: a look that begins after they came.
    asking: Vec<oneshot::Sender<Answer>>,
    waiters: usize,
    followers: usize,
}

/// A job to be looked at.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) job: JobId,
    /// Whether what came of it is wanted.
    pub(super) result: bool,
    asking: Vec<oneshot::Sender<Answer>>,
}

/// What to do now.
#[derive(Debug)]
pub(super) enum Turn {
    /// Look at these jobs.
    Look(Vec<Look>),
    /// Nothing, until then or until something is heard.
    Rest(Option<Instant>),
}

impl Registry {
    pub(super) fn new(recheck: Duration, now: Instant) -> Self {
        Self {
            jobs: HashMap::new(),
            due: BTreeSet::new(),
            again: BTreeSet::new(),
            recheck,
            recheck_at: now,
            progress_at: now,
            followers: 0,
        }
    }

    /// Takes in somebody, who is told of a look that begins from now on, and then of each change.
    pub(super) fn add(
        &mut self,
        job: JobId,
        wanted: Wanted,
        now: Instant,
    ) -> (oneshot::Receiver<Answer>, watch::Receiver<Seen>) {
        if self.jobs.is_empty() {
            self.recheck_at = now + self.recheck;
        }
        let entry = self.jobs.entry(job).or_insert_with(|| Entry {
            told: watch::Sender::new(Seen::default()),
            asking: Vec::new(),
            waiters: 0,
            followers: 0,
        });
        match wanted {
            Wanted::Result => entry.waiters += 1,
            Wanted::Progress => {
                entry.followers += 1;
                if self.followers == 0 {
                    self.progress_at = now + PROGRESS;
                }
                self.followers += 1;
            }
        }
        let (asking, answer) = oneshot::channel();
        entry.asking.push(asking);
        self.due.insert(job);
        (answer, entry.told.subscribe())
    }

    /// Lets somebody go.
    pub(super) fn remove(&mut self, job: JobId, wanted: Wanted) {
        let Some(entry) = self.jobs.get_mut(&job) else { return };
        match wanted {
            Wanted::Result => entry.waiters -= 1,
            Wanted::Progress => {
                entry.followers -= 1;
                self.followers -= 1;
            }
        }
        if entry.waiters + entry.followers == 0 {
            self.jobs.remove(&job);
            self.due.remove(&job);
            self.again.remove(&job);
        }
    }

    /// A bell has named a job; says whether that concerns anybody here.
    pub(super) fn rung(&mut self, job: JobId) -> bool {
        let concerns = self.jobs.contains_key(&job);
        if concerns {
            self.due.insert(job);
        }
        concerns
    }

    /// Bells may have been missed.
    pub(super) fn missed(&mut self) {
        self.again.extend(self.jobs.keys());
    }

    /// Says what to do now.
    pub(super) fn turn(&mut self, now: Instant) -> Turn {
        // A round that is not through is not begun anew, or the last jobs would never have their turn.
        if now >= self.recheck_at && self.again.is_empty() {
            self.again.extend(self.jobs.keys());
            self.recheck_at = now + self.recheck;
        }
        if now >= self.progress_at && self.followers > 0 {
            let followed = self.jobs.iter().filter(|(_, entry)| entry.followers > 0);
            self.again.extend(followed.map(|(job, _)| *job));
            self.progress_at = now + PROGRESS;
        }
        let mut jobs = batch(&mut self.due);
        for job in &jobs {
            self.again.remove(job);
        }
        jobs.extend(batch(&mut self.again));
        let looks = jobs.into_iter().filter_map(|job| self.look(job)).collect::<Vec<_>>();
        if looks.is_empty() { Turn::Rest(self.next_at()) } else { Turn::Look(looks) }
    }

    fn look(&mut self, job: JobId) -> Option<Look> {
        let entry = self.jobs.get_mut(&job)?;
        let asking = mem::take(&mut entry.asking);
        Some(Look { job, result: entry.waiters > 0, asking })
    }

    fn next_at(&self) -> Option<Instant> {
        let recheck = (!self.jobs.is_empty()).then_some(self.recheck_at);
        let progress = (self.followers > 0).then_some(self.progress_at);
        recheck.into_iter().chain(progress).min()
    }

    /// Tells everybody concerned what was seen; who asked is told of a failure too, and who only waits goes on waiting.
    pub(super) fn tell(&mut self, looks: Vec<Look>, seen: &Result<HashMap<JobId, Seen>, storage::Error>) {
        for look in looks {
            let answer = match seen {
                Ok(seen) => Ok(seen.get(&look.job).cloned().unwrap_or_default()),
                Err(error) => Err(error.clone()),
            };
            if let Ok(seen) = &answer
                && let Some(entry) = self.jobs.get(&look.job)
            {
                entry.told.send_if_modified(|told| {
                    let changed = !told.is_same(seen);
                    told.clone_from(seen);
                    changed
                });
            }
            for asking in look.asking {
                // Somebody who has left wants no answer.
                asking.send(answer.clone()).ok();
            }
        }
    }
}

/// Takes the first jobs out of those to be looked at.
fn batch(jobs: &mut BTreeSet<JobId>) -> Vec<JobId> {
    iter::from_fn(|| jobs.pop_first()).take(BATCH_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{JobState, TenantId};

    const RECHECK: Duration = Duration::from_secs(2);

    fn registry() -> (Registry, Instant) {
        let now = Instant::now();
        (Registry::new(RECHECK, now), now)
    }

    fn seen(job: JobId, state: JobState) -> Seen {
        let job = JobRow {
            id: job,
            tenant: TenantId::DEFAULT,
            workflow: String::new(),
            profile: String::new(),
            profile_version: 1,
            name: None,
            priority: 0,
            state,
            outcome: None,
            error_code: None,
            error_message: None,
            documents: 0,
            documents_open: 0,
            pages: 0,
            pages_open: 0,
            deleted_at: None,
        };
        Seen { job: Some(Arc::new(job)), result: None }
    }

    /// The jobs of the next look, after which all of them are in a state.
    fn look(registry: &mut Registry, now: Instant, state: JobState) -> Vec<JobId> {
        let Turn::Look(looks) = registry.turn(now) else { return Vec::new() };
        let jobs: Vec<_> = looks.iter().map(|look| look.job).collect();
        registry.tell(looks, &Ok(jobs.iter().map(|job| (*job, seen(*job, state))).collect()));
        jobs
    }

    #[test]
    fn many_who_come_for_one_job_share_one_look_and_each_is_told() {
        let (mut registry, now) = registry();
        let job = JobId::new();
        let mut waiters: Vec<_> = (0..100).map(|_| registry.add(job, Wanted::Result, now)).collect();
        assert_eq!(look(&mut registry, now, JobState::Pending), [job]);
        assert!(look(&mut registry, now, JobState::Pending).is_empty());
        for (answer, _) in &mut waiters {
            assert!(answer.try_recv().unwrap().is_ok());
        }
        // One who comes later gets a look of its own, of which the others hear nothing, for nothing has changed.
        let (mut answer, _) = registry.add(job, Wanted::Result, now);
        waiters.iter_mut().for_each(|(_, told)| told.mark_unchanged());
        assert_eq!(look(&mut registry, now, JobState::Pending), [job]);
        assert!(answer.try_recv().unwrap().is_ok());
        assert!(waiters.iter().all(|(_, told)| !told.has_changed().unwrap()));
    }

    #[test]
    fn a_bell_wakes_those_concerned_and_nobody_else() {
        let (mut registry, now) = registry();
        let (one, other) = (JobId::new(), JobId::new());
        let (_, mut first) = registry.add(one, Wanted::Result, now);
        let (_, mut second) = registry.add(other, Wanted::Result, now);
        look(&mut registry, now, JobState::Pending);
        first.mark_unchanged();
        second.mark_unchanged();
        assert!(registry.rung(one) && !registry.rung(JobId::new()));
        assert_eq!(look(&mut registry, now, JobState::Completed), [one]);
        assert!(first.has_changed().unwrap() && !second.has_changed().unwrap());
    }

    #[test]
    fn whoever_leaves_leaves_nothing_behind() {
        let (mut registry, now) = registry();
        let job = JobId::new();
        let waiter = registry.add(job, Wanted::Result, now);
        let follower = registry.add(job, Wanted::Progress, now);
        registry.missed();
        drop(waiter);
        registry.remove(job, Wanted::Result);
        assert_eq!(registry.jobs.len(), 1, "somebody else is there");
        drop(follower);
        registry.remove(job, Wanted::Progress);
        assert!(registry.jobs.is_empty() && registry.due.is_empty() && registry.again.is_empty());
        assert!(matches!(registry.turn(now + RECHECK), Turn::Rest(None)));
    }

    #[test]
    fn without_a_bell_all_are_looked_at_now_and_then_and_those_that_are_followed_more_often() {
        let (mut registry, now) = registry();
        let (waited, followed) = (JobId::new(), JobId::new());
        let _waiter = registry.add(waited, Wanted::Result, now);
        let _follower = registry.add(followed, Wanted::Progress, now);
        assert_eq!(look(&mut registry, now, JobState::Pending).len(), 2);
        assert!(matches!(registry.turn(now), Turn::Rest(Some(at)) if at == now + PROGRESS));
        assert_eq!(look(&mut registry, now + PROGRESS, JobState::Pending), [followed]);
        assert_eq!(look(&mut registry, now + RECHECK, JobState::Pending).len(), 2);
        registry.missed();
        assert_eq!(look(&mut registry, now + RECHECK, JobState::Pending).len(), 2);
    }

    #[test]
    fn a_look_is_bounded_and_a_bell_goes_before_all_that_wait_for_their_turn() {
        let (mut registry, now) = registry();
        let waiters: Vec<_> = (0..3 * BATCH_MAX)
            .map(|_| {
                let job = JobId::new();
                (job, registry.add(job, Wanted::Result, now))
            })
            .collect();
        while !look(&mut registry, now, JobState::Pending).is_empty() {}
        registry.missed();
        let last = waiters.last().unwrap().0;
        assert_eq!(look(&mut registry, now, JobState::Pending).len(), BATCH_MAX);
        registry.rung(last);
        let looked = look(&mut registry, now, JobState::Pending);
        assert_eq!((looked[0], looked.len()), (last, BATCH_MAX + 1));
        assert_eq!(look(&mut registry, now, JobState::Pending).len(), BATCH_MAX - 1);
    }

    #[test]
    fn a_look_that_fails_is_told_to_those_who_came_for_it_and_to_nobody_else() {
        let (mut registry, now) = registry();
        let job = JobId::new();
        let (_, mut waiting) = registry.add(job, Wanted::Result, now);
        look(&mut registry, now, JobState::Pending);
        waiting.mark_unchanged();
        let (mut answer, _) = registry.add(job, Wanted::Result, now);
        let Turn::Look(looks) = registry.turn(now) else { panic!("somebody asks") };
        registry.tell(looks, &Err(storage::Error::NotFound));
        assert!(answer.try_recv().unwrap().is_err());
        assert!(!waiting.has_changed().unwrap());
    }
}
