-- Pages whose text is recognised: each has a task of its own, so that all workers share those of one document.

create table recognitions (
    task_id     bigint  not null,
    job_id      uuid    not null,
    document_id uuid    not null,
    page        integer not null,
    state       text    not null default 'open',
    blob        text,
    constraint recognitions_pkey primary key (document_id, page),
    constraint recognitions_job_fkey foreign key (job_id) references jobs (id) on delete cascade,
    constraint recognitions_document_fkey foreign key (document_id) references documents (id) on delete cascade,
    constraint recognitions_page_check check (page >= 0),
    constraint recognitions_state_check check (state in ('open', 'recognised', 'incomplete')),
    constraint recognitions_blob_check check ((state = 'recognised') = (blob is not null))
);

create unique index recognitions_task on recognitions (task_id);
create index recognitions_job on recognitions (job_id);

comment on table recognitions is 'Pages whose text is recognised, each by a task of its own.';
comment on column recognitions.task_id is 'The task that recognises it. No foreign key: a task goes when it has ended.';
comment on column recognitions.job_id is 'The job.';
comment on column recognitions.document_id is 'The document that has the page.';
comment on column recognitions.page is 'The page of the converted PDF, from 0.';
comment on column recognitions.state is 'open, recognised, incomplete (the client was told that its text is missing).';
comment on column recognitions.blob is 'Where its words are in the blob store.';

alter table jobs
    add column pages      integer not null default 0,
    add column pages_open integer not null default 0,
    add constraint jobs_pages_check check (pages_open between 0 and pages);

comment on column jobs.pages is 'Pages whose text is recognised, with those that are done.';
comment on column jobs.pages_open is 'Pages whose text is still to be recognised.';
comment on column jobs.documents_open is 'Documents that are not converted yet, or have pages whose text is not recognised yet; at 0 a started job is assembled.';
comment on column tasks.kind is 'What is to be done: convert, recognise, assemble, purge.';
