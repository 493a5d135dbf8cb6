//! Taking the tasks of dead workers back into the queue.

use sqlx::{PgConnection, query_scalar};

use crate::storage::Error;

/// Returns to the queue what is held by workers whose lease ran out, and says how many tasks that were.
///
/// Safe to run by any number of processes at once. The attempt counts: a document that kills its worker ends after the
/// last one. Later attempts wait a little, so that such a document does not take down one worker after the other.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn rescue(conn: &mut PgConnection) -> Result<i64, Error> {
    query_scalar!(
        r#"with dead as (
             delete from workers where alive_until < now()
           ), held as (
             select tasks.id, tasks.fence
             from tasks
             where worker_id is not null
                   and not exists (
                     select 1 from workers where workers.id = tasks.worker_id and workers.alive_until >= now()
                   )
             for update skip locked
           ), back as (
             update tasks
             set worker_id = null, fence = null, claimed_at = null,
                 run_at = now() + (tasks.attempt - 1) * interval '5 seconds'
             from held
             where tasks.id = held.id
             returning held.fence
           ), history as (
             update attempts
             set ended_at = now(), ending = 'lost', fault = 'lost-lease',
                 message = 'the worker died or did not renew its lease'
             from back
             where attempts.fence = back.fence and attempts.ended_at is null
           )
           select count(*) as "count!" from back"#
    )
    .fetch_one(conn)
    .await
    .map_err(Error::of("rescue tasks"))
}
