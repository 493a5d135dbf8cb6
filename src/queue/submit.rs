//! New jobs, set-based: the one statement that creates jobs, with their options and their tasks.

use std::time::Duration;

use sqlx::{PgConnection, postgres::types::PgInterval, query_file, query_scalar};

use super::{NewTask, bell};
use crate::{
    domain::{DocumentId, JobId, Once, TenantId, options::JobOption},
    storage::{Error, jobs::interval},
};

/// A job to be created.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its identifier.
    pub id: JobId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Canonical name of the workflow.
    pub workflow: &'static str,
    /// Name of the profile.
    pub profile: String,
    /// Version of that profile.
    pub profile_version: i32,
    /// Name that the client gave.
    pub name: Option<String>,
    /// How long it may stay `creating` with nothing added.
    pub idle_max: Duration,
    /// Its options, in the order of the client.
    pub options: Vec<JobOption>,
    /// The key under which the client may repeat this, if it gave one.
    pub once: Option<Once>,
}

/// The constraint that refuses a second job of a tenant under one key.
pub const KEY_CONSTRAINT: &str = "jobs_idempotency_key_key";

/// Creates jobs in state `creating` with their options, and puts tasks into the queue, by one statement: all are there
/// or none. Tasks of one line stand in their order. Ring the bell after the commit.
///
/// # Errors
/// `Unavailable` when the database is; `Conflict` when a tenant does not exist, or a job or its key does already
/// ([`KEY_CONSTRAINT`]).
pub async fn submit(conn: &mut PgConnection, jobs: &[&NewJob], tasks: &[NewTask]) -> Result<(), Error> {
    let (jobs, options, tasks) = (Jobs::of(jobs), Options::of(jobs), Tasks::of(tasks));
    query_file!(
        "src/queue/submit.sql",
        jobs.ids as Vec<JobId>,
        jobs.tenants as Vec<TenantId>,
        jobs.workflows as Vec<&str>,
        jobs.profiles as Vec<&str>,
        &jobs.profile_versions,
        jobs.names as Vec<Option<&str>>,
        &jobs.idle_max,
        options.jobs as Vec<JobId>,
        &options.ordinals,
        options.names as Vec<&str>,
        options.values as Vec<&str>,
        tasks.kinds as Vec<&str>,
        tasks.lanes as Vec<&str>,
        tasks.jobs as Vec<JobId>,
        tasks.documents as Vec<Option<DocumentId>>,
        tasks.tenants as Vec<TenantId>,
        &tasks.priorities,
        tasks.places as Vec<Option<i64>>,
        jobs.keys as Vec<Option<&str>>,
        jobs.requests as Vec<Option<&[u8]>>,
    )
    .execute(conn)
    .await
    .map_err(Error::of("create jobs and tasks"))?;
    Ok(())
}

/// Creates one job as [`submit`] does, by a statement that is set up faster. Its first task, if it has one, is of the job, and
/// workers hear of it by the commit, which does not wait for the disk: they begin while the disk is still busy, and only who
/// submits waits for that. So all is on the disk when this returns. Wants a connection outside of a transaction, and times in
/// which few others commit: see [`bell`].
///
/// # Why work begins before it is on the disk (2026-11)
/// It needs nothing that a crash could take from it alone: the log is written in order, so whatever settles a task is on the
/// disk after the task itself. A crash in between takes the job and the work back together, and nobody was told of either.
///
/// # Errors
/// As with [`submit`]; when `Unavailable`, nobody knows whether the job was created.
pub async fn submit_lone(conn: &mut PgConnection, job: &NewJob, task: Option<&NewTask>) -> Result<(), Error> {
    let (names, values): (Vec<_>, Vec<_>) =
        job.options.iter().map(|option| (option.name.as_str(), option.value.as_str())).unzip();
    query_file!(
        "src/queue/submit_lone.sql",
        job.id as JobId,
        job.tenant as TenantId,
        job.workflow,
        job.profile,
        job.profile_version,
        job.name.as_deref(),
        interval(job.idle_max),
        job.once.as_ref().map(|once| once.key.as_str()),
        job.once.as_ref().map(|once| once.request_sha256.as_slice()),
        names as Vec<&str>,
        values as Vec<&str>,
        task.map(|task| task.kind),
        task.map(|task| task.lane.as_str()),
        task.and_then(|task| task.document) as Option<DocumentId>,
        task.map(|task| task.priority),
        task.and_then(|task| task.turn.place()),
        task.map(|_| bell::WORK),
    )
    .fetch_optional(&mut *conn)
    .await
    .map_err(Error::of("create a job"))?;
    if task.is_some() { wait_for_disk(conn).await } else { Ok(()) }
}

