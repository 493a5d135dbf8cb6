-- The queue gets its final shape: a state an operator can read, an order that is fair among tenants, switches for lanes
-- and tenants, and a history that is written once.
--
-- Work that a worker of the version before holds goes back; that worker's settlement matches no row and is dropped.

-- What is held by nobody any more.
delete from attempts where ended_at is null;

-- The history: one row an attempt, inserted when it ends. Nothing updates it, so nothing of it churns.
alter table attempts
    drop constraint attempts_ended_check,
    drop constraint attempts_fence_key,
    drop constraint attempts_pkey,
    drop column id,
    alter column ended_at set not null,
    alter column ending set not null,
    alter column started_at drop default,
    add constraint attempts_pkey primary key (fence);

comment on table attempts is 'History: every attempt of every task that has ended, with how it ended. What still runs is in tasks.';
comment on column attempts.fence is 'Fence of the attempt, unique and ascending in time of claiming.';
comment on column attempts.ended_at is 'When it ended.';
comment on column attempts.fault is 'What kind of fault: input, crashed, timed-out, flooded, unavailable, internal, lost-lease.';

-- Places in line. A sequence is the one counter of PostgreSQL that neither bloats nor makes transactions wait for each
-- other, which a counter in a row does both.
create schema turns;
comment on schema turns is 'Places in line: per lane a clock (the last place that was served) and per tenant and lane the last place that was given.';

create table lanes (
    lane      text        not null,
    paused_at timestamptz,
    constraint lanes_pkey primary key (lane)
);

comment on table lanes is 'The kinds of slot, and whether work for them is handed out.';
comment on column lanes.lane is 'Name of the lane.';
comment on column lanes.paused_at is 'Since when nothing of it is handed out; null while it is open.';

insert into lanes (lane) values ('native'), ('office'), ('browser'), ('ocr');

create sequence turns.clock_native as bigint;
create sequence turns.clock_office as bigint;
create sequence turns.clock_browser as bigint;
create sequence turns.clock_ocr as bigint;

-- Gives `count` places in the line of a tenant and says the first. Each tenant has a line of its own for each lane, which
-- begins where the lane's clock is, so a newcomer stands beside the first of a tenant that has thousands waiting, not behind the last
-- (start-time fair queueing). A priority is a line of its own with a head start of 1,000 places a step: high goes
-- first, and what is low is overtaken by no more than that.
create function turns.take(tenant uuid, lane text, priority smallint, count bigint) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    class constant text := case sign(priority) when 1 then 'high_' when -1 then 'low_' else '' end;
    line constant text := format('turns.%I', lane || '_' || class || tenant);
    clock constant bigint := coalesce(pg_sequence_last_value(('turns.clock_' || lane)::regclass), 0);
    turn bigint;
begin
    if to_regclass(line) is null then
        begin
            execute format('create sequence if not exists %s as bigint', line);
        exception when unique_violation or duplicate_table then
            -- Another transaction made it just now.
            null;
        end;
    end if;
    turn := nextval(line);
    if turn <= clock then
        turn := clock + 1;
        perform setval(line, turn + count - 1);
    elsif count > 1 then
        perform setval(line, turn + count - 1);
    end if;
    return turn - 1000 * priority;
end
$$;
comment on function turns.take is 'Gives places in the line of a tenant and a lane, and returns the first.';

create function turns.serve(lane text, place bigint) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    clock constant regclass := 'turns.clock_' || lane;
begin
    return setval(clock, greatest(place, pg_sequence_last_value(clock), 1));
end
$$;
comment on function turns.serve is 'Moves the clock of a lane on to a place that is served, and returns where it stands.';

-- The functions make sequences as their owner, so whoever runs the service needs no right on what is in the schema.
grant usage on schema turns to public;

alter table jobs add constraint jobs_priority_check check (priority between -100 and 100);
comment on column jobs.priority is 'Higher goes first: each step is a head start of 1,000 places in line. 0 by default.';

alter table tenants
    add column running_max integer,
    add constraint tenants_running_max_check check (running_max >= 0);
create index tenants_limited on tenants (id) where running_max is not null;
comment on column tenants.running_max is 'Most tasks of the tenant that run at once; null for no limit, 0 for none.';

alter table workers
    drop column draining;
alter table workers
    add column draining_since timestamptz;
comment on column workers.draining_since is 'Since when it takes no more work, because it stops; null while it works.';
comment on column workers.alive_until is 'The lease; renewed every few seconds. Past it, any worker takes the tasks back.';

drop index tasks_ready;
drop index tasks_job;
alter table tasks
    drop constraint tasks_pkey,
    drop constraint tasks_lane_check,
    drop constraint tasks_claimed_check,
    add constraint tasks_pkey primary key (job_id, id),
    add column state text not null default 'ready',
    add column crashes smallint not null default 0,
    add column capped boolean not null default false,
    alter column run_at drop not null,
    alter column run_at drop default,
    alter column order_key drop identity;

update tasks
set worker_id = null, fence = null, claimed_at = null, attempt = greatest(attempt - (worker_id is not null)::integer, 0),
    run_at = case when worker_id is null and run_at > now() then run_at end,
    state = case when worker_id is null and run_at > now() then 'later' else 'ready' end,
    order_key = turns.take(tenant_id, lane, priority, 1);

alter table tasks
    alter column state drop default,
    add constraint tasks_lane_check check (lane in ('native', 'office', 'browser', 'ocr')),
    add constraint tasks_state_check check (state in ('ready', 'running', 'later', 'limited')),
    add constraint tasks_running_check check (
        (state = 'running') = (worker_id is not null)
        and (state = 'running') = (fence is not null)
        and (state = 'running') = (claimed_at is not null)
    ),
    add constraint tasks_later_check check ((state = 'later') = (run_at is not null)),
    add constraint tasks_capped_check check (state = 'running' or not capped),
    add constraint tasks_crashes_check check (crashes >= 0);

-- The order of the index is the order of claiming, and only what can be claimed is in it.
create index tasks_ready on tasks (lane, order_key) where state = 'ready';
create index tasks_later on tasks (run_at) where state = 'later';
create index tasks_limited on tasks (tenant_id, order_key) where state = 'limited';
create index tasks_capped on tasks (tenant_id) where capped;

comment on table tasks is 'The queue: unfinished work only, narrow and small. How a task ended is in attempts.';
-- No foreign key to lanes: each insertion would lock the same four rows.
comment on column tasks.state is 'ready (can be claimed), running (a worker holds it), later (not before run_at), limited (its tenant runs as much as it may).';
comment on column tasks.priority is 'Higher goes first; already in order_key.';
comment on column tasks.order_key is 'Place in line: lower goes first. Fair among tenants, with a head start for priority.';
comment on column tasks.run_at is 'When a task in state later becomes ready.';
comment on column tasks.attempt is 'How often it was tried, not counting what was released or lost.';
comment on column tasks.crashes is 'How many workers died while they held it.';
comment on column tasks.capped is 'Whether it runs on behalf of a tenant with a limit.';
comment on column tasks.worker_id is 'Who runs it; null unless running. No index: rescue looks at the whole table, and only when a worker has died.';

-- How many tasks of a tenant with a limit run. Volatile, so that a claim that waited for the tenant's lock counts anew.
create function turns.running(tenant uuid) returns bigint
    language sql volatile
as $$ select count(*) from tasks where capped and tenant_id = tenant $$;
comment on function turns.running is 'Counts the running tasks of a tenant with a limit.';
