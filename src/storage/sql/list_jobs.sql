-- Jobs of a tenant in the order of their creation, from after $2: all, or those that are completed ($3). By jobs_tenant.
select id as "id: JobId", state as "state: JobState", outcome as "outcome: Outcome", error_message, documents, documents_open, pages, pages_open
from jobs
where tenant_id = $1 and deleted_at is null and id > $2 and ($3::text is null or state = $3)
order by id
limit $4
