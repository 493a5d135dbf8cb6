//! `awa`, with the queue settings of its own benchmarks.

use std::{ops::Range, time::Duration};

use awa::{
    Client, InsertOpts, InsertParams, JobArgs, JobResult, QueueConfig, QueueStorage, QueueStorageConfig, insert_with,
    migrations, model,
};
use serde::{Deserialize, Serialize};
use sqlx_of_awa::postgres::{PgPool, PgPoolOptions};

use crate::subject::{self, Queue, Work};

const QUEUE: &str = "jobs";

/// The queue.
#[derive(Clone)]
pub struct Awa {
    pool: PgPool,
}

#[derive(Debug, Clone, Serialize, Deserialize, JobArgs)]
struct Job {
    number: u64,
    options: String,
}

impl Job {
    fn new(number: u64) -> Self {
        Self { number, options: subject::options(number) }
    }
}

fn opts() -> InsertOpts {
    InsertOpts { queue: QUEUE.to_owned(), ..InsertOpts::default() }
}

impl Awa {
    fn client(&self, slots: usize, work: Work) -> Client {
        let config = QueueConfig {
            max_workers: u32::try_from(slots).expect("few slots"),
            poll_interval: Duration::from_millis(50),
            // Without a deadline a job takes the short path that its benchmarks measure.
            deadline_duration: Duration::ZERO,
            ..QueueConfig::default()
        };
        Client::builder(self.pool.clone())
            .queue(QUEUE, config)
            .register::<Job, _, _>(move |job: Job, _context| {
                let work = work.clone();
                async move {
                    work.run(job.number).await;
                    Ok(JobResult::Completed)
                }
            })
            .build()
            .expect("the settings are sound")
    }
}

impl Queue for Awa {
    async fn connect(url: &str, connections: u32) -> Self {
        let pool = PgPoolOptions::new().max_connections(connections + 8).test_before_acquire(false);
        Self { pool: pool.connect(url).await.expect("the database answers") }
    }

    async fn install(&self) {
        migrations::run(&self.pool).await.expect("the schema can be made");
        // The first worker of a fresh database switches it to its new storage engine.
        let client = self.client(1, Work::new(Duration::ZERO, false));
        client.start().await.expect("the worker starts");
        tokio::time::sleep(Duration::from_secs(3)).await;
        client.shutdown(Duration::from_secs(5)).await;
    }

    async fn enqueue(&self, number: u64) {
        insert_with(&self.pool, &Job::new(number), opts()).await.expect("a job can be inserted");
    }

    async fn enqueue_many(&self, numbers: Range<u64>) {
        let jobs: Vec<InsertParams> = numbers
            .map(|number| model::insert::params_with(&Job::new(number), opts()).expect("sound options"))
            .collect();
        let storage = QueueStorage::new(QueueStorageConfig::default()).expect("the defaults are sound");
        storage.enqueue_params_copy(&self.pool, &jobs).await.expect("jobs can be inserted");
    }

    async fn work(&self, slots: usize, work: Work) {
        let client = self.client(slots, work);
        client.start().await.expect("the worker starts");
        std::future::pending::<()>().await;
    }
}
