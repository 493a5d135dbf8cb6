-- Pieces of long TIFFs: each has a task of its own, so that all workers share the pages of one job, and none of them has to draw
-- them all within the time of one attempt.

create table drawings (
    task_id    bigint  not null,
    job_id     uuid    not null,
    first_page integer not null,
    pages      integer not null,
    blob       text,
    constraint drawings_pkey primary key (job_id, first_page),
    constraint drawings_job_fkey foreign key (job_id) references jobs (id) on delete cascade,
    constraint drawings_pages_check check (first_page >= 0 and pages > 0)
);

create unique index drawings_task on drawings (task_id);

comment on table drawings is 'Pieces of long TIFFs, each drawn by a task of its own.';
comment on column drawings.task_id is 'The task that draws it. No foreign key: a task goes when it has ended.';
comment on column drawings.job_id is 'The job.';
comment on column drawings.first_page is 'Its first page, from 0, among those of all documents of the job.';
comment on column drawings.pages is 'How many pages it has.';
comment on column drawings.blob is 'Where it is in the blob store; null until it is drawn.';

comment on column jobs.pages is 'Pages whose text is recognised, with those that are done; without open documents, the pages of a TIFF that is drawn in pieces.';
comment on column jobs.pages_open is 'Pages whose text is still to be recognised or that are still to be drawn.';
comment on column tasks.kind is 'What is to be done: convert, recognise, draw, assemble, purge.';
comment on column ops.usual.kind is 'What is done: convert, recognise, draw, assemble, purge.';
comment on column ops.running.kind is 'What is done: convert, recognise, draw, assemble, purge.';
comment on column ops.attempts.kind is 'What was to be done: convert, recognise, draw, assemble, purge.';
comment on column ops.throughput.kind is 'job, or the kind of task: convert, recognise, draw, assemble, purge.';
