-- The layout of most queues: one table whose rows go from waiting to running to done, and an index on what waits.

create table job (
    id          bigint      generated always as identity primary key,
    state       text        not null default 'waiting',
    options     text        not null,
    created_at  timestamptz not null default now(),
    worker      integer,
    finished_at timestamptz
);
create index job_waiting on job (id) where state = 'waiting';

create function submit(options text, jobs integer) returns void language sql as $$
    insert into job (options) select options from generate_series(1, jobs)
$$;

create function claim(me integer, want integer) returns bigint[] language sql as $$
    with ready as (
        select id from job where state = 'waiting' order by id limit want for update skip locked
    ), taken as (
        update job set state = 'running', worker = me from ready where job.id = ready.id returning job.id
    )
    select coalesce(array_agg(id), '{}') from taken
$$;

create function settle(done bigint[]) returns void language sql as $$
    update job set state = 'done', worker = null, finished_at = now() where id = any(done)
$$;
