-- The inputs of a job and the options that override its profile.

create table documents (
    id                uuid        not null,
    job_id            uuid        not null,
    parent_id         uuid,
    ordinal           integer     not null,
    file_name         text        not null,
    media_type        text,
    format            text,
    bytes             bigint      not null,
    sha256            bytea       not null,
    blob              text        not null,
    state             text        not null default 'open',
    error_code        text,
    error_message     text,
    converted_blob    text,
    converted_bytes   bigint,
    pages             integer,
    created_at        timestamptz not null default now(),
    constraint documents_pkey primary key (id),
    constraint documents_job_fkey foreign key (job_id) references jobs (id) on delete cascade,
    constraint documents_parent_fkey foreign key (parent_id) references documents (id) on delete cascade,
    constraint documents_ordinal_key unique (job_id, ordinal),
    constraint documents_state_check check (state in ('open', 'converted', 'failed')),
    constraint documents_converted_check check ((state = 'converted') = (converted_blob is not null and converted_bytes is not null and pages is not null)),
    constraint documents_error_check check ((state = 'failed') = (error_code is not null and error_message is not null)),
    constraint documents_sha256_check check (octet_length(sha256) = 32),
    constraint documents_bytes_check check (bytes >= 0)
);

create index documents_parent on documents (parent_id) where parent_id is not null;

comment on table documents is 'One row an input of a job; a child came out of a container.';
comment on column documents.id is 'Identifier, a UUIDv7; on the wire doc_ and base 36.';
comment on column documents.job_id is 'The job it belongs to.';
comment on column documents.parent_id is 'The container it came out of.';
comment on column documents.ordinal is 'Place in the order of merging, fixed when the upload was accepted.';
comment on column documents.file_name is 'Name that the client gave; a label, never a path.';
comment on column documents.media_type is 'Type that the client declared.';
comment on column documents.format is 'Format that was detected from the content.';
comment on column documents.bytes is 'Size in bytes.';
comment on column documents.sha256 is 'SHA-256 of the bytes.';
comment on column documents.blob is 'Where the bytes are in the blob store.';
comment on column documents.state is 'open, converted, failed.';
comment on column documents.error_code is 'Why it failed, in the codes of the wire contract.';
comment on column documents.error_message is 'Why it failed, in a sentence that names the document.';
comment on column documents.converted_blob is 'Where the converted PDF is in the blob store.';
comment on column documents.converted_bytes is 'Size of the converted PDF in bytes.';
comment on column documents.pages is 'Pages of the converted PDF.';
comment on column documents.created_at is 'When it was stored.';

create table job_options (
    id          bigint  generated always as identity,
    job_id      uuid    not null,
    document_id uuid,
    ordinal     integer not null,
    name        text    not null,
    value       text    not null,
    constraint job_options_pkey primary key (id),
    constraint job_options_job_fkey foreign key (job_id) references jobs (id) on delete cascade,
    constraint job_options_document_fkey foreign key (document_id) references documents (id) on delete cascade
);

create index job_options_job on job_options (job_id, ordinal);
create index job_options_document on job_options (document_id) where document_id is not null;

comment on table job_options is 'Name-value pairs that override the profile, of a job or of one document; repeated names stay repeated.';
comment on column job_options.id is 'Identifier.';
comment on column job_options.job_id is 'The job.';
comment on column job_options.document_id is 'The document, or null for an option of the whole job.';
comment on column job_options.ordinal is 'Place in the list that the client sent.';
comment on column job_options.name is 'Name, as in DOC.PASSWORD.';
comment on column job_options.value is 'Value, always text.';
