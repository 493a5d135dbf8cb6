-- The queue: who works, what waits or runs, and what was tried.
--
-- `tasks` takes all the churn, so it is narrow and small (only unfinished work) and tuned for it: room on each page
-- for HOT updates, vacuum by count instead of share. The claim index holds only what waits, in claim order; there is
-- no index on the worker, since dead entries would pile up in it under an old snapshot and rescue scans a small table.

create table workers (
    id          uuid        not null,
    host        text        not null,
    pid         integer     not null,
    version     text        not null,
    slots       jsonb       not null,
    started_at  timestamptz not null default now(),
    alive_until timestamptz not null,
    draining    boolean     not null default false,
    constraint workers_pkey primary key (id)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

comment on table workers is 'The worker processes that are alive. A row is the lease on all tasks that the worker holds.';
comment on column workers.id is 'Identifier of one process for its life.';
comment on column workers.host is 'Host name.';
comment on column workers.pid is 'Process id on that host.';
comment on column workers.version is 'Version of Bindery.';
comment on column workers.slots is 'Slots a lane, as in {"native": 2}.';
comment on column workers.started_at is 'When the process registered.';
comment on column workers.alive_until is 'The lease; renewed every few seconds. Past it, any worker may take the tasks back.';
comment on column workers.draining is 'Whether it stops when its running tasks have ended.';

create sequence task_fences as bigint;
comment on sequence task_fences is 'Fences: every claim draws one, every settle must show it.';

create table tasks (
    id                  bigint      generated always as identity,
    kind                text        not null,
    lane                text        not null,
    job_id              uuid        not null,
    document_id         uuid,
    tenant_id           uuid        not null,
    priority            smallint    not null default 0,
    order_key           bigint      generated always as identity,
    run_at              timestamptz not null default now(),
    attempt             smallint    not null default 0,
    fence               bigint,
    worker_id           uuid,
    claimed_at          timestamptz,
    cancel_requested    boolean     not null default false,
    constraint tasks_pkey primary key (id),
    constraint tasks_lane_check check (lane in ('native', 'office', 'browser', 'ocr')),
    constraint tasks_claimed_check check ((worker_id is null) = (fence is null) and (worker_id is null) = (claimed_at is null)),
    constraint tasks_attempt_check check (attempt >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);

create index tasks_ready on tasks (lane, priority desc, order_key) where worker_id is null;
create index tasks_job on tasks (job_id);

comment on table tasks is 'The queue: unfinished work only. A row with a worker runs, one without waits.';
comment on column tasks.id is 'Identifier.';
comment on column tasks.kind is 'What is to be done: convert, assemble, purge.';
comment on column tasks.lane is 'The kind of engine slot it needs.';
comment on column tasks.job_id is 'The job it is about. No foreign key: a purge outlives the job.';
comment on column tasks.document_id is 'The document it is about, if one.';
comment on column tasks.tenant_id is 'Whose work it is.';
comment on column tasks.priority is 'Higher goes first.';
comment on column tasks.order_key is 'Age: lower goes first among equals.';
comment on column tasks.run_at is 'Not before this time: back-off after a failed attempt.';
comment on column tasks.attempt is 'How often it was claimed and counted.';
comment on column tasks.fence is 'Fence of the current attempt; drawn anew by every claim.';
comment on column tasks.worker_id is 'Who runs it; null while it waits.';
comment on column tasks.claimed_at is 'When the current attempt began.';
comment on column tasks.cancel_requested is 'Whether the worker is to stop it.';

create table attempts (
    id                bigint      generated always as identity,
    task_id           bigint      not null,
    job_id            uuid        not null,
    document_id       uuid,
    kind              text        not null,
    lane              text        not null,
    attempt           smallint    not null,
    fence             bigint      not null,
    worker_id         uuid        not null,
    host              text        not null,
    engine            text,
    engine_version    text,
    started_at        timestamptz not null default now(),
    ended_at          timestamptz,
    ending            text,
    fault             text,
    message           text,
    exit              text,
    peak_memory_bytes bigint,
    stderr_tail       text,
    constraint attempts_pkey primary key (id),
    constraint attempts_fence_key unique (fence),
    constraint attempts_ending_check check (ending in ('succeeded', 'failed', 'retried', 'rerouted', 'released', 'canceled', 'lost')),
    constraint attempts_ended_check check ((ended_at is null) = (ending is null))
);

create index attempts_job on attempts (job_id);

comment on table attempts is 'History: every attempt of every task, with how it ended.';
comment on column attempts.id is 'Identifier.';
comment on column attempts.task_id is 'The task; its row is gone when it is finished.';
comment on column attempts.job_id is 'The job.';
comment on column attempts.document_id is 'The document, if one.';
comment on column attempts.kind is 'What was to be done.';
comment on column attempts.lane is 'The kind of engine slot it took.';
comment on column attempts.attempt is 'Which attempt of the task, from 1.';
comment on column attempts.fence is 'Fence of the attempt, unique.';
comment on column attempts.worker_id is 'Who ran it.';
comment on column attempts.host is 'Host it ran on.';
comment on column attempts.engine is 'Engine that did the work.';
comment on column attempts.engine_version is 'Version of that engine.';
comment on column attempts.started_at is 'When it was claimed.';
comment on column attempts.ended_at is 'When it ended; null while it runs.';
comment on column attempts.ending is 'succeeded, failed (final), retried (will run again), rerouted (needs another lane), released (worker stopped), canceled, lost (lease expired).';
comment on column attempts.fault is 'What kind of fault: input, crashed, timed-out, unavailable, lost-lease.';
comment on column attempts.message is 'What went wrong, for the operator.';
comment on column attempts.exit is 'Exit status or signal of the engine.';
comment on column attempts.peak_memory_bytes is 'Largest resident size of the engine in bytes.';
comment on column attempts.stderr_tail is 'The last 4 KiB that the engine wrote to standard error.';
