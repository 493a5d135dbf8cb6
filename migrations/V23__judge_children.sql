-- What becomes of documents that came out of a container: a profile may have them kept as they came, or left out. And which of
-- them show the container itself, as the sheet of a mail does: these are never left out and never put into another document.

alter table documents
    add column body boolean not null default false,
    drop constraint documents_state_check,
    add constraint documents_state_check
        check (state in ('open', 'converted', 'unpacked', 'kept', 'dropped', 'failed'));

comment on column documents.body is 'Whether it shows the container that it came out of, as the sheet of a mail does.';
comment on column documents.state is 'open, converted, unpacked (a container; what it held are documents of their own), kept (put into the result as it came), dropped (left out by a rule of the profile; an event says so), failed.';

-- A document that needs no conversion is done.
create or replace view ops.jobs as
select ops.job_name(jobs.id) as job, jobs.id, tenants.name as tenant, jobs.name, jobs.workflow, jobs.profile, jobs.priority,
       jobs.state, jobs.outcome, jobs.error_code, jobs.error_message,
       (select count(*) from documents where documents.job_id = jobs.id) as documents,
       (select count(*) from documents
        where documents.job_id = jobs.id and documents.state in ('converted', 'unpacked', 'kept', 'dropped')) as converted,
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

comment on column ops.jobs.converted is 'Documents of it that are converted or unpacked, or need neither.';
