//! The queue against a small model: whatever several workers do, no task is done twice and none is lost.

use std::{collections::BTreeMap, time::Duration};

use bindery::queue::{Error, Lease, Report, cancel, lease::Final, rescue, worker};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use sqlx::PgConnection;

use crate::support::{
    Database,
    scripted::{enqueue, register, take},
    wait::seconds,
};

const WORKERS: usize = 3;

/// One step; numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    Enqueue,
    Claim { worker: usize, want: usize },
    Finish(usize),
    Retry(usize),
    Release(usize),
    Cancel(usize),
    Die(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Enqueue),
        4 => (0..WORKERS, 1..4_usize).prop_map(|(worker, want)| Step::Claim { worker, want }),
        3 => any::<usize>().prop_map(Step::Finish),
        1 => any::<usize>().prop_map(Step::Retry),
        1 => any::<usize>().prop_map(Step::Release),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => (0..WORKERS).prop_map(Step::Die),
    ]
}

/// Where the model sees a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Waiting,
    /// Held under a fence by one of the workers.
    Held {
        fence: i64,
        worker: usize,
    },
    Done,
    Dropped,
}

/// What the queue should hold, and every lease that was ever given.
struct Model {
    workers: Vec<worker::Registration>,
    /// By task, in order of age; with the attempts that count.
    tasks: BTreeMap<i64, (Place, i16)>,
    leases: Vec<(Lease, usize)>,
}

impl Model {
    async fn new(conn: &mut PgConnection) -> Self {
        sqlx::raw_sql("truncate tasks, attempts, workers").execute(&mut *conn).await.unwrap();
        let mut workers = Vec::new();
        for _ in 0..WORKERS {
            workers.push(register(conn, seconds(600)).await);
        }
        Self { workers, tasks: BTreeMap::new(), leases: Vec::new() }
    }

    /// A lease that was given some time, and whether it still counts.
    fn pick(&self, number: usize) -> Option<(Lease, bool)> {
        let (lease, worker) = self.leases.get(number.checked_rem(self.leases.len())?)?;
        let held = Place::Held { fence: lease.fence, worker: *worker };
        Some((lease.clone(), self.tasks[&lease.task.id].0 == held))
    }

