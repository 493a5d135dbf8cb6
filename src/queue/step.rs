//! What a worker asks of the queue, over and over: to settle what has ended and to claim what fits.

use std::collections::{BTreeMap, HashSet};

use sqlx::{PgConnection, query, query_file, query_file_as, query_scalar};

use super::lease::{Ending, How, Lease, Task};
use crate::{
    domain::{DocumentId, JobId, Lane, TenantId, WorkerId},
    storage::{Error, jobs::interval},
};

/// What to claim from a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// The lane.
    pub lane: Lane,
    /// Most tasks.
    pub count: usize,
    /// Where in the line to begin. Everything before it is left alone: what has been claimed there leaves dead index
    /// entries, which an old snapshot elsewhere keeps from being cleaned up. `i64::MIN` looks at the whole line.
    pub start: i64,
}

impl Want {
    /// Wants tasks from anywhere in the line.
    pub const fn anywhere(lane: Lane, count: usize) -> Self {
        Self { lane, count, start: i64::MIN }
    }
}

/// What a step did.
#[derive(Debug, Default)]
pub struct Stepped {
    /// Fences of what was settled. What was to be settled and is not here is lost: its work must be dropped.
    pub settled: HashSet<i64>,
    /// What was claimed, best first in each lane.
    pub claimed: Vec<Lease>,
    /// Tasks put aside because their tenants run as much as they may; others may wait behind them.
    pub limited: usize,
    /// Whether what was settled lets other tasks of tenants with a limit go on.
    pub freed: bool,
    /// Whether the worker is alive in the eyes of the database. One that is not gets nothing, since that would be
    /// taken back at once.
    pub alive: bool,
}

/// One row of a claim's answer; which columns are set depends on `what`.
struct Row {
    what: String,
    /// That of what was claimed; the count of what was limited.
    fence: Option<i64>,
    id: Option<i64>,
    kind: Option<String>,
    lane: Option<String>,
    job: Option<JobId>,
    document: Option<DocumentId>,
    tenant: Option<TenantId>,
    attempt: Option<i16>,
    crashes: Option<i16>,
    order_key: Option<i64>,
}

/// Settles what has ended, then claims what is wanted: a statement for each, and none for nothing.
///
/// # Why two statements (2026-11)
/// One for both saves a way to the server when there is much to do, a fiftieth of the time there. But the server sets up
/// all of a statement before it begins, and a claim alone, as when work comes to an idle worker, took a third longer for
/// what it had no use for.
///
/// # Errors
/// `Unavailable` when the database is; then nobody knows whether it was done.
pub async fn step(
    conn: &mut PgConnection,
    worker: WorkerId,
    ended: &[(&Lease, &Ending)],
    wants: &[Want],
) -> Result<Stepped, Error> {
    let Settled { fences, freed } =
        if ended.is_empty() { Settled::default() } else { settle(conn, worker, ended).await? };
    let mut stepped = Stepped { settled: fences, freed, ..Stepped::default() };
    if !wants.is_empty() && !claim(conn, worker, wants, &mut stepped).await? {
        query_scalar!("select turns.trust_fences()")
            .fetch_one(&mut *conn)
            .await
            .map_err(Error::of("trust fences again"))?;
        claim(conn, worker, wants, &mut stepped).await?;
    }
    Ok(stepped)
}

/// What was settled.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Fences of what counts.
    pub(super) fences: HashSet<i64>,
    /// Whether it lets other tasks of tenants with a limit go on.
    pub(super) freed: bool,
}

/// Settles what has ended.
///
/// Only endings that concern nothing but the queue belong here, or those in a transaction that writes the rest.
pub(super) async fn settle(
    conn: &mut PgConnection,
    worker: WorkerId,
    ended: &[(&Lease, &Ending)],
) -> Result<Settled, Error> {
    // In one order for all, since a cancel locks the same tasks.
    let mut ended = ended.to_vec();
    ended.sort_unstable_by_key(|(lease, _)| (lease.task.job, lease.task.id));
    let endings = Endings::of(&ended);
    let settled = query_file!(
        "src/queue/settle.sql",
        worker as WorkerId,
        endings.jobs as Vec<JobId>,
        &endings.tasks,
        &endings.fences,
        endings.endings as Vec<&str>,
        &endings.waits,
        endings.lanes as Vec<Option<&str>>,
        endings.engines as Vec<Option<&str>>,
        endings.engine_versions as Vec<Option<&str>>,
        endings.faults as Vec<Option<&str>>,
        endings.messages as Vec<Option<String>>,
        endings.exits as Vec<Option<&str>>,
        endings.peaks as Vec<Option<i64>>,
        endings.stderr_tails as Vec<Option<String>>,
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("settle tasks"))?;
    Ok(Settled { fences: settled.fences.unwrap_or_default().into_iter().collect(), freed: settled.freed })
}

/// Claims what is wanted, and says whether fences can be trusted; nothing is claimed while they cannot.
///
/// # Why a claim does not wait for the disk (2026-11)
/// A crash of the server may take a claim back: then the task waits again, and whoever holds the claim is told that its lease
/// is lost. Nothing is settled by it, and what settles waits. The fences that it drew are not drawn again: see
/// `fences_trusted` in the schema.
///
/// # Why two statements for one thing (2026-11)
/// Nearly nobody has tenants with limits, and a quarter of the time of a lone claim went to setting up what they need. So the
/// first statement claims only while there are none, and says when there are.
async fn claim(
    conn: &mut PgConnection,
    worker: WorkerId,
    wants: &[Want],
    stepped: &mut Stepped,
) -> Result<bool, Error> {
    let wants = Wants::of(wants);
    let seen = stepped.take(wants.claim(conn, worker).await?);
    let seen = if seen.limits { stepped.take(wants.claim_limited(conn, worker).await?) } else { seen };
    Ok(!seen.untrusted)
}