/// Returns when everything that was committed before is on the disk, and with standbys that the server waits for: a commit
/// that writes waits for all that the log holds before it.
async fn wait_for_disk(conn: &mut PgConnection) -> Result<(), Error> {
    query_scalar!("select pg_logical_emit_message(true, 'bindery', '') is not null")
        .fetch_one(conn)
        .await
        .map_err(Error::of("wait for the disk"))?;
    Ok(())
}

/// Puts many tasks into the queue by one statement, in the caller's transaction; those of one line stand in their order.
///
/// # Errors
/// `Unavailable` when the database is.
pub async fn enqueue_all(conn: &mut PgConnection, tasks: &[NewTask]) -> Result<(), Error> {
    submit(conn, &[], tasks).await
}

/// Jobs as columns.
#[derive(Default)]
struct Jobs<'a> {
    ids: Vec<JobId>,
    tenants: Vec<TenantId>,
    workflows: Vec<&'static str>,
    profiles: Vec<&'a str>,
    profile_versions: Vec<i32>,
    names: Vec<Option<&'a str>>,
    idle_max: Vec<PgInterval>,
    keys: Vec<Option<&'a str>>,
    requests: Vec<Option<&'a [u8]>>,
}

impl<'a> Jobs<'a> {
    fn of(jobs: &[&'a NewJob]) -> Self {
        let mut columns = Self::default();
        for job in jobs {
            columns.ids.push(job.id);
            columns.tenants.push(job.tenant);
            columns.workflows.push(job.workflow);
            columns.profiles.push(&job.profile);
            columns.profile_versions.push(job.profile_version);
            columns.names.push(job.name.as_deref());
            columns.idle_max.push(interval(job.idle_max));
            columns.keys.push(job.once.as_ref().map(|once| once.key.as_str()));
            columns.requests.push(job.once.as_ref().map(|once| once.request_sha256.as_slice()));
        }
        columns
    }
}

/// Options of jobs as columns.
#[derive(Default)]
struct Options<'a> {
    jobs: Vec<JobId>,
    ordinals: Vec<i32>,
    names: Vec<&'a str>,
    values: Vec<&'a str>,
}

impl<'a> Options<'a> {
    fn of(jobs: &[&'a NewJob]) -> Self {
        let mut columns = Self::default();
        for job in jobs {
            for (ordinal, option) in (1..).zip(&job.options) {
                columns.jobs.push(job.id);
                columns.ordinals.push(ordinal);
                columns.names.push(&option.name);
                columns.values.push(&option.value);
            }
        }
        columns
    }
}

/// Tasks as columns.
#[derive(Default)]
struct Tasks {
    kinds: Vec<&'static str>,
    lanes: Vec<&'static str>,
    jobs: Vec<JobId>,
    documents: Vec<Option<DocumentId>>,
    tenants: Vec<TenantId>,
    priorities: Vec<i16>,
    places: Vec<Option<i64>>,
}

impl Tasks {
    fn of(tasks: &[NewTask]) -> Self {
        let mut columns = Self::default();
        for task in tasks {
            columns.kinds.push(task.kind);
            columns.lanes.push(task.lane.as_str());
            columns.jobs.push(task.job);
            columns.documents.push(task.document);
            columns.tenants.push(task.tenant);
            columns.priorities.push(task.priority);
            columns.places.push(task.turn.place());
        }
        columns
    }
}
