//! The workers that are alive: one row a process, which is the lease on all that it holds.

use std::{collections::BTreeMap, time::Duration};

use sqlx::{PgConnection, query, query_as};

use super::rescue;
use crate::{
    domain::{JobId, Lane, WorkerId},
    storage::{Error, jobs::interval},
};

/// Who a worker process is.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Its identifier; a process that lost its lease takes a new one.
    pub id: WorkerId,
    /// Host name.
    pub host: String,
    /// Process id on that host.
    pub pid: i32,
    /// Version of the program.
    pub version: &'static str,
    /// Slots a lane.
    pub slots: BTreeMap<Lane, usize>,
}

/// Something that a worker holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The job of the task.
    pub job: JobId,
    /// The task.
    pub task: i64,
    /// The fence of the attempt.
    pub fence: i64,
}

/// Something that a worker holds and must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToStop {
    /// The fence of the attempt.
    pub fence: i64,
    /// Whether it is not ours any more; otherwise the client canceled it.
    pub lost: bool,
}

/// Registers a worker, alive for one lease. One that is registered already is renewed: the answer to the first call may
/// have been lost.
pub async fn register(conn: &mut PgConnection, worker: &Registration, lease: Duration) -> Result<(), Error> {
    let slots: serde_json::Map<_, _> =
        worker.slots.iter().map(|(lane, slots)| (lane.as_str().to_owned(), (*slots).into())).collect();
    query!(
        "insert into workers (id, host, pid, version, slots, alive_until)
         values ($1, $2, $3, $4, $5, now() + $6)
         on conflict (id) do update set alive_until = excluded.alive_until, pid = excluded.pid",
        worker.id as WorkerId,
        worker.host,
        worker.pid,
        worker.version,
        serde_json::Value::Object(slots),
        interval(lease),
    )
    .execute(conn)
    .await
    .map_err(Error::of("register a worker"))?;
    Ok(())
}

/// Renews a worker's lease and says which of the held tasks it must stop; `None` when the lease is lost altogether.
///
/// One small update and one look at each held task by its key, whatever else is in the queue.
pub async fn renew(
    conn: &mut PgConnection,
    worker: WorkerId,
    lease: Duration,
    held: &[Held],
) -> Result<Option<Vec<ToStop>>, Error> {
    let jobs: Vec<JobId> = held.iter().map(|held| held.job).collect();
    let tasks: Vec<i64> = held.iter().map(|held| held.task).collect();
    let fences: Vec<i64> = held.iter().map(|held| held.fence).collect();
    let rows = query!(
        r#"with renewed as (
             update workers set alive_until = now() + $2 where id = $1 returning id
           )
           select null::bigint as fence, false as "lost!" from renewed
           union all
           select held.fence, tasks.id is null
           from unnest($3::uuid[], $4::bigint[], $5::bigint[]) as held (job, task, fence)
                left join tasks on tasks.job_id = any (array[held.job]) and tasks.id = any (array[held.task])
                                   and tasks.fence = held.fence and tasks.worker_id = $1
           where tasks.id is null or tasks.cancel_requested"#,
        worker as WorkerId,
        interval(lease),
        jobs as Vec<JobId>,
        &tasks,
        &fences,
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("renew a lease"))?;
    if rows.iter().all(|row| row.fence.is_some()) {
        return Ok(None);
    }
    Ok(Some(rows.iter().filter_map(|row| row.fence.map(|fence| ToStop { fence, lost: row.lost })).collect()))
}

/// Says that a worker claims no more.
pub async fn update_draining(conn: &mut PgConnection, worker: WorkerId) -> Result<(), Error> {
    query!("update workers set draining_since = now() where id = $1", worker as WorkerId)
        .execute(conn)
        .await
        .map_err(Error::of("drain a worker"))?;
    Ok(())
}

/// Declares a worker dead, for whoever saw its process end: the next rescue takes back what it held.
pub async fn bury(conn: &mut PgConnection, worker: WorkerId) -> Result<(), Error> {
    query!("update workers set alive_until = 'epoch' where id = $1", worker as WorkerId)
        .execute(conn)
        .await
        .map_err(Error::of("bury a worker"))?;
    Ok(())
}

/// Removes a worker that stops, and hands back what it still holds without counting an attempt or a crash.
pub async fn delete(conn: &mut PgConnection, worker: WorkerId) -> Result<(), Error> {
    rescue::forgo_unknown(conn, worker, &[]).await?;
    query!("delete from workers where id = $1", worker as WorkerId)
        .execute(conn)
        .await
        .map_err(Error::of("remove a worker"))?;
    Ok(())
}

/// A registered worker, to see whether its process is still there.
#[derive(Debug, Clone)]
pub struct WorkerRow {
    /// Its identifier.
    pub id: WorkerId,
    /// Process id on its host.
    pub pid: i32,
}

/// Lists the workers of a host.
pub async fn list_of_host(conn: &mut PgConnection, host: &str) -> Result<Vec<WorkerRow>, Error> {
    query_as!(WorkerRow, r#"select id as "id: WorkerId", pid from workers where host = $1"#, host)
        .fetch_all(conn)
        .await
        .map_err(Error::of("list workers"))
}