/// What a claim saw besides tasks.
#[derive(Debug, Default)]
struct Seen {
    limits: bool,
    untrusted: bool,
}

impl Stepped {
    /// Takes over what a claim has brought.
    fn take(&mut self, rows: Vec<Row>) -> Seen {
        let mut seen = Seen::default();
        self.alive = false;
        for row in rows {
            match row.what.as_str() {
                "claimed" => self.claimed.extend(row.into_lease()),
                "limited" => self.limited = row.fence.and_then(|count| usize::try_from(count).ok()).unwrap_or_default(),
                "limits" => seen.limits = true,
                "alive" => self.alive = true,
                "untrusted" => seen.untrusted = true,
                _ => {}
            }
        }
        self.claimed.sort_unstable_by_key(|lease| lease.task.order_key);
        seen
    }
}

/// Wants as columns.
struct Wants {
    lanes: Vec<&'static str>,
    counts: Vec<i64>,
    starts: Vec<i64>,
}

impl Wants {
    fn of(wants: &[Want]) -> Self {
        Self {
            lanes: wants.iter().map(|want| want.lane.as_str()).collect(),
            counts: wants.iter().map(|want| i64::try_from(want.count).unwrap_or(i64::MAX)).collect(),
            starts: wants.iter().map(|want| want.start).collect(),
        }
    }

    async fn claim(&self, conn: &mut PgConnection, worker: WorkerId) -> Result<Vec<Row>, Error> {
        let Self { lanes, counts, starts } = self;
        query_file_as!(Row, "src/queue/claim.sql", worker as WorkerId, lanes as &[&str], counts, starts)
            .fetch_all(conn)
            .await
            .map_err(Error::of("claim tasks"))
    }

    async fn claim_limited(&self, conn: &mut PgConnection, worker: WorkerId) -> Result<Vec<Row>, Error> {
        let Self { lanes, counts, starts } = self;
        query_file_as!(Row, "src/queue/claim_limited.sql", worker as WorkerId, lanes as &[&str], counts, starts)
            .fetch_all(conn)
            .await
            .map_err(Error::of("claim tasks of tenants with limits"))
    }
}

/// Moves the clocks of lanes on to the places that were claimed, so that whoever begins a line stands there.
///
/// Apart from the claim, since nobody waits for it; what is lost with a connection or a crash, the next one makes good.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn serve(conn: &mut PgConnection, places: &BTreeMap<Lane, i64>) -> Result<(), Error> {
    let lanes: Vec<&str> = places.keys().map(|lane| lane.as_str()).collect();
    let places: Vec<i64> = places.values().copied().collect();
    query!(
        "select turns.serve(lane, place), set_config('synchronous_commit', 'off', true)
         from unnest($1::text[], $2::bigint[]) as served (lane, place)",
        lanes as Vec<&str>,
        &places,
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("move the clocks of lanes"))?;
    Ok(())
}

impl Row {
    fn into_lease(self) -> Option<Lease> {
        let task = Task {
            id: self.id?,
            kind: self.kind?,
            lane: self.lane?.parse().ok()?,
            job: self.job?,
            document: self.document,
            tenant: self.tenant?,
            attempt: self.attempt?,
            crashes: self.crashes?,
            order_key: self.order_key?,
        };
        Some(Lease { task, fence: self.fence? })
    }
}

/// Endings as columns. A column without a value is left empty: the database fills it up.
#[derive(Default)]
struct Endings<'a> {
    jobs: Vec<JobId>,
    tasks: Vec<i64>,
    fences: Vec<i64>,
    endings: Vec<&'static str>,
    waits: Vec<sqlx::postgres::types::PgInterval>,
    lanes: Vec<Option<&'static str>>,
    engines: Vec<Option<&'a str>>,
    engine_versions: Vec<Option<&'a str>>,
    faults: Vec<Option<&'a str>>,
    messages: Vec<Option<String>>,
    exits: Vec<Option<&'a str>>,
    peaks: Vec<Option<i64>>,
    stderr_tails: Vec<Option<String>>,
}

impl<'a> Endings<'a> {
    fn of(ended: &[(&'a Lease, &'a Ending)]) -> Self {
        let mut columns = Self::default();
        for (lease, Ending { how, report }) in ended {
            columns.jobs.push(lease.task.job);
            columns.tasks.push(lease.task.id);
            columns.fences.push(lease.fence);
            columns.endings.push(how.word());
            columns.waits.push(interval(how.wait()));
            columns.lanes.push(if let How::Rerouted(lane) = how { Some(lane.as_str()) } else { None });
            columns.engines.push(report.engine.as_deref());
            columns.engine_versions.push(report.engine_version.as_deref());
            columns.faults.push(report.fault);
            columns.messages.push(report.message.as_deref().map(without_nul));
            columns.exits.push(report.exit.as_deref());
            columns.peaks.push(report.peak_memory_bytes);
            columns.stderr_tails.push(report.stderr_tail.as_deref().map(without_nul));
        }
        columns.leave_empty();
        columns
    }

    fn leave_empty(&mut self) {
        fn all_none<T>(column: &mut Vec<Option<T>>) {
            if column.iter().all(Option::is_none) {
                column.clear();
            }
        }
        all_none(&mut self.lanes);
        all_none(&mut self.engines);
        all_none(&mut self.engine_versions);
        all_none(&mut self.faults);
        all_none(&mut self.messages);
        all_none(&mut self.exits);
        all_none(&mut self.peaks);
        all_none(&mut self.stderr_tails);
        if self.waits.iter().all(|wait| wait.microseconds == 0) {
            self.waits.clear();
        }
    }
}

/// A text column takes no NUL, and engines write what they like.
fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}
