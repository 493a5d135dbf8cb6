-- What the client is told about a job, and the files it gets.

create table events (
    id          bigint      generated always as identity,
    job_id      uuid        not null,
    document_id uuid,
    part        text,
    code        text        not null,
    severity    text        not null,
    message     text        not null,
    created_at  timestamptz not null default now(),
    constraint events_pkey primary key (id),
    constraint events_job_fkey foreign key (job_id) references jobs (id) on delete cascade,
    constraint events_document_fkey foreign key (document_id) references documents (id) on delete cascade,
    constraint events_severity_check check (severity in ('info', 'warning', 'error'))
);

create index events_job on events (job_id, id);
create index events_document on events (document_id) where document_id is not null;

comment on table events is 'What happened to a document on its way and that the client is told.';
comment on column events.id is 'Identifier; ascending in time within a document.';
comment on column events.job_id is 'The job.';
comment on column events.document_id is 'The document it concerns, or null for the whole job.';
comment on column events.part is 'The part of a nested document that it concerns.';
comment on column events.code is 'Code of the wire contract, as in FontSubstituted.';
comment on column events.severity is 'info, warning, error.';
comment on column events.message is 'A sentence for the client.';
comment on column events.created_at is 'When it was recorded.';

create table results (
    id          uuid        not null,
    job_id      uuid        not null,
    ordinal     integer     not null,
    file_name   text        not null,
    media_type  text        not null,
    bytes       bigint      not null,
    sha256      bytea       not null,
    blob        text        not null,
    pages       integer,
    conformance text,
    properties  jsonb       not null default '[]',
    created_at  timestamptz not null default now(),
    constraint results_pkey primary key (id),
    constraint results_job_fkey foreign key (job_id) references jobs (id) on delete cascade,
    constraint results_ordinal_key unique (job_id, ordinal),
    constraint results_sha256_check check (octet_length(sha256) = 32),
    constraint results_bytes_check check (bytes >= 0)
);

comment on table results is 'The output files of completed jobs.';
comment on column results.id is 'Identifier, a UUIDv7; on the wire res_ and base 36.';
comment on column results.job_id is 'The job.';
comment on column results.ordinal is 'Place among the results of the job, from 1.';
comment on column results.file_name is 'File name offered to the client.';
comment on column results.media_type is 'Media type of the file.';
comment on column results.bytes is 'Size in bytes.';
comment on column results.sha256 is 'SHA-256 of the bytes; also the ETag.';
comment on column results.blob is 'Where the bytes are in the blob store.';
comment on column results.pages is 'Pages, where the file has pages.';
comment on column results.conformance is 'Conformance that the file claims, as in PDF/A-2b; null when it claims none.';
comment on column results.properties is 'Name-value pairs for the client, a JSON array of {name, value}.';
comment on column results.created_at is 'When it was published.';
