//! The `jobs` table, many rows at once: lists for clients, and looks for those who wait.

use sqlx::{PgConnection, query, query_as, query_file_as};
use uuid::Uuid;

use super::{
    Error,
    jobs::{JobRow, JobSummaryRow},
};
use crate::domain::{JobId, JobState, Outcome, TenantId};

/// Which jobs to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Those in a state.
    pub state: Option<JobState>,
    /// Those of a workflow, by its canonical name.
    pub workflow: Option<&'a str>,
    /// Those that come after a job, be it there or not.
    pub after: Option<JobId>,
}

/// Lists a tenant's jobs, oldest first, at most `limit`.
///
/// Each of the three statements walks along one index, with any number of jobs in the table. One statement for all would be
/// planned for none of them.
pub async fn list(
    conn: &mut PgConnection,
    tenant: TenantId,
    filter: &Filter<'_>,
    limit: i64,
) -> Result<Vec<JobSummaryRow>, Error> {
    let after = filter.after.unwrap_or(JobId(Uuid::nil()));
    let state = filter.state.map(JobState::as_str);
    let rows = match (filter.state, filter.workflow) {
        (Some(JobState::Creating | JobState::Pending | JobState::Processing), workflow) => {
            query_file_as!(
                JobSummaryRow,
                "src/storage/sql/list_jobs_in_state.sql",
                tenant as TenantId,
                after as JobId,
                state,
                workflow,
                limit,
            )
            .fetch_all(conn)
            .await
        }
        (None | Some(JobState::Completed), Some(workflow)) => {
            query_file_as!(
                JobSummaryRow,
                "src/storage/sql/list_jobs_of_workflow.sql",
                tenant as TenantId,
                after as JobId,
                workflow,
                state,
                limit,
            )
            .fetch_all(conn)
            .await
        }
        (None | Some(JobState::Completed), None) => {
            query_file_as!(
                JobSummaryRow,
                "src/storage/sql/list_jobs.sql",
                tenant as TenantId,
                after as JobId,
                state,
                limit,
            )
            .fetch_all(conn)
            .await
        }
    };
    rows.map_err(Error::of("list jobs"))
}

/// Reads what the status lines of many jobs say, each with whose job it is. Jobs that are deleted or were never there are not
/// among the answer.
pub async fn list_summaries(conn: &mut PgConnection, ids: &[JobId]) -> Result<Vec<(TenantId, JobSummaryRow)>, Error> {
    let rows = query!(
        // A join takes half of what `any` does, which reads the index and the table apart.
        r#"select jobs.id as "id: JobId", tenant_id as "tenant: TenantId", state as "state: JobState",
                  outcome as "outcome: Outcome", error_message, documents, documents_open,
                  pages, pages_open
           from unnest($1::uuid[]) as asked (id) join jobs on jobs.id = asked.id
           where deleted_at is null"#,
        ids as &[JobId],
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("read jobs"))?;
    let summaries = rows.into_iter().map(|row| {
        let summary = JobSummaryRow {
            id: row.id,
            state: row.state,
            outcome: row.outcome,
            error_message: row.error_message,
            documents: row.documents,
            documents_open: row.documents_open,
            pages: row.pages,
            pages_open: row.pages_open,
        };
        (row.tenant, summary)
    });
    Ok(summaries.collect())
}

/// Looks at many jobs of any tenants by one statement. Jobs that are deleted or were never there are not among the answer.
pub async fn list_watched(conn: &mut PgConnection, ids: &[JobId]) -> Result<Vec<JobRow>, Error> {
    query_as!(
        JobRow,
        r#"select jobs.id as "id: JobId", tenant_id as "tenant: TenantId", workflow, profile, profile_version, name, priority,
                  state as "state: JobState", outcome as "outcome: Outcome", error_code, error_message,
                  documents, documents_open, pages, pages_open, deleted_at
           from unnest($1::uuid[]) as asked (id) join jobs on jobs.id = asked.id
           where deleted_at is null"#,
        ids as &[JobId],
    )
    .fetch_all(conn)
    .await
    .map_err(Error::of("look at jobs"))
}
