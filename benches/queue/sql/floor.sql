-- The raw floor: a narrow task beside a wide job, in the least SQL that claims, settles and keeps what was done.
--
-- It has no retries, no tenants, no leases and no fences, so it says what this server can do on such a layout, not what
-- a product can.

create table job (
    id          bigint      not null primary key,
    options     text        not null,
    created_at  timestamptz not null default now(),
    outcome     text,
    finished_at timestamptz
) with (fillfactor = 75);

create sequence number;
create table task (
    id      bigint   not null primary key,
    worker  integer
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0);
create index task_ready on task (id) where worker is null;

create function submit(options text) returns void language sql as $$
    with made as (insert into job (id, options) values (nextval('number'), options) returning id)
    insert into task (id) select id from made
$$;

-- Settles what the worker had and claims the next, in one statement: the lowest that waits from where it last was.
create function step(me integer, done bigint[], want integer) returns bigint[] language plpgsql as $$
declare
    claimed bigint[];
begin
    perform settle(done);
    with ready as (
        select id from task
        where worker is null and id > coalesce(done[array_upper(done, 1)] - 100000, 0)
        order by id limit want for update skip locked
    ), taken as (
        update task set worker = me from ready where task.id = ready.id returning task.id
    )
    select array_agg(id order by id) into claimed from taken;
    return coalesce(claimed, '{}');
end $$;

create function settle(done bigint[]) returns void language sql as $$
    with gone as (delete from task where id = any(done) returning id)
    update job set outcome = 'completed', finished_at = now() from gone where job.id = gone.id
$$;
