//! Bells: notifications that say "look again", rung after the commit and merged.
//!
//! # Why not inside the transaction
//! PostgreSQL orders the notification queue by commit under one lock that is held through the flush, so a `notify` in
//! a writing transaction switches group commit off for the whole server (measured: 2 to 27 times fewer inserts). The one
//! exception is a job that comes alone in quiet times ([`super::intake`]): there is no group then to be broken up.

use std::{collections::BTreeSet, time::Duration};

use sqlx::{PgConnection, postgres::PgPool};
use tokio::sync::mpsc;

use crate::{domain::JobId, storage::Error};

/// New work waits.
pub const WORK: &str = "bindery_work";
/// Something that runs should stop.
pub const STOP: &str = "bindery_stop";
/// Jobs have completed, or are gone; the payload names them.
pub const DONE: &str = "bindery_done";

/// Rings of this process within so long become one.
const MERGE: Duration = Duration::from_millis(5);
/// Identifiers in one payload; PostgreSQL allows 8,000 bytes, an identifier has 29.
const IDS_PER_PAYLOAD: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ring {
    Work,
    Stop,
    Done(JobId),
}

/// Rings for this process. Cloning is cheap; ringing never waits and never fails: a lost bell costs one poll interval.
#[derive(Debug, Clone)]
pub struct Bell {
    rings: mpsc::UnboundedSender<Ring>,
}

impl Bell {
    /// Starts the task that rings; it ends when every clone is gone.
    pub fn new(pool: PgPool) -> Self {
        let (rings, mut heard) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(first) = heard.recv().await {
                let mut pending = BTreeSet::from([first]);
                while let Ok(ring) = heard.try_recv() {
                    pending.insert(ring);
                }
                for (channel, payload) in payloads(&pending) {
                    let rung = sqlx::query("select pg_notify($1, $2)").bind(channel).bind(payload);
                    if let Err(error) = rung.execute(&pool).await {
                        tracing::debug!(%error, channel, "a bell could not be rung");
                    }
                }
                // The first ring goes at once; what comes within so long after it goes together.
                tokio::time::sleep(MERGE).await;
            }
        });
        Self { rings }
    }

    /// Says that new work waits.
    pub fn work(&self) {
        self.ring(Ring::Work);
    }

    /// Says that something that runs should stop.
    pub fn stop(&self) {
        self.ring(Ring::Stop);
    }

    /// Says that a job has completed, or is gone: whoever waits for it has waited long enough.
    pub fn done(&self, job: JobId) {
        self.ring(Ring::Done(job));
    }

    fn ring(&self, ring: Ring) {
        // The task lives as long as the runtime; at shutdown a bell has nobody to wake.
        if self.rings.send(ring).is_err() {
            tracing::debug!("a bell was rung after shutdown");
        }
    }
}

/// Rings one bell at once, for a process that has no [`Bell`].
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn ring_once(conn: &mut PgConnection, channel: &str) -> Result<(), Error> {
    sqlx::query("select pg_notify($1, '')").bind(channel).execute(conn).await.map_err(Error::of("ring a bell"))?;
    Ok(())
}

fn payloads(pending: &BTreeSet<Ring>) -> Vec<(&'static str, String)> {
    let mut calls = Vec::new();
    let mut done = Vec::new();
    for ring in pending {
        match ring {
            Ring::Work => calls.push((WORK, String::new())),
            Ring::Stop => calls.push((STOP, String::new())),
            Ring::Done(job) => done.push(job.to_string()),
        }
    }
    calls.extend(done.chunks(IDS_PER_PAYLOAD).map(|ids| (DONE, ids.join(" "))));
    calls
}
