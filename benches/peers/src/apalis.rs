//! `apalis-postgres`: its polling storage with its listener, which its documentation recommends.

use std::ops::Range;

use apalis::prelude::{BoxDynError, ParallelizeExt as _, TaskBuilder, WorkerBuilder, WorkerBuilderExt as _};
use apalis_postgres::{Config, PgTask, PostgresStorage, queries::push_tasks};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgPool, PgPoolOptions};

use crate::subject::{self, Queue, Work};

const QUEUE: &str = "jobs";

/// The queue; `LOCKED` as by default, else without the write that marks a task as running.
#[derive(Clone)]
pub struct Apalis<const LOCKED: bool> {
    pool: PgPool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Job {
    number: u64,
    options: String,
}

impl<const LOCKED: bool> Apalis<LOCKED> {
    async fn push(&self, numbers: Range<u64>) {
        let tasks = numbers.map(task).collect();
        let mut conn = self.pool.acquire().await.expect("a connection is free");
        push_tasks(&mut *conn, QUEUE, tasks).await.expect("tasks can be pushed");
    }
}

fn task(number: u64) -> PgTask {
    let job = Job { number, options: subject::options(number) };
    TaskBuilder::new(serde_json::to_vec(&job).expect("a payload is JSON")).build()
}

impl<const LOCKED: bool> Queue for Apalis<LOCKED> {
    async fn connect(url: &str, connections: u32) -> Self {
        let pool = PgPoolOptions::new().max_connections(connections).test_before_acquire(false);
        Self { pool: pool.connect(url).await.expect("the database answers") }
    }

    async fn install(&self) {
        PostgresStorage::setup(&self.pool).await.expect("the schema can be made");
    }

    async fn enqueue(&self, number: u64) {
        self.push(number..number + 1).await;
    }

    async fn enqueue_many(&self, numbers: Range<u64>) {
        self.push(numbers).await;
    }

    async fn work(&self, slots: usize, work: Work) {
        let config = Config::default().queue(QUEUE).batch_size(slots).lock_tasks(LOCKED);
        let backend = PostgresStorage::<Job>::new(&self.pool).with_config(config).with_pubsub();
        let handle = move |job: Job| {
            let work = work.clone();
            async move {
                work.run(job.number).await;
                Ok::<(), BoxDynError>(())
            }
        };
        let name = format!("worker-{}", std::process::id());
        let worker =
            WorkerBuilder::new(name).backend(backend).concurrency(slots).parallelize(tokio::spawn).build(handle);
        worker.run().await.expect("the worker runs until the process ends");
    }
}
