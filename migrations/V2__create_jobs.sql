-- What clients create. The row is wide and written a handful of times; the churn of the queue lives in `tasks`.

create table jobs (
    id                  uuid        not null,
    tenant_id           uuid        not null,
    workflow            text        not null,
    profile             text        not null,
    name                text,
    priority            smallint    not null default 0,
    state               text        not null default 'creating',
    outcome             text,
    error_code          text,
    error_message       text,
    documents_next      integer     not null default 1,
    documents_open      integer     not null default 0,
    cancel_requested_at timestamptz,
    created_at          timestamptz not null default now(),
    started_at          timestamptz,
    completed_at        timestamptz,
    expires_at          timestamptz not null,
    deleted_at          timestamptz,
    constraint jobs_pkey primary key (id),
    constraint jobs_tenant_fkey foreign key (tenant_id) references tenants (id),
    constraint jobs_state_check check (state in ('creating', 'pending', 'processing', 'completed')),
    constraint jobs_outcome_check check (outcome in ('success', 'warning', 'error')),
    constraint jobs_completed_check check ((state = 'completed') = (outcome is not null and completed_at is not null)),
    constraint jobs_error_check check ((outcome is not distinct from 'error') = (error_code is not null and error_message is not null)),
    constraint jobs_started_check check ((state = 'creating') = (started_at is null)),
    constraint jobs_documents_check check (documents_open >= 0 and documents_next >= 1)
) with (fillfactor = 80);

create index jobs_tenant on jobs (tenant_id, id) where deleted_at is null;
create index jobs_open on jobs (tenant_id) where state <> 'completed' and deleted_at is null;
create index jobs_expiry on jobs (expires_at) where deleted_at is null;

comment on table jobs is 'One row a job: what was asked, where it stands, how it ended.';
comment on column jobs.id is 'Identifier, a UUIDv7; on the wire job_ and base 36.';
comment on column jobs.tenant_id is 'Whose job it is.';
comment on column jobs.workflow is 'Name of the workflow, as listed by GET /workflows.';
comment on column jobs.profile is 'Name of the profile of that workflow.';
comment on column jobs.name is 'Name that the client gave; used for the file name of the result.';
comment on column jobs.priority is 'Higher goes first; 0 by default.';
comment on column jobs.state is 'creating, pending, processing, completed.';
comment on column jobs.outcome is 'success, warning, error; set when completed.';
comment on column jobs.error_code is 'Why it failed, in the codes of the wire contract.';
comment on column jobs.error_message is 'Why it failed, in a sentence that names the document.';
comment on column jobs.documents_next is 'Ordinal that the next accepted upload takes.';
comment on column jobs.documents_open is 'Documents that are not converted yet; at 0 a started job is assembled.';
comment on column jobs.cancel_requested_at is 'When the client asked to cancel it.';
comment on column jobs.created_at is 'When the job was created.';
comment on column jobs.started_at is 'When the client started it; null while creating.';
comment on column jobs.completed_at is 'When it ended.';
comment on column jobs.expires_at is 'When it may be removed by retention.';
comment on column jobs.deleted_at is 'When it was deleted; such a job is invisible and waits for its purge.';
