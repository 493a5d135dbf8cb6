//! `graphile_worker`: with its defaults, and with the settings of its own throughput benchmark.

use std::{ops::Range, time::Duration};

use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, LocalQueueConfig, RawJobSpec, TaskHandler, WorkerContext, WorkerOptions,
    WorkerUtils,
};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgPool, PgPoolOptions};

use crate::subject::{self, Queue, Work};

const SCHEMA: &str = "graphile_worker";

/// The queue; `BATCHED` with a local queue of 500 and completions that are written together.
#[derive(Clone)]
pub struct Graphile<const BATCHED: bool> {
    pool: PgPool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Job {
    number: u64,
    options: String,
}

impl Job {
    fn new(number: u64) -> Self {
        Self { number, options: subject::options(number) }
    }
}

impl TaskHandler for Job {
    const IDENTIFIER: &'static str = "job";

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        ctx.get_ext::<Work>().expect("the worker was given the extension").run(self.number).await;
        Ok::<(), String>(())
    }
}

impl<const BATCHED: bool> Graphile<BATCHED> {
    fn utils(&self) -> WorkerUtils {
        WorkerUtils::new(self.pool.clone(), SCHEMA)
    }
}

impl<const BATCHED: bool> Queue for Graphile<BATCHED> {
    async fn connect(url: &str, connections: u32) -> Self {
        let pool = PgPoolOptions::new().max_connections(connections).test_before_acquire(false);
        Self { pool: pool.connect(url).await.expect("the database answers") }
    }

    async fn install(&self) {
        self.utils().migrate().await.expect("the schema can be made");
    }

    async fn enqueue(&self, number: u64) {
        self.utils().add_job(Job::new(number), JobSpec::default()).await.expect("a job can be added");
    }

    async fn enqueue_many(&self, numbers: Range<u64>) {
        let jobs: Vec<_> = numbers
            .map(|number| RawJobSpec {
                identifier: Job::IDENTIFIER.to_owned(),
                payload: serde_json::to_value(Job::new(number)).expect("a payload is JSON"),
                spec: JobSpec::default(),
            })
            .collect();
        self.utils().add_raw_jobs(&jobs).await.expect("jobs can be added");
    }

    async fn work(&self, slots: usize, work: Work) {
        let mut options = WorkerOptions::default()
            .database(self.pool.clone())
            .schema(SCHEMA)
            .concurrency(slots)
            .listen_os_shutdown_signals(false)
            .add_extension(work)
            .define_job::<Job>();
        if BATCHED {
            options = options
                .poll_interval(Duration::from_millis(5))
                .complete_job_batch_delay(Duration::from_millis(5))
                .local_queue(LocalQueueConfig::default().with_size(500));
        }
        let worker = options.init().await.expect("the options are sound");
        worker.run().await.expect("the worker runs until the process ends");
    }
}
