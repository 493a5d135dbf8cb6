//! Starting a job.

use sqlx::PgConnection;

use super::{
    Context, Error,
    advance::{self, Step},
    lists,
    options::Bearer,
};
use crate::{
    domain::{ErrorCode, JobId, JobState, TenantId, options::JobOption},
    queue,
    storage::{self, jobs::JobRow},
};

/// Says that all documents are added. When all of them are converted already, the job is assembled at once; when an
/// option is wrong, it ends at once, since what is still being converted is not needed.
///
/// # Errors
/// `UnknownJob`, `WrongState`.
pub async fn start(ctx: &Context, tenant: TenantId, id: JobId) -> Result<(), Error> {
    let step = Context::again(|| commit(ctx, tenant, id)).await?;
    step.announce(ctx, id);
    if step == Step::Completed {
        ctx.bell.stop();
    }
    tracing::info!(job.id = %id, "job started");
    Ok(())
}

async fn commit(ctx: &Context, tenant: TenantId, id: JobId) -> Result<Step, Error> {
    let mut tx = ctx.begin().await?;
    let mut job = storage::jobs::lock(&mut tx, tenant, id).await.map_err(Error::of_job(id))?;
    if !job.state.may_become(JobState::Pending) {
        return Err(Error::WrongState { state: job.state });
    }
    storage::jobs::update_started(&mut tx, id).await?;
    job.state = JobState::Pending;
    let step = match options_problem(&mut tx, &job).await? {
        Some(problem) => {
            queue::cancel::cancel_job(&mut tx, id).await?;
            advance::fail(ctx, &mut tx, &job, ErrorCode::Option, &problem).await?
        }
        None => advance::advance(ctx, &mut tx, &job, queue::Turn::Next).await?,
    };
    Context::commit(tx).await?;
    Ok(step)
}

/// What is wrong with the options of a job or of one of its documents, in a sentence.
async fn options_problem(conn: &mut PgConnection, job: &JobRow) -> Result<Option<String>, Error> {
    let all = storage::options::list(conn, job.id).await?;
    let workflow = lists::workflow(Some(&job.workflow))?;
    let custom = if all.iter().all(|option| lists::is_option(&option.name)) {
        Vec::new()
    } else {
        let settings = storage::profiles::get_settings(conn, workflow.name, &job.profile, job.profile_version).await?;
        // What may be wrong with settings is told when they are used.
        (workflow.line)(&settings).map(|line| line.custom_options().to_vec()).unwrap_or_default()
    };
    for level in all.chunk_by(|one, other| one.document == other.document) {
        let given: Vec<JobOption> =
            level.iter().map(|option| JobOption { name: option.name.clone(), value: option.value.clone() }).collect();
        match level.first().and_then(|option| option.document) {
            None => {
                if let Err(problem) = lists::check_options(workflow, &custom, &given, Bearer::Job) {
                    return Ok(Some(problem.to_string()));
                }
            }
            Some(document) => {
                if let Err(problem) = lists::check_options(workflow, &custom, &given, Bearer::Document) {
                    let name = storage::documents::get(conn, document).await?.file_name;
                    return Ok(Some(format!("The document '{name}' has a wrong option. {problem}")));
                }
            }
        }
    }
    Ok(None)
}
