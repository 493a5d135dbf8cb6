//! The queue against a small model: whatever several workers do, in whatever order, no task is done twice with effect, none
//! is lost, and none is stuck.

use std::{collections::BTreeMap, time::Duration};

use bindery::{
    domain::{JobId, Lane, TenantId},
    queue::{
        Ending, Lease, NewTask, cancel, enqueue,
        lease::How,
        rescue,
        step::{Want, step},
        worker,
    },
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use sqlx::PgConnection;

use crate::support::{
    Database,
    scripted::{register, task},
    wait::seconds,
};

const WORKERS: usize = 3;
const TENANTS: usize = 2;

/// How an attempt is ended; numbers choose among what there is.
#[derive(Debug, Clone, Copy)]
enum End {
    Succeed,
    Fail,
    Retry,
    RetryLater,
    Release,
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Event {
    Enqueue {
        tenant: usize,
    },
    /// A worker settles some of all leases ever given, stale ones among them, and claims.
    Step {
        worker: usize,
        ends: Vec<(usize, End)>,
        want: usize,
    },
    /// The claim is committed, and its answer lost with the connection.
    LostClaim {
        worker: usize,
        want: usize,
    },
    /// The worker hands back what it does not know of.
    Forgo(usize),
    Renew(usize),
    /// The lease runs out, which nobody has seen yet.
    Expire(usize),
    Rescue,
    /// The worker stops in order; another takes its place.
    Leave(usize),
    Cancel(usize),
    TimePasses,
}

fn event() -> impl Strategy<Value = Event> {
    let end = prop_oneof![
        4 => Just(End::Succeed),
        1 => Just(End::Fail),
        1 => Just(End::Retry),
        1 => Just(End::RetryLater),
        1 => Just(End::Release),
    ];
    let ends = prop::collection::vec((any::<usize>(), end), 0..4);
    prop_oneof![
        5 => (0..TENANTS).prop_map(|tenant| Event::Enqueue { tenant }),
        7 => (0..WORKERS, ends, 0..4_usize).prop_map(|(worker, ends, want)| Event::Step { worker, ends, want }),
        1 => (0..WORKERS, 1..3_usize).prop_map(|(worker, want)| Event::LostClaim { worker, want }),
        1 => (0..WORKERS).prop_map(Event::Forgo),
        2 => (0..WORKERS).prop_map(Event::Renew),
        1 => (0..WORKERS).prop_map(Event::Expire),
        2 => Just(Event::Rescue),
        1 => (0..WORKERS).prop_map(Event::Leave),
        1 => any::<usize>().prop_map(Event::Cancel),
        1 => Just(Event::TimePasses),
    ]
}

/// Where the model sees a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Ready,
    Later,
    /// Held under a fence by one of the workers, which may not know of it.
    Held {
        fence: i64,
        worker: usize,
        known: bool,
    },
    Done,
    Failed,
    Dropped,
}

#[derive(Debug, Clone, Copy)]
struct Modeled {
    job: JobId,
    order_key: i64,
    place: Place,
    attempt: i16,
    crashes: i16,
    canceled: bool,
}

/// What the queue should hold, and every lease that was ever given.
struct Model {
    workers: Vec<worker::Registration>,
    dead: [bool; WORKERS],
    tasks: BTreeMap<i64, Modeled>,
    leases: Vec<(Lease, usize)>,
    tenants: Vec<TenantId>,
}

impl Model {
    async fn new(conn: &mut PgConnection) -> Self {
        sqlx::raw_sql("truncate tasks, attempts, workers").execute(&mut *conn).await.unwrap();
        let mut workers = Vec::new();
        for _ in 0..WORKERS {
            workers.push(register(conn, seconds(600)).await);
        }
        let tenants = (0..TENANTS).map(|n| TenantId(uuid::Uuid::from_u128(n as u128))).collect();
        Self { workers, dead: [false; WORKERS], tasks: BTreeMap::new(), leases: Vec::new(), tenants }
    }

    async fn apply(&mut self, conn: &mut PgConnection, event: &Event) -> Result<(), TestCaseError> {
        match event {
            Event::Enqueue { tenant } => self.enqueue(conn, *tenant).await,
            Event::Step { worker, ends, want } => return self.step(conn, *worker, ends, *want).await,
            Event::LostClaim { worker, want } => return self.claim(conn, *worker, *want, false).await,
            Event::Forgo(worker) => return self.forgo(conn, *worker).await,
            Event::Renew(worker) => return self.renew(conn, *worker).await,
            Event::Expire(worker) => {
                worker::bury(conn, self.workers[*worker].id).await.unwrap();
                self.dead[*worker] = true;
            }
            Event::Rescue => return self.rescue(conn).await,
            Event::Leave(number) => self.leave(conn, *number).await,
            Event::Cancel(number) => self.cancel(conn, *number).await,
            Event::TimePasses => {
                sqlx::query("update tasks set run_at = now() where state = 'later'").execute(&mut *conn).await.unwrap();
                rescue::release_due(conn).await.unwrap();
                for task in self.tasks.values_mut().filter(|task| task.place == Place::Later) {
                    task.place = Place::Ready;
                }
            }
        }
        Ok(())
    }

    async fn enqueue(&mut self, conn: &mut PgConnection, tenant: usize) {
        let new = NewTask { tenant: self.tenants[tenant], ..task() };
        enqueue(conn, &new).await.unwrap();
        let (id, order_key): (i64, i64) = sqlx::query_as("select id, order_key from tasks where job_id = $1")
            .bind(new.job)
            .fetch_one(conn)
            .await
            .unwrap();
        let modeled = Modeled { job: new.job, order_key, place: Place::Ready, attempt: 0, crashes: 0, canceled: false };
        self.tasks.insert(id, modeled);
    }

    async fn step(
        &mut self,
        conn: &mut PgConnection,
        worker: usize,
        ends: &[(usize, End)],
        want: usize,
    ) -> Result<(), TestCaseError> {
        // The leases of this worker, ended or not, lost or not; each at most once in a step.
        let mut chosen: BTreeMap<i64, (Lease, End)> = BTreeMap::new();
        let own: Vec<_> = self.leases.iter().filter(|(_, owner)| *owner == worker).collect();
        for (number, end) in ends {
            if let Some((lease, _)) = number.checked_rem(own.len()).map(|at| own[at]) {
                chosen.insert(lease.fence, (lease.clone(), *end));
            }
        }
        let endings: Vec<_> = chosen.values().map(|(lease, end)| (lease, Ending::of(how(*end)), *end)).collect();
        let ended: Vec<_> = endings.iter().map(|(lease, ending, _)| (*lease, ending)).collect();
        let wants = [Want::anywhere(Lane::Native, want)];
        let stepped = step(conn, self.workers[worker].id, &ended, &wants[..want.min(1)]).await.unwrap();
        for (lease, _, end) in &endings {
            let task = self.tasks.get_mut(&lease.task.id).unwrap();
            let counts = matches!(task.place, Place::Held { fence, .. } if fence == lease.fence);
            prop_assert_eq!(stepped.settled.contains(&lease.fence), counts, "fence {}", lease.fence);
            if counts {
                task.place = match end {
                    End::Succeed => Place::Done,
                    End::Fail => Place::Failed,
                    End::Retry | End::Release => Place::Ready,
                    End::RetryLater => Place::Later,
                };
                task.attempt -= i16::from(matches!(end, End::Release));
            }
        }
        // What the step has freed may be claimed by it at once.
        let expected = self.expected(worker, want);
        self.claimed(worker, expected, stepped.claimed, true)
    }

    async fn claim(
        &mut self,
        conn: &mut PgConnection,
        worker: usize,
        want: usize,
        known: bool,
    ) -> Result<(), TestCaseError> {
        let expected = self.expected(worker, want);
        let wants = [Want::anywhere(Lane::Native, want)];
        let stepped = step(conn, self.workers[worker].id, &[], &wants).await.unwrap();
        self.claimed(worker, expected, stepped.claimed, known)
    }

    /// The places in line that a claim should give: the first ones.
    fn expected(&self, worker: usize, want: usize) -> Vec<i64> {
        if self.dead[worker] {
            return Vec::new();
        }
        let ready = self.tasks.values().filter(|task| task.place == Place::Ready);
        let mut keys: Vec<_> = ready.map(|task| task.order_key).collect();
        keys.sort_unstable();
        keys.truncate(want);
        keys
    }

    fn claimed(
        &mut self,
        worker: usize,
        expected: Vec<i64>,
        leases: Vec<Lease>,
        known: bool,
    ) -> Result<(), TestCaseError> {
        prop_assert_eq!(leases.iter().map(|lease| lease.task.order_key).collect::<Vec<_>>(), expected);
        for lease in leases {
            let task = self.tasks.get_mut(&lease.task.id).unwrap();
            task.attempt += 1;
            task.place = Place::Held { fence: lease.fence, worker, known };
            prop_assert_eq!((lease.task.attempt, lease.task.crashes), (task.attempt, task.crashes));
            if known {
                self.leases.push((lease, worker));
            }
        }
        Ok(())
    }

    async fn forgo(&mut self, conn: &mut PgConnection, number: usize) -> Result<(), TestCaseError> {
        let mut fences = Vec::new();
        let mut unknown = 0;
        for task in self.tasks.values_mut() {
            match task.place {
                Place::Held { fence, worker, known: true } if worker == number => fences.push(fence),
                Place::Held { worker, known: false, .. } if worker == number => {
                    task.place = Place::Ready;
                    task.attempt -= 1;
                    unknown += 1;
                }
                Place::Held { .. } | Place::Ready | Place::Later | Place::Done | Place::Failed | Place::Dropped => {}
            }
        }
        let back = rescue::forgo_unknown(conn, self.workers[number].id, &fences).await.unwrap();
        prop_assert_eq!(back, unknown);
        Ok(())
    }

    /// Renewing names what was canceled, and of everything else that was ever given that it is lost.
    async fn renew(&mut self, conn: &mut PgConnection, number: usize) -> Result<(), TestCaseError> {
        let own: Vec<_> = self.leases.iter().filter(|(_, owner)| *owner == number).map(|(lease, _)| lease).collect();
        let held: Vec<_> = own.iter().map(|lease| lease.held()).collect();
        let renewed = worker::renew(conn, self.workers[number].id, seconds(600), &held).await.unwrap();
        // A lease that ran out and that nobody noticed is taken up again.
        self.dead[number] = false;
        let mut named: Vec<_> = renewed.unwrap().iter().map(|entry| (entry.fence, entry.lost)).collect();
        named.sort_unstable();
        let mut expected = Vec::new();
        for lease in own {
            let task = &self.tasks[&lease.task.id];
            let holds = matches!(task.place, Place::Held { fence, .. } if fence == lease.fence);
            if !holds || task.canceled {
                expected.push((lease.fence, !holds));
            }
        }
        expected.sort_unstable();
        prop_assert_eq!(named, expected);
        Ok(())
    }

    /// Everything that dead workers hold goes back, with the crash counted; others take their places.
    async fn rescue(&mut self, conn: &mut PgConnection) -> Result<(), TestCaseError> {
        let mut lost = 0;
        for task in self.tasks.values_mut() {
            if matches!(task.place, Place::Held { worker, .. } if self.dead[worker]) {
                task.place = if task.crashes > 0 { Place::Later } else { Place::Ready };
                task.attempt -= 1;
                task.crashes += 1;
                lost += 1;
            }
        }
        prop_assert_eq!(rescue::rescue(conn).await.unwrap().tasks, lost);
        for number in 0..WORKERS {
            if std::mem::take(&mut self.dead[number]) {
                self.workers[number] = register(conn, seconds(600)).await;
            }
        }
        Ok(())
    }

    async fn leave(&mut self, conn: &mut PgConnection, number: usize) {
        worker::delete(conn, self.workers[number].id).await.unwrap();
        for task in self.tasks.values_mut() {
            if matches!(task.place, Place::Held { worker, .. } if worker == number) {
                task.place = Place::Ready;
                task.attempt -= 1;
            }
        }
        self.dead[number] = false;
        self.workers[number] = register(conn, seconds(600)).await;
    }

    async fn cancel(&mut self, conn: &mut PgConnection, number: usize) {
        let Some(at) = number.checked_rem(self.tasks.len()) else { return };
        let task = self.tasks.values_mut().nth(at).unwrap();
        cancel::cancel_job(conn, task.job).await.unwrap();
        match task.place {
            Place::Ready | Place::Later => task.place = Place::Dropped,
            Place::Held { .. } => task.canceled = true,
            Place::Done | Place::Failed | Place::Dropped => {}
        }
    }

    /// What the tables hold is what the model holds.
    async fn check(&self, conn: &mut PgConnection) -> Result<(), TestCaseError> {
        let rows: Vec<(i64, String, Option<i64>, i16, i16)> =
            sqlx::query_as("select id, state, fence, attempt, crashes from tasks order by id")
                .fetch_all(&mut *conn)
                .await
                .unwrap();
        let expected: Vec<_> = self
            .tasks
            .iter()
            .filter_map(|(id, task)| {
                let (state, fence) = match task.place {
                    Place::Ready => ("ready", None),
                    Place::Later => ("later", None),
                    Place::Held { fence, .. } => ("running", Some(fence)),
                    Place::Done | Place::Failed | Place::Dropped => return None,
                };
                Some((*id, state.to_owned(), fence, task.attempt, task.crashes))
            })
            .collect();
        prop_assert_eq!(rows, expected);
        for (ending, place) in [("succeeded", Place::Done), ("failed", Place::Failed)] {
            let ended: Vec<i64> = sqlx::query_scalar("select task_id from attempts where ending = $1 order by task_id")
                .bind(ending)
                .fetch_all(&mut *conn)
                .await
                .unwrap();
            let expected: Vec<_> =
                self.tasks.iter().filter(|(_, task)| task.place == place).map(|(id, _)| *id).collect();
            prop_assert_eq!(ended, expected, "{} once, and once only", ending);
        }
        Ok(())
    }

    /// Whatever has happened, what is left can be done by whoever comes.
    async fn drain(&mut self, conn: &mut PgConnection) -> Result<(), TestCaseError> {
        self.dead = [true; WORKERS];
        for worker in &self.workers {
            worker::bury(conn, worker.id).await.unwrap();
        }
        self.rescue(conn).await?;
        self.apply(conn, &Event::TimePasses).await?;
        self.claim(conn, 0, usize::MAX, true).await?;
        let first = self.leases.iter().filter(|(_, owner)| *owner == 0).count();
        let ends: Vec<_> = (0..first).map(|number| (number, End::Succeed)).collect();
        self.step(conn, 0, &ends, 0).await?;
        let rows: i64 = sqlx::query_scalar("select count(*) from tasks").fetch_one(conn).await.unwrap();
        prop_assert_eq!(rows, 0, "nothing is stuck");
        Ok(())
    }
}

fn how(end: End) -> How {
    match end {
        End::Succeed => How::Succeeded,
        End::Fail => How::Failed,
        End::Retry => How::Retried(Duration::ZERO),
        End::RetryLater => How::Retried(seconds(60)),
        End::Release => How::Released(Duration::ZERO),
    }
}

#[test]
fn whatever_several_workers_do_no_task_is_done_twice_and_none_is_lost_or_stuck() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = runtime.block_on(Database::migrated());
    let config = Config { cases: 100, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&prop::collection::vec(event(), 1..60), |events| {
        runtime.block_on(async {
            let mut conn = database.connect().await;
            let mut model = Model::new(&mut conn).await;
            for event in &events {
                model.apply(&mut conn, event).await?;
            }
            model.check(&mut conn).await?;
            model.drain(&mut conn).await?;
            model.check(&mut conn).await
        })
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}