    async fn apply(&mut self, conn: &mut PgConnection, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Enqueue => {
                let job = enqueue(conn, 0).await;
                let id: i64 = sqlx::query_scalar("select id from tasks where job_id = $1")
                    .bind(job)
                    .fetch_one(conn)
                    .await
                    .unwrap();
                self.tasks.insert(id, (Place::Waiting, 0));
            }
            Step::Claim { worker, want } => self.claim(conn, *worker, *want).await?,
            Step::Finish(number) => {
                let Some((lease, counts)) = self.pick(*number) else { return Ok(()) };
                let settled = lease.finish(conn, Final::Succeeded, &Report::default()).await;
                self.settled(&lease, counts, &settled, Place::Done, 0)?;
            }
            Step::Retry(number) => {
                let Some((lease, counts)) = self.pick(*number) else { return Ok(()) };
                let settled = lease.retry(conn, Duration::ZERO, &Report::default()).await;
                self.settled(&lease, counts, &settled, Place::Waiting, 0)?;
            }
            Step::Release(number) => {
                let Some((lease, counts)) = self.pick(*number) else { return Ok(()) };
                let settled = lease.release(conn, Duration::ZERO, &Report::default()).await;
                self.settled(&lease, counts, &settled, Place::Waiting, -1)?;
            }
            Step::Cancel(number) => {
                let Some((lease, _)) = self.pick(*number) else { return Ok(()) };
                cancel::cancel_job(conn, lease.task.job).await.unwrap();
                let place = &mut self.tasks.get_mut(&lease.task.id).unwrap().0;
                if *place == Place::Waiting {
                    *place = Place::Dropped;
                }
            }
            Step::Die(number) => self.die(conn, *number).await?,
        }
        Ok(())
    }

    /// The oldest waiting tasks are given, as many as wanted and there.
    async fn claim(&mut self, conn: &mut PgConnection, worker: usize, want: usize) -> Result<(), TestCaseError> {
        let waiting = self.tasks.iter().filter(|(_, (place, _))| *place == Place::Waiting);
        let expected: Vec<_> = waiting.map(|(task, (_, attempt))| (*task, attempt + 1)).take(want).collect();
        let mut leases = take(conn, &self.workers[worker], want).await;
        leases.sort_by_key(|lease| lease.task.id);
        let given: Vec<_> = leases.iter().map(|lease| (lease.task.id, lease.task.attempt)).collect();
        prop_assert_eq!(given, expected);
        for lease in leases {
            let held = Place::Held { fence: lease.fence, worker };
            self.tasks.insert(lease.task.id, (held, lease.task.attempt));
            self.leases.push((lease, worker));
        }
        Ok(())
    }

    /// A lease that counts is settled, any other is refused and changes nothing.
    fn settled(
        &mut self,
        lease: &Lease,
        counts: bool,
        settled: &Result<(), Error>,
        next: Place,
        attempts: i16,
    ) -> Result<(), TestCaseError> {
        prop_assert_eq!(settled.is_ok(), counts, "{:?}", settled);
        let refused = matches!(settled, Err(Error::LeaseLost { .. }));
        prop_assert!(counts || refused);
        if counts {
            let (place, attempt) = self.tasks.get_mut(&lease.task.id).unwrap();
            *place = next;
            *attempt += attempts;
        }
        Ok(())
    }

    /// The worker dies, its tasks are rescued, and another takes its place.
    async fn die(&mut self, conn: &mut PgConnection, number: usize) -> Result<(), TestCaseError> {
        worker::delete(conn, self.workers[number].id).await.unwrap();
        let mut lost = 0;
        for (place, _) in self.tasks.values_mut() {
            if matches!(place, Place::Held { worker, .. } if *worker == number) {
                *place = Place::Waiting;
                lost += 1;
            }
        }
        prop_assert_eq!(rescue::rescue(conn).await.unwrap(), lost);
        // The model knows no time: nothing waits for its time to come.
        sqlx::query("update tasks set run_at = now() where worker_id is null").execute(&mut *conn).await.unwrap();
        self.workers[number] = register(conn, seconds(600)).await;
        Ok(())
    }

    /// What the tables hold is what the model holds.
    async fn check(&self, conn: &mut PgConnection) -> Result<(), TestCaseError> {
        let rows: Vec<(i64, Option<i64>, i16)> =
            sqlx::query_as("select id, fence, attempt from tasks order by id").fetch_all(&mut *conn).await.unwrap();
        let expected: Vec<_> = self
            .tasks
            .iter()
            .filter_map(|(task, (place, attempt))| match place {
                Place::Waiting => Some((*task, None, *attempt)),
                Place::Held { fence, .. } => Some((*task, Some(*fence), *attempt)),
                Place::Done | Place::Dropped => None,
            })
            .collect();
        prop_assert_eq!(rows, expected);
        let done: Vec<i64> =
            sqlx::query_scalar("select task_id from attempts where ending = 'succeeded' order by task_id")
                .fetch_all(&mut *conn)
                .await
                .unwrap();
        let expected: Vec<_> =
            self.tasks.iter().filter(|(_, (place, _))| *place == Place::Done).map(|(task, _)| *task).collect();
        prop_assert_eq!(done, expected, "done once, and once only");
        let open: i64 =
            sqlx::query_scalar("select count(*) from attempts where ended_at is null").fetch_one(conn).await.unwrap();
        let held = self.tasks.values().filter(|(place, _)| matches!(place, Place::Held { .. })).count();
        prop_assert_eq!(usize::try_from(open), Ok(held), "an attempt is open while its task is held");
        Ok(())
    }
}

#[test]
fn whatever_several_workers_do_no_task_is_done_twice_and_none_is_lost() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = runtime.block_on(Database::migrated());
    let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&proptest::collection::vec(step(), 1..60), |steps| {
        runtime.block_on(async {
            let mut conn = database.connect().await;
            let mut model = Model::new(&mut conn).await;
            for step in &steps {
                model.apply(&mut conn, step).await?;
            }
            model.check(&mut conn).await
        })
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}
