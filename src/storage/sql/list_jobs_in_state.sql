-- Jobs of a tenant in a state ($3) other than the last one, of a workflow ($4) or of any, from after $2. By jobs_open.
select id as "id: JobId", state as "state: JobState", outcome as "outcome: Outcome", error_message, documents, documents_open, pages, pages_open
from jobs
where tenant_id = $1 and deleted_at is null and id > $2 and state = $3 and state <> 'completed'
      and ($4::text is null or workflow = $4)
order by id
limit $5
