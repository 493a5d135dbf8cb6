//! Taking back what nobody works on: tasks of dead workers, claims whose answer was lost, waits that are over.

use std::time::Duration;

use sqlx::{PgConnection, query_scalar};

use crate::{
    domain::WorkerId,
    storage::{Error, jobs::interval},
};

/// Wait before a task runs again that has killed more than one worker, for each of them: such a document does not take
/// down one worker right after the other.
const PAUSE_PER_CRASH: Duration = Duration::from_secs(5);

/// What a look after dead workers found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rescued {
    /// Tasks that went back to the queue.
    pub tasks: i64,
    /// Until when the next lease may run out, from now; none when no other worker is registered.
    pub next: Option<Duration>,
}

/// Returns to the queue what is held by workers whose lease ran out.
///
/// Safe to run by any number of processes at once, and cheap while nobody is dead: the table of tasks is looked at only
/// when a worker has died. The attempt does not count, but the crash does.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn rescue(conn: &mut PgConnection) -> Result<Rescued, Error> {
    let next = query_scalar!("select extract(epoch from min(alive_until) - now())::float8 from workers")
        .fetch_one(&mut *conn)
        .await
        .map_err(Error::of("look for dead workers"))?;
    let next = match next {
        Some(seconds) if seconds > 0.0 => {
            return Ok(Rescued { tasks: 0, next: Some(Duration::from_secs_f64(seconds)) });
        }
        Some(_) => Some(Duration::ZERO),
        None => return Ok(Rescued { tasks: 0, next: None }),
    };
    let tasks = query_scalar!(
        r#"with dead as materialized (
             select id, host from workers where alive_until <= now() for update skip locked
           ), held as materialized (
             select tasks.*, dead.host
             from tasks join dead on dead.id = tasks.worker_id
             for no key update of tasks
           ), back as (
             update tasks
             set state = case when held.crashes > 0 then 'later' else 'ready' end,
                 run_at = case when held.crashes > 0 then now() + held.crashes * $1::interval end,
                 worker_id = null, fence = null, claimed_at = null, capped = false,
                 attempt = held.attempt - 1, crashes = held.crashes + 1
             from held
             where tasks.job_id = any (array[held.job_id]) and tasks.id = any (array[held.id])
             returning 1
           ), history as (
             insert into attempts (fence, task_id, job_id, document_id, kind, lane, attempt, worker_id, host, started_at,
                                   ended_at, ending, fault, message)
             select fence, id, job_id, document_id, kind, lane, attempt, worker_id, host, claimed_at,
                    now(), 'lost', 'lost-lease', 'the worker died or did not renew its lease'
             from held
           ), buried as (
             delete from workers using dead where workers.id = dead.id
           )
           select count(*) as "count!" from back"#,
        interval(PAUSE_PER_CRASH),
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("rescue tasks"))?;
    Ok(Rescued { tasks, next })
}

/// Returns to the queue what this worker holds without knowing it: a claim may be committed and its answer lost with the
/// connection. `held` are the fences that it does know.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn forgo_unknown(conn: &mut PgConnection, worker: WorkerId, held: &[i64]) -> Result<i64, Error> {
    query_scalar!(
        r#"with back as (
             update tasks
             set state = 'ready', worker_id = null, fence = null, claimed_at = null, capped = false,
                 attempt = attempt - 1
             where worker_id = $1 and fence <> all ($2::bigint[])
             returning 1
           )
           select count(*) as "count!" from back"#,
        worker as WorkerId,
        held,
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("hand back unknown tasks"))
}

/// Returns to the queue what is held by workers that are not registered, which only a hand in the database can bring about.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn adopt_orphans(conn: &mut PgConnection) -> Result<i64, Error> {
    query_scalar!(
        r#"with back as (
             update tasks
             set state = 'ready', worker_id = null, fence = null, claimed_at = null, capped = false,
                 attempt = attempt - 1
             where state = 'running' and not exists (select from workers where workers.id = tasks.worker_id)
             returning 1
           )
           select count(*) as "count!" from back"#,
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("adopt orphaned tasks"))
}

/// Makes ready what has waited long enough, in one bounded batch, and says how many tasks that were.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn release_due(conn: &mut PgConnection) -> Result<i64, Error> {
    query_scalar!(
        r#"with due as (
             select job_id, id
             from tasks
             where state = 'later' and run_at <= now()
             order by run_at
             limit 1000
             for update skip locked
           ), released as (
             update tasks
             set state = 'ready', run_at = null
             from due
             where tasks.job_id = any (array[due.job_id]) and tasks.id = any (array[due.id])
             returning 1
           )
           select count(*) as "count!" from released"#
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("release waiting tasks"))
}

/// Makes ready what a limit of its tenant does not hold back any more, and says how many tasks that were: the limit was
/// raised, or the end of a running task and the holding back of the next passed each other.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn release_limited(conn: &mut PgConnection) -> Result<i64, Error> {
    query_scalar!(
        r#"with held_back as (
             select distinct tenant_id from tasks where state = 'limited'
           ), allowed as (
             select next.job_id, next.id
             from held_back left join tenants on tenants.id = held_back.tenant_id
                  cross join lateral (
                    select job_id, id
                    from tasks
                    where tasks.state = 'limited' and tasks.tenant_id = held_back.tenant_id
                    order by order_key
                    limit case when running_max is null then 1000
                               else greatest(running_max - turns.running(held_back.tenant_id), 0) end
                    for update skip locked
                  ) as next
           ), released as (
             update tasks
             set state = 'ready'
             from allowed
             where tasks.job_id = any (array[allowed.job_id]) and tasks.id = any (array[allowed.id])
             returning 1
           )
           select count(*) as "count!" from released"#
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("release limited tasks"))
}
