-- Documents that came out of a container: they stand behind it in the order of merging, so a place is one among the
-- documents of the same container (or of the job), no longer one in the whole job.

alter table documents
    drop constraint documents_ordinal_key,
    drop constraint documents_state_check,
    add constraint documents_state_check check (state in ('open', 'converted', 'unpacked', 'failed'));

-- By the job alone it finds all documents of a job.
create unique index documents_ordinal_key on documents (job_id, coalesce(parent_id, job_id), ordinal);

comment on column documents.ordinal is 'Place among the documents of its container or, without one, of its job: fixed when the upload was accepted.';
comment on column documents.state is 'open, converted, unpacked (a container; what it held are documents of their own), failed.';

-- A container is done when it is unpacked.
create or replace view ops.jobs as
select ops.job_name(jobs.id) as job, jobs.id, tenants.name as tenant, jobs.name, jobs.workflow, jobs.profile, jobs.priority,
       jobs.state, jobs.outcome, jobs.error_code, jobs.error_message,
       (select count(*) from documents where documents.job_id = jobs.id) as documents,
       (select count(*) from documents
        where documents.job_id = jobs.id and documents.state in ('converted', 'unpacked')) as converted,
       jobs.documents_open as open,
       (select string_agg(counted.count || ' ' || counted.state, ', ' order by counted.state)
        from (select state, count(*) from tasks where tasks.job_id = jobs.id group by state) as counted) as tasks,
       (select concat_ws(': ', concat_ws(' in ', fault, engine), message)
        from attempts
        where attempts.job_id = jobs.id and fault is not null
        order by fence desc
        limit 1) as last_failure,
       date_trunc('second', now() - jobs.created_at) as age,
       date_trunc('milliseconds', coalesce(jobs.completed_at, now()) - jobs.started_at) as took,
       jobs.created_at, jobs.started_at, jobs.completed_at, nullif(jobs.expires_at, 'infinity') as expires_at
from jobs join tenants on tenants.id = jobs.tenant_id
where jobs.deleted_at is null;

comment on column ops.jobs.converted is 'Documents of it that are converted, or unpacked.';
