-- Jobs of a tenant of a workflow ($3), all or those that are completed ($4), from after $2. By jobs_workflow.
select id as "id: JobId", state as "state: JobState", outcome as "outcome: Outcome", error_message, documents, documents_open, pages, pages_open
from jobs
where tenant_id = $1 and deleted_at is null and id > $2 and workflow = $3 and ($4::text is null or state = $4)
order by id
limit $5
