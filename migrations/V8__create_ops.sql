-- What operators see and do in psql: schema `ops`.
--
-- Views answer the questions of a day and a night on duty; functions are the switches, safe while the service runs. Two
-- roles use them: bindery_reader looks, bindery_operator also switches. Neither can read a table, so no view shows what
-- must stay hidden: the values of options (passwords are among them), blobs, and their names.
--
-- The functions run as their owner. Hence each has a fixed search path without `public`, and names its tables in full.

-- How long work waits can be said only of what knows when it came.
alter table tasks add column created_at timestamptz not null default now();
comment on column tasks.created_at is 'When it was enqueued.';

-- Jobs that failed, newest first. Few do, so it costs next to nothing.
create index jobs_failed on jobs (completed_at) where outcome = 'error';
-- What ended lately, for ops.throughput. Rows come nearly in the order of these times, so a summary of each range of pages
-- is enough: it has a few pages, and a write hardly ever changes it.
create index jobs_completed on jobs using brin (completed_at) with (pages_per_range = 32, autosummarize = on);
create index attempts_ended on attempts using brin (ended_at) with (pages_per_range = 32, autosummarize = on);

create schema ops;
comment on schema ops is 'For operators: what the service does (views) and switches for it (functions).';

----------------------------------------------------------------------------------------------------------------------
-- Identifiers, as clients and logs write them
----------------------------------------------------------------------------------------------------------------------

create function ops.base36(id uuid) returns text
    language plpgsql immutable strict parallel safe
as $$
declare
    digits constant text := '0123456789abcdefghijklmnopqrstuvwxyz';
    -- 36 to the power of 12, the highest that a bigint holds: 128 bits are three such digits.
    big constant numeric := 4738381338321616896;
    hex constant text := replace(id::text, '-', '');
    value constant numeric := ('x' || substr(hex, 1, 15))::bit(60)::bigint * 295147905179352825856
                              + ('x' || substr(hex, 16, 15))::bit(60)::bigint::numeric * 256
                              + ('x' || substr(hex, 31, 2))::bit(8)::integer;
    upper_part constant numeric := div(value, big);
    part bigint;
    name text := '';
begin
    foreach part in array array[value - upper_part * big, mod(upper_part, big), div(upper_part, big)]::bigint[] loop
        for place in 1..12 loop
            name := substr(digits, (part % 36)::integer + 1, 1) || name;
            part := part / 36;
        end loop;
    end loop;
    return coalesce(nullif(ltrim(name, '0'), ''), '0');
end
$$;
comment on function ops.base36 is 'The digits of an identifier in base 36, lower case.';

create function ops.read_id(prefix text, name text) returns uuid
    language plpgsql immutable strict parallel safe
    set search_path = pg_catalog, pg_temp
as $$
declare
    value numeric := 0;
    code integer;
begin
    if name ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
        return name::uuid;
    end if;
    if name ~ ('^' || prefix || '(0|[1-9a-z][0-9a-z]{0,24})$') then
        for place in length(prefix) + 1..length(name) loop
            code := ascii(substr(name, place, 1));
            value := value * 36 + case when code < 97 then code - 48 else code - 87 end;
        end loop;
        if value < 340282366920938463463374607431768211456 then
            -- Eight times sixteen bits.
            return (
                select string_agg(lpad(to_hex(mod(div(value, 65536::numeric ^ place), 65536)::integer), 4, '0'),
                                  '' order by place desc)
                from generate_series(0, 7) as place
            )::uuid;
        end if;
    end if;
    raise exception '"%" is not an identifier of this kind', name
        using errcode = 'invalid_text_representation', hint = format('It looks like %s… or is a UUID.', prefix);
end
$$;
comment on function ops.read_id is 'Reads an identifier as clients and logs write it, or a UUID.';

create function ops.job_name(id uuid) returns text
    language sql immutable strict parallel safe
as $$ select 'job_' || ops.base36(id) $$;
comment on function ops.job_name is 'A job as clients and logs name it: job_ and base 36.';

create function ops.job_id(name text) returns uuid
    language sql immutable strict parallel safe
as $$ select ops.read_id('job_', name) $$;
comment on function ops.job_id is 'The UUID of a job that clients and logs name job_…; a UUID stays what it is.';

create function ops.worker_name(id uuid) returns text
    language sql immutable strict parallel safe
as $$ select 'wrk_' || ops.base36(id) $$;
comment on function ops.worker_name is 'A worker as logs name it: wrk_ and base 36.';

create function ops.worker_id(name text) returns uuid
    language sql immutable strict parallel safe
as $$ select ops.read_id('wrk_', name) $$;
comment on function ops.worker_id is 'The UUID of a worker that logs name wrk_…; a UUID stays what it is.';

-- Operators paste the names of jobs into conditions; without this each such look would name every job that there is.
create index jobs_name on jobs (ops.job_name(id));

----------------------------------------------------------------------------------------------------------------------
-- What the database itself knows
----------------------------------------------------------------------------------------------------------------------

-- A reader may not ask for the sessions of others. No statements are shown: they may hold anything.
create function ops.sessions() returns table (
    pid integer, role name, application text, state text, listens boolean, transaction interval, idle interval, snapshot integer
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select pid, usename, application_name, state, coalesce(query ilike 'listen %', false), now() - xact_start,
           case when state like 'idle in transaction%' then clock_timestamp() - state_change end, age(backend_xmin)
    from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
$$;
comment on function ops.sessions is
    'Sessions of this database, without their statements. Those of other roles than the owner say little unless it is a member of pg_read_all_stats.';

create view ops.bloat as
select class.relname::text as "table", greatest(class.reltuples, 0)::bigint as rows_estimated, stats.n_dead_tup as dead_rows,
       pg_size_pretty(pg_table_size(class.oid)) as size, pg_size_pretty(pg_indexes_size(class.oid)) as indexes,
       greatest(stats.last_vacuum, stats.last_autovacuum) as vacuumed_at,
       greatest(stats.last_analyze, stats.last_autoanalyze) as analyzed_at,
       current_setting('autovacuum')::boolean
       and not coalesce('autovacuum_enabled=false' = any (class.reloptions), false) as autovacuum
from pg_class as class join pg_stat_user_tables as stats on stats.relid = class.oid
where class.relnamespace = 'public'::regnamespace and class.relname <> 'refinery_schema_history'
order by pg_total_relation_size(class.oid) desc;

comment on view ops.bloat is 'The tables of the service: their size, what is dead in them, when they were cleaned up last.';
comment on column ops.bloat."table" is 'Name of the table.';
comment on column ops.bloat.rows_estimated is 'Rows, as the planner believes since the last analysis.';
comment on column ops.bloat.dead_rows is 'Rows that wait for a vacuum. In tasks some thousands are normal under load.';
comment on column ops.bloat.size is 'Size without indexes.';
comment on column ops.bloat.indexes is 'Size of the indexes.';
comment on column ops.bloat.vacuumed_at is 'When it was vacuumed last, by whomever.';
comment on column ops.bloat.analyzed_at is 'When it was analysed last, by whomever.';
comment on column ops.bloat.autovacuum is 'Whether autovacuum is on, for the server and for this table.';

create view ops.health as
with sessions as materialized (
    select * from ops.sessions()
), checks (ordinal, "check", value, ok, meaning, remedy) as (
    select 1, 'workers alive', count(*)::text, count(*) > 0,
           'Worker processes whose lease holds.', 'Start one: bindery work.'
    from workers
    where alive_until > now()
    union all
    select 2, 'processes that listen', count(*)::text, count(*) > 0,
           'Connections that hear bells. Without them the service polls: nothing is lost, all is up to two seconds slower.',
           'Give the service a direct connection: BINDERY_LISTEN_URL.'
    from sessions
    where listens
    union all
    select 3, 'bells that wait to be heard', round((pg_notification_queue_usage() * 100)::numeric, 1) || ' % of the queue',
           pg_notification_queue_usage() < 0.2,
           'Notifications that some session has not read. A full queue stops every commit that rings.',
           'End the session that listens in a long transaction: select * from ops.sessions() where listens;'
    union all
    select 4, 'longest idle in a transaction', coalesce(max(date_trunc('second', idle))::text, 'none'),
           coalesce(max(idle) < interval '5 minutes', true),
           'A session that began a transaction and does nothing keeps dead rows alive and may hold locks.',
           'select pid, role, application, idle from ops.sessions() where idle is not null order by idle desc; then pg_terminate_backend(pid)'
    from sessions
    union all
    select 5, 'longest transaction', coalesce(max(date_trunc('second', transaction))::text, 'none'),
           coalesce(max(transaction) < interval '15 minutes', true),
           'No vacuum removes what a transaction may still see, so the tables of the queue grow.',
           'select pid, role, application, transaction from ops.sessions() order by transaction desc nulls last; then pg_terminate_backend(pid)'
    from sessions
    union all
    select 6, 'oldest snapshot', coalesce(max(snapshot), 0) || ' transactions ago', coalesce(max(snapshot), 0) < 1000000,
           'How far back vacuum must keep what is dead, because of a session.',
           'select pid, role, application, snapshot from ops.sessions() order by snapshot desc nulls last; then pg_terminate_backend(pid)'
    from sessions
    union all
    select 7, 'prepared transactions', count(*)::text, coalesce(min(prepared) > now() - interval '5 minutes', true),
           'The service makes none. One that was forgotten keeps dead rows and locks for ever.',
           'select gid, prepared, owner from pg_prepared_xacts; then rollback prepared'
    from pg_prepared_xacts
    where database = current_database()
    union all
    select 8, 'replication slots left behind', count(*)::text, count(*) = 0,
           'Slots that nobody reads from, or that hold back vacuum. They fill the disk.',
           'select slot_name, active, age(xmin), age(catalog_xmin) from pg_replication_slots; then pg_drop_replication_slot(slot_name)'
    from pg_replication_slots
    where not active or age(xmin) > 1000000
    union all
    select 9, 'autovacuum', case when bool_and(autovacuum) then 'on' else 'off' end, bool_and(autovacuum),
           'Without it the queue gets slower by the hour.',
           'alter system set autovacuum = on; select pg_reload_conf(); and for one table: alter table … reset (autovacuum_enabled)'
    from ops.bloat
    union all
    select 10, 'dead rows of tasks', dead_rows::text, dead_rows < 100000 + rows_estimated,
           'Dead rows of the queue, which every claim may have to step over.',
           'Look for an old snapshot first; then: vacuum tasks;'
    from ops.bloat
    where "table" = 'tasks'
    union all
    select 11, 'fences', drawn || ' drawn, ' || used || ' the highest in use', drawn >= used,
           'A fence may never repeat. After a restore by hand the sequence can be behind its table.',
           'select setval(''task_fences'', (select max(fence) from attempts));'
    from (select case when is_called then last_value else 0 end as drawn from task_fences) as sequence,
         (select coalesce(max(fence), 0) as used from attempts) as history
    union all
    select 12, 'connections', sum(numbackends) || ' of ' || current_setting('max_connections'),
           sum(numbackends) < 0.9 * current_setting('max_connections')::integer,
           'Connections to the server, to any of its databases.', 'Use fewer processes or a pooler, or raise max_connections.'
    from pg_stat_database
    union all
    select 13, 'age of the oldest transaction id', age(datfrozenxid)::text, age(datfrozenxid) < 1000000000,
           'At two thousand million the server stops writing. Autovacuum keeps it below 200 million by default.',
           'vacuum (freeze); and look for what holds vacuum back'
    from pg_database
    where datname = current_database()
    union all
    select 14, 'jobs past their time', count(*)::text, coalesce(min(expires_at) > now() - interval '10 minutes', true),
           'Jobs whose retention is over and that nobody has deleted. Any live worker does.', 'Start a worker: bindery work.'
    from (select expires_at from jobs where expires_at < now() and deleted_at is null limit 10000) as expired
)
select "check", case when ok then 'ok' else 'look' end as verdict, value, meaning, case when not ok then remedy end as remedy
from checks
order by ok, ordinal;

comment on view ops.health is 'Whether the database and the service around the queue are well. What needs a look comes first.';
comment on column ops.health."check" is 'What was looked at.';
comment on column ops.health.verdict is 'ok, or look.';
comment on column ops.health.value is 'What was found.';
comment on column ops.health.meaning is 'What it is and why it matters.';
comment on column ops.health.remedy is 'What to do; null when all is well.';

----------------------------------------------------------------------------------------------------------------------
-- The queue
----------------------------------------------------------------------------------------------------------------------

create view ops.queue as
with counted as (
    select lane, count(*) filter (where state = 'ready') as ready, count(*) filter (where state = 'running') as running,
           count(*) filter (where state = 'later') as later, count(*) filter (where state = 'limited') as limited,
           min(created_at) filter (where state = 'ready') as oldest
    from tasks
    group by lane
), serving as (
    select slot.key as lane, count(*) as workers, sum(slot.value::integer) as slots
    from workers cross join lateral jsonb_each_text(workers.slots) as slot
    where alive_until > now() and draining_since is null and slot.value::integer > 0
    group by slot.key
)
select lanes.lane, coalesce(ready, 0) as ready, coalesce(running, 0) as running, coalesce(later, 0) as later,
       coalesce(limited, 0) as limited, date_trunc('second', now() - oldest) as oldest,
       coalesce(workers, 0) as workers, coalesce(slots, 0) as slots, paused_at
from lanes left join counted on counted.lane = lanes.lane left join serving on serving.lane = lanes.lane
order by lanes.lane;

comment on view ops.queue is 'One row a lane: what waits, what runs, who serves it. Reads all tasks: about 0.3 s with a million of them.';
comment on column ops.queue.lane is 'The kind of engine slot.';
comment on column ops.queue.ready is 'Tasks that a free slot would take now.';
comment on column ops.queue.running is 'Tasks that a worker holds.';
comment on column ops.queue.later is 'Tasks that wait for a time, mostly a back-off after a failed attempt.';
comment on column ops.queue.limited is 'Tasks that wait since their tenant runs as much as it may.';
comment on column ops.queue.oldest is 'How long the oldest ready task has been in the queue; null when none is ready.';
comment on column ops.queue.workers is 'Live workers that offer slots for it and take work.';
comment on column ops.queue.slots is 'Slots of those workers.';
comment on column ops.queue.paused_at is 'Since when nothing of it is handed out; null while it is open.';

create view ops.workers as
select ops.worker_name(workers.id) as worker, workers.id, host, pid, version,
       case when alive_until <= now() then 'dead' when draining_since is not null then 'draining' else 'working' end as state,
       (select string_agg(key || ' ' || value, ', ' order by key) from jsonb_each_text(slots)) as slots,
       coalesce(held.tasks, 0) as running, workers.started_at, draining_since,
       date_trunc('milliseconds', alive_until - now()) as lease
from workers
     left join (select worker_id, count(*) as tasks from tasks where state = 'running' group by worker_id) as held
               on held.worker_id = workers.id
order by host, pid;

comment on view ops.workers is 'The worker processes that are registered. Reads all tasks.';
comment on column ops.workers.worker is 'Its identifier, as in its log.';
comment on column ops.workers.id is 'The same as a UUID.';
comment on column ops.workers.host is 'Host name.';
comment on column ops.workers.pid is 'Process id on that host.';
comment on column ops.workers.version is 'Version of the program.';
comment on column ops.workers.state is 'working, draining (takes no more), dead (its lease ran out; others take its work back).';
comment on column ops.workers.slots is 'Slots a lane.';
comment on column ops.workers.running is 'Tasks that it holds.';
comment on column ops.workers.started_at is 'When it registered.';
comment on column ops.workers.draining_since is 'Since when it takes no more work.';
comment on column ops.workers.lease is 'How long its lease still holds, up to 15 s; negative when it ran out.';

create view ops.usual as
select kind, lane, count(*) as runs,
       date_trunc('milliseconds', avg(ended_at - started_at)) as mean,
       date_trunc('milliseconds', percentile_cont(0.95) within group (order by ended_at - started_at)) as p95
from (select kind, lane, ending, started_at, ended_at from attempts order by fence desc limit 10000) as latest
where ending = 'succeeded'
group by kind, lane
order by kind, lane;

comment on view ops.usual is 'How long an attempt usually takes, from those of the last 10,000 that succeeded.';
comment on column ops.usual.kind is 'What is done: convert, assemble, purge.';
comment on column ops.usual.lane is 'The kind of engine slot.';
comment on column ops.usual.runs is 'Attempts that the figures are made from.';
comment on column ops.usual.mean is 'Mean run time.';
comment on column ops.usual.p95 is 'Run time that 95 of 100 stay below.';

create view ops.running as
select ops.job_name(tasks.job_id) as job, tasks.job_id as id, tenants.name as tenant, tasks.kind, tasks.lane, documents.file_name,
       documents.format, documents.bytes, date_trunc('milliseconds', now() - tasks.claimed_at) as since, tasks.attempt,
       tasks.crashes, tasks.cancel_requested, workers.host, workers.pid, ops.worker_name(tasks.worker_id) as worker
from tasks
     left join workers on workers.id = tasks.worker_id
     left join tenants on tenants.id = tasks.tenant_id
     left join documents on documents.id = tasks.document_id
where tasks.state = 'running'
order by tasks.claimed_at;

comment on view ops.running is 'What runs, longest first, where and on what. Reads all tasks.';
comment on column ops.running.job is 'The job.';
comment on column ops.running.id is 'The same as a UUID.';
comment on column ops.running.tenant is 'Whose it is.';
comment on column ops.running.kind is 'What is done: convert, assemble, purge.';
comment on column ops.running.lane is 'The kind of engine slot that it takes.';
comment on column ops.running.file_name is 'Name of the document; null for work on the whole job.';
comment on column ops.running.format is 'Format of the document, when an earlier attempt has found it.';
comment on column ops.running.bytes is 'Size of the document in bytes.';
comment on column ops.running.since is 'How long it has been running. A few short tasks may be claimed ahead of a free slot.';
comment on column ops.running.attempt is 'Which attempt this is.';
comment on column ops.running.crashes is 'How many workers died while they held it.';
comment on column ops.running.cancel_requested is 'Whether its worker was told to stop it.';
comment on column ops.running.host is 'Where it runs; null when its worker is not registered any more.';
comment on column ops.running.pid is 'Process id of the worker; the engine is a child of it.';
comment on column ops.running.worker is 'The worker, as in its log.';

create view ops.tenants as
with counted as (
    select tenant_id, count(*) filter (where state = 'running') as running, count(*) filter (where state = 'ready') as ready,
           count(*) filter (where state = 'later') as later, count(*) filter (where state = 'limited') as limited,
           min(created_at) filter (where state in ('ready', 'limited')) as oldest
    from tasks
    group by tenant_id
)
select tenants.name as tenant, coalesce(running, 0) as running,
       round(100 * coalesce(running, 0) / nullif(sum(running) over (), 0), 1) as share,
       running_max as "limit", coalesce(ready, 0) as ready, coalesce(limited, 0) as limited, coalesce(later, 0) as later,
       date_trunc('second', now() - oldest) as oldest,
       (select count(*) from jobs where jobs.tenant_id = tenants.id and state <> 'completed' and deleted_at is null) as open_jobs
from tenants left join counted on counted.tenant_id = tenants.id
order by running desc nulls last, ready desc nulls last, tenants.name;

comment on view ops.tenants is 'Who uses everything. Reads all tasks; open_jobs also reads the open jobs.';
comment on column ops.tenants.tenant is 'Name of the tenant.';
comment on column ops.tenants.running is 'Tasks of it that run.';
comment on column ops.tenants.share is 'The same in percent of all that run.';
comment on column ops.tenants."limit" is 'Most tasks of it that may run at once; null for no limit.';
comment on column ops.tenants.ready is 'Tasks of it that wait for a slot.';
comment on column ops.tenants.limited is 'Tasks of it that wait because of its limit.';
comment on column ops.tenants.later is 'Tasks of it that wait for a time.';
comment on column ops.tenants.oldest is 'How long its oldest waiting task has been in the queue.';
comment on column ops.tenants.open_jobs is 'Jobs of it that are not completed.';

----------------------------------------------------------------------------------------------------------------------
-- Jobs
----------------------------------------------------------------------------------------------------------------------

-- What needs a look into other tables is a subquery in the list of columns, not a join: it is then made only for the rows
-- that are shown, after sorting and limiting, and only when its column is asked for.
create view ops.jobs as
select ops.job_name(jobs.id) as job, jobs.id, tenants.name as tenant, jobs.name, jobs.workflow, jobs.profile, jobs.priority,
       jobs.state, jobs.outcome, jobs.error_code, jobs.error_message,
       (select count(*) from documents where documents.job_id = jobs.id) as documents,
       (select count(*) from documents where documents.job_id = jobs.id and documents.state = 'converted') as converted,
       jobs.documents_open as open,
       (select string_agg(counted.count || ' ' || counted.state, ', ' order by counted.state)
        from (select state, count(*) from tasks where tasks.job_id = jobs.id group by state) as counted) as tasks,
       (select concat_ws(': ', concat_ws(' in ', fault, engine), message)
        from attempts
        where attempts.job_id = jobs.id and fault is not null
        order by fence desc
        limit 1) as last_failure,
       date_trunc('second', now() - jobs.created_at) as age,
       date_trunc('milliseconds', coalesce(jobs.completed_at, now()) - jobs.started_at) as took,
       jobs.created_at, jobs.started_at, jobs.completed_at, nullif(jobs.expires_at, 'infinity') as expires_at
from jobs join tenants on tenants.id = jobs.tenant_id
where jobs.deleted_at is null;

comment on view ops.jobs is 'Jobs as clients see them, with what an operator wants to know of them. For the newest: order by id desc limit 20.';
comment on column ops.jobs.job is 'The job, as clients and logs name it. A condition on it uses an index.';
comment on column ops.jobs.id is 'The same as a UUID; ascending in time of creation.';
comment on column ops.jobs.tenant is 'Whose it is.';
comment on column ops.jobs.name is 'Name that the client gave.';
comment on column ops.jobs.workflow is 'What is made.';
comment on column ops.jobs.profile is 'The settings for it.';
comment on column ops.jobs.priority is 'Higher goes first; each step is a head start of 1,000 places in line.';
comment on column ops.jobs.state is 'creating, pending, processing, completed.';
comment on column ops.jobs.outcome is 'success, warning, error; set when completed.';
comment on column ops.jobs.error_code is 'Why it failed, in a word that the client also gets.';
comment on column ops.jobs.error_message is 'Why it failed, in a sentence that the client also gets.';
comment on column ops.jobs.documents is 'Documents that it has.';
comment on column ops.jobs.converted is 'Documents that are converted.';
comment on column ops.jobs.open is 'Documents that are not converted yet.';
comment on column ops.jobs.tasks is 'What of it is in the queue, by state; null when nothing is.';
comment on column ops.jobs.last_failure is 'The last attempt that failed: kind of fault, engine, what went wrong.';
comment on column ops.jobs.age is 'How long ago it was created.';
comment on column ops.jobs.took is 'From its start to its end, or to now.';
comment on column ops.jobs.created_at is 'When it was created.';
comment on column ops.jobs.started_at is 'When the client started it; null while creating.';
comment on column ops.jobs.completed_at is 'When it ended; null while it is open.';
comment on column ops.jobs.expires_at is 'When it may be deleted; null while it is open.';

create view ops.attempts as
select ops.job_name(attempts.job_id) as job, attempts.job_id as id, attempts.kind, attempts.lane,
       (select file_name from documents where documents.id = attempts.document_id) as file_name, attempts.attempt,
       attempts.ending, attempts.fault, attempts.message, attempts.engine, attempts.engine_version, attempts.exit,
       attempts.peak_memory_bytes as memory_bytes,
       date_trunc('milliseconds', attempts.ended_at - attempts.started_at) as took, attempts.host,
       attempts.started_at, attempts.ended_at, attempts.fence, attempts.stderr_tail
from attempts;

comment on view ops.attempts is
    'Every attempt that has ended. For operators only: what an engine wrote may quote a document. For the latest: order by fence desc limit 20.';
comment on column ops.attempts.job is 'The job.';
comment on column ops.attempts.id is 'The same as a UUID; look by it: where id = ops.job_id(''job_…'').';
comment on column ops.attempts.kind is 'What was to be done: convert, assemble, purge.';
comment on column ops.attempts.lane is 'The kind of engine slot it took.';
comment on column ops.attempts.file_name is 'Name of the document, if one.';
comment on column ops.attempts.attempt is 'Which attempt of its task it was.';
comment on column ops.attempts.ending is
    'succeeded, failed (final), retried (ran again), rerouted (needed another lane), released (its worker stopped), canceled, lost (its worker died).';
comment on column ops.attempts.fault is 'What kind of fault: input, crashed, timed-out, flooded, unavailable, internal, lost-lease.';
comment on column ops.attempts.message is 'What went wrong.';
comment on column ops.attempts.engine is 'Engine that did the work.';
comment on column ops.attempts.engine_version is 'Version of that engine.';
comment on column ops.attempts.exit is 'Exit status or signal of the engine.';
comment on column ops.attempts.memory_bytes is 'Most memory that the engine took, in bytes.';
comment on column ops.attempts.took is 'How long it ran.';
comment on column ops.attempts.host is 'Host it ran on.';
comment on column ops.attempts.started_at is 'When it was claimed.';
comment on column ops.attempts.ended_at is 'When it ended.';
comment on column ops.attempts.fence is 'Its number, unique and ascending in time of claiming.';
comment on column ops.attempts.stderr_tail is 'The last 4 KiB that the engine wrote to standard error.';

create view ops.failures as
select ops.job_name(jobs.id) as job, jobs.id, tenants.name as tenant, jobs.workflow, jobs.completed_at as failed_at,
       failed.file_name, failed.format, failed.bytes, coalesce(failed.error_code, jobs.error_code) as error_code,
       coalesce(failed.error_message, jobs.error_message) as error_message,
       last.fault, last.engine, last.engine_version, last.exit, last.host,
       (select string_agg(format('%s %s on %s%s', attempts.lane, attempts.ending, attempts.host,
                                 coalesce(' (' || attempts.fault || ')', '')), ', ' order by attempts.fence)
        from attempts
        where attempts.job_id = jobs.id and attempts.document_id is not distinct from failed.id) as attempts,
       jobs.error_code <> 'option' and exists (select from documents where documents.job_id = jobs.id)
       and not exists (select from tasks where tasks.job_id = jobs.id) as can_retry
from jobs
     join tenants on tenants.id = jobs.tenant_id
     left join documents as failed on failed.job_id = jobs.id and failed.state = 'failed'
     left join lateral (
       select fault, engine, engine_version, exit, host
       from attempts
       where attempts.job_id = jobs.id and attempts.document_id is not distinct from failed.id and fault is not null
       order by fence desc
       limit 1
     ) as last on true
where jobs.outcome = 'error' and jobs.deleted_at is null;

comment on view ops.failures is
    'What failed: one row for each document that did, or for a job that failed as a whole. For the latest: order by failed_at desc limit 20.';
comment on column ops.failures.job is 'The job.';
comment on column ops.failures.id is 'The same as a UUID.';
comment on column ops.failures.tenant is 'Whose it is.';
comment on column ops.failures.workflow is 'What was to be made.';
comment on column ops.failures.failed_at is 'When the job ended.';
comment on column ops.failures.file_name is 'Name of the document; null when the job failed as a whole.';
comment on column ops.failures.format is 'Format that was found in the document.';
comment on column ops.failures.bytes is 'Size of the document in bytes.';
comment on column ops.failures.error_code is 'Why, in a word that the client also gets.';
comment on column ops.failures.error_message is 'Why, in a sentence that the client also gets.';
comment on column ops.failures.fault is 'Kind of fault of the last attempt that had one.';
comment on column ops.failures.engine is 'Engine of that attempt.';
comment on column ops.failures.engine_version is 'Version of that engine.';
comment on column ops.failures.exit is 'Exit status or signal of that engine.';
comment on column ops.failures.host is 'Host of that attempt.';
comment on column ops.failures.attempts is 'All attempts in their order: lane, how it ended, where, kind of fault.';
comment on column ops.failures.can_retry is 'Whether ops.retry takes the job.';

-- A function, since the planner expects far more than it finds in a short time and would compile machine code for it.
-- The 95th percentile is read from counts of classes, each 5 % wider than the one before: sorting what ended in a day would
-- take many times longer than counting it.
create function ops.count_ended(per text, since timestamptz) returns table (
    at timestamptz, kind text, lane text, ended bigint, succeeded bigint, warning bigint, failed bigint, canceled bigint, again bigint,
    mean interval, p95 interval
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    set jit = off
    set work_mem = '64MB'
begin atomic
    with ended as (
        select date_trunc(per, completed_at) as at, 'job' as kind, null::text as lane,
               case when error_code = 'canceled' then 'canceled' else outcome end as ending, completed_at - started_at as took
        from jobs
        where completed_at >= since
        union all
        select date_trunc(per, ended_at), kind, lane, ending, ended_at - started_at from attempts where ended_at >= since
    ), counted as (
        select at, kind, lane, ending, ceil(ln(greatest(extract(epoch from took)::float8, 0.001)) / ln(1.05::float8)) as class,
               count(*) as ended, sum(took) as took
        from ended
        group by at, kind, lane, ending, class
    ), ranked as (
        select *, sum(ended) over same as of_all, sum(ended) over (same order by class) as up_to
        from counted
        window same as (partition by at, kind, lane)
    )
    select at, kind, lane, sum(ended)::bigint,
           coalesce(sum(ended) filter (where ending in ('success', 'succeeded')), 0)::bigint,
           coalesce(sum(ended) filter (where ending = 'warning'), 0)::bigint,
           coalesce(sum(ended) filter (where ending in ('error', 'failed')), 0)::bigint,
           coalesce(sum(ended) filter (where ending = 'canceled'), 0)::bigint,
           coalesce(sum(ended) filter (where ending in ('retried', 'rerouted', 'released', 'lost')), 0)::bigint,
           date_trunc('milliseconds', sum(took) / sum(ended)::float8),
           date_trunc('milliseconds', make_interval(secs => 1.05::float8 ^ min(class) filter (where up_to >= 0.95 * of_all)))
    from ranked
    group by at, kind, lane;
end;
comment on function ops.count_ended is 'Counts what ended since a time, for each minute, hour or day; ops.throughput shows it.';

create view ops.throughput as
select 'minute' as per, minutes.* from ops.count_ended('minute', date_trunc('minute', now()) - interval '1 hour') as minutes
union all
select 'hour', hours.* from ops.count_ended('hour', date_trunc('hour', now()) - interval '1 day') as hours;

comment on view ops.throughput is
    'What ended, each minute of the last hour and each hour of the last day. Ask for one of them: where per = ''minute''. Reads all that ended in that time: 0.1 s for 100,000 attempts, 2 s for three million.';
comment on column ops.throughput.per is 'minute or hour.';
comment on column ops.throughput.at is 'When that minute or hour began.';
comment on column ops.throughput.kind is 'job, or the kind of task: convert, assemble, purge.';
comment on column ops.throughput.lane is 'The lane of the tasks; null for jobs.';
comment on column ops.throughput.ended is 'How many ended: jobs, or attempts of tasks.';
comment on column ops.throughput.succeeded is 'Of those, how many as they should.';
comment on column ops.throughput.warning is 'How many jobs with a result and a warning.';
comment on column ops.throughput.failed is 'How many for good without a result, other than by being canceled.';
comment on column ops.throughput.canceled is 'How many because they were canceled.';
comment on column ops.throughput.again is 'How many attempts whose task went back into the queue.';
comment on column ops.throughput.mean is 'Mean time: of jobs from start to end, of attempts the run time.';
comment on column ops.throughput.p95 is 'The time that 95 of 100 stay below, up to 5 % too high.';

-- Thresholds are those at which an operator would begin to wonder; nothing else depends on them. Waiting work is told by
-- lane and tenant, so that there are never more than a few rows for a full queue.
-- A function for the same reason as above.
create function ops.find_stuck() returns table (what text, name text, tasks bigint, since interval, reason text, remedy text)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    set jit = off
    set work_mem = '64MB'
begin atomic
    with waiting as materialized (
        select lane, tenant_id, state, count(*) as tasks, min(created_at) as oldest, min(run_at) as due, max(run_at) as last_due
        from tasks
        where state <> 'running'
        group by lane, tenant_id, state
    ), serving as materialized (
        select slot.key as lane, count(*) as alive, count(*) filter (where draining_since is null) as working
        from workers cross join lateral jsonb_each_text(workers.slots) as slot
        where alive_until > now() and slot.value::integer > 0
        group by slot.key
    ), lines as (
        select waiting.lane, sum(tasks) as tasks, min(oldest) as oldest, lanes.paused_at,
               coalesce(min(alive), 0) as alive, coalesce(min(working), 0) as working
        from waiting left join lanes on lanes.lane = waiting.lane left join serving on serving.lane = waiting.lane
        where waiting.state = 'ready'
        group by waiting.lane, lanes.paused_at
    ), held as materialized (
        select tasks.*, workers.id is null as is_orphan, alive_until, host, pid
        from tasks left join workers on workers.id = tasks.worker_id
        where tasks.state = 'running'
    ), slow as (
        select held.*, coalesce(greatest(3 * usual.p95, interval '1 minute'), interval '5 minutes') as patience, usual.p95
        from held left join ops.usual as usual on usual.kind = held.kind and usual.lane = held.lane
        where not held.is_orphan and held.alive_until > now()
    ), found (what, name, tasks, since, reason, remedy) as (
        select 'lane', lane, tasks, oldest,
               case when paused_at is not null then 'The lane has been paused since ' || date_trunc('second', paused_at) || '.'
                    when alive = 0 then 'No live worker has slots for this lane.'
                    else 'Every live worker of this lane is draining.' end,
               case when paused_at is not null then format('select ops.resume(%L);', lane)
                    when alive = 0 then format('Start a worker with slots for it: bindery work --slots %s=2.', lane)
                    else 'Start another worker, or: select ops.undrain(id) from ops.workers;' end
        from lines
        where paused_at is not null or working = 0
        union all
        select 'tenant', tenants.name, sum(tasks), min(oldest),
               case when running_max is null then 'Its limit was lifted; live workers release its tasks a thousand at a time.'
                    else format('It runs as many tasks as its limit of %s allows.', running_max) end,
               format('select ops.limit(%L, null); or with a higher number', tenants.name)
        from waiting join tenants on tenants.id = waiting.tenant_id
        where waiting.state = 'limited'
        group by tenants.name, running_max
        union all
        select 'lane', lane, sum(tasks), min(due), 'Tasks whose wait is over; nobody has made them ready.',
               'Any live worker does, of whatever lane. Start one: bindery work.'
        from waiting
        where state = 'later'
        group by lane
        having min(due) < now() - interval '1 minute'
        union all
        select 'lane', lane, sum(tasks), min(oldest), 'Tasks wait for a time far ahead, up to ' || date_trunc('second', max(last_due)) || '.',
               'No back-off is that long; somebody set it. For each job: select ops.cancel(job); select ops.retry(job);'
        from waiting
        where state = 'later'
        group by lane
        having max(last_due) > now() + interval '10 minutes'
        union all
        select 'worker', ops.worker_name(worker_id), count(*), min(coalesce(alive_until, claimed_at)),
               case when is_orphan then 'Tasks are held by a worker that is not registered.'
                    else format('The lease of the worker on %s (pid %s) ran out and its tasks are still held.', min(host), min(pid)) end,
               'Any live worker takes them back within seconds. Start one: bindery work.'
        from held
        where is_orphan or alive_until < now()
        group by worker_id, is_orphan
        union all
        select 'task', ops.job_name(job_id), 1, claimed_at,
               format('The %s task has been running for %s on %s (pid %s)', kind, date_trunc('second', now() - claimed_at), host, pid)
               || coalesce(format('; 95 of 100 take less than %s.', p95), '.'),
               format('Its own time limit ends it. Not to wait: select ops.cancel(%L);', ops.job_name(job_id))
        from slow
        where now() - claimed_at > patience and not cancel_requested
        union all
        select 'task', ops.job_name(held.job_id), 1, coalesce(jobs.deleted_at, jobs.cancel_requested_at, jobs.completed_at),
               format('It was told to stop and still runs on %s (pid %s).', host, pid),
               'Its worker does not hear or hangs. When it stays so, end that process: its lease runs out and the task goes back.'
        from held join jobs on jobs.id = held.job_id
        where held.cancel_requested
              and coalesce(jobs.deleted_at, jobs.cancel_requested_at, jobs.completed_at) < now() - interval '15 seconds'
        union all
        select 'job', ops.job_name(jobs.id), 0, coalesce(started_at, created_at),
               case when documents_open > 0 then format('Its open documents: %s. Nothing of it is in the queue.', documents_open)
                    else 'It is started and no document of it is open, but nothing of it is in the queue.' end,
               case when state = 'creating' then 'Its client should delete it and create it again.'
                    else format('select ops.cancel(%1$L); select ops.retry(%1$L);', ops.job_name(jobs.id)) end
        from jobs
        where state <> 'completed' and deleted_at is null and (documents_open > 0 or state <> 'creating')
              and not exists (select from tasks where tasks.job_id = jobs.id)
        union all
        select 'job', ops.job_name(jobs.id), 0, deleted_at, 'It was deleted, and nothing in the queue will remove its files.',
               format('select ops.purge(%L);', ops.job_name(jobs.id))
        from jobs
        where deleted_at is not null and not exists (select from tasks where tasks.job_id = jobs.id and kind = 'purge')
        union all
        select 'database', "check", null, null, meaning || ' Found: ' || value || '.', remedy
        from ops.health
        where verdict = 'look' and "check" not in ('workers alive', 'processes that listen')
    )
    select what, name, tasks, date_trunc('second', now() - since) as since, reason, remedy
    from found
    order by found.since nulls last, what, name;
end;
comment on function ops.find_stuck is 'Looks for everything that does not move; ops.stuck shows it.';

create view ops.stuck as
select * from ops.find_stuck();

comment on view ops.stuck is
    'Everything that does not move, why, and what to do. No rows: all is well. Reads all tasks and all open jobs: 2 s with a million of each.';
comment on column ops.stuck.what is 'lane, tenant, worker, task, job, database.';
comment on column ops.stuck.name is 'Which one; a task is named by its job.';
comment on column ops.stuck.tasks is 'How many tasks that concerns.';
comment on column ops.stuck.since is 'For how long.';
comment on column ops.stuck.reason is 'Why it does not move.';
comment on column ops.stuck.remedy is 'What to do: a statement where one helps.';

----------------------------------------------------------------------------------------------------------------------
-- Switches
----------------------------------------------------------------------------------------------------------------------

-- Locks a job, as everybody does who changes it and its tasks: the job first, then the tasks. A deleted job is unknown.
create function ops.lock_job(job uuid) returns jobs
    language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    it public.jobs;
begin
    select * into it from public.jobs where id = job for update;
    if it.id is null or it.deleted_at is not null then
        raise exception 'there is no job %', ops.job_name(job)
            using errcode = 'no_data_found', hint = 'It may have been deleted, or its retention is over.';
    end if;
    return it;
end
$$;
comment on function ops.lock_job is 'Locks a job until the transaction ends; a part of other functions.';

create function ops.retry(job uuid) returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    it constant public.jobs := ops.lock_job(job);
    name constant text := ops.job_name(job);
    documents bigint;
    waiting bigint;
begin
    if it.outcome is distinct from 'error' then
        raise exception '% has not failed: it is %', name, concat_ws(' with ', it.state, it.outcome)
            using errcode = 'object_not_in_prerequisite_state', hint = 'Only a job that ended with an error can be tried again.';
    elsif it.error_code = 'option' then
        raise exception '% cannot be tried again: %', name, it.error_message
            using errcode = 'object_not_in_prerequisite_state', hint = 'Its client must create it anew with other options.';
    elsif exists (select from public.tasks where job_id = job) then
        raise exception '% cannot be tried again yet: something of it is still being stopped', name
            using errcode = 'object_not_in_prerequisite_state', hint = 'Try again in a few seconds; select * from ops.running shows it.';
    end if;
    select count(*) into documents from public.documents where job_id = job;
    if documents = 0 then
        raise exception '% has no documents', name using errcode = 'object_not_in_prerequisite_state';
    end if;

    update public.documents set state = 'open', error_code = null, error_message = null where job_id = job and state = 'failed';
    -- What was told about the documents that are converted anew.
    delete from public.events
    where job_id = job and document_id in (select id from public.documents where job_id = job and state = 'open');

    -- Each into the lane where it was tried last; what was never tried begins in the native lane, which sends it on.
    with open as (
        select documents.id, documents.ordinal, coalesce(last.lane, 'native') as lane
        from public.documents
             left join lateral (
               select lane
               from public.attempts
               where attempts.job_id = job and attempts.document_id = documents.id and ending <> 'rerouted'
               order by fence desc
               limit 1
             ) as last on true
        where documents.job_id = job and documents.state = 'open'
    ), placed as (
        select id, lane, row_number() over (partition by lane order by ordinal) as place from open
    ), lines as materialized (
        select lane, turns.take(it.tenant_id, lane, it.priority, count(*)) as first from placed group by lane
    )
    insert into public.tasks (kind, lane, job_id, document_id, tenant_id, priority, state, order_key)
    select 'convert', placed.lane, job, placed.id, it.tenant_id, it.priority, 'ready', lines.first + placed.place - 1
    from placed join lines on lines.lane = placed.lane
    order by placed.lane, placed.place;
    get diagnostics waiting = row_count;
    if waiting = 0 then
        insert into public.tasks (kind, lane, job_id, tenant_id, priority, state, order_key)
        values ('assemble', 'native', job, it.tenant_id, it.priority, 'ready', turns.take(it.tenant_id, 'native', it.priority, 1));
    end if;

    update public.jobs
    set state = 'pending', outcome = null, error_code = null, error_message = null, completed_at = null,
        cancel_requested_at = null, documents_open = waiting, expires_at = 'infinity'
    where id = job;
    perform pg_notify('bindery_work', '');
    if waiting = 0 then
        return format('%s is put together again from its %s converted documents.', name, documents);
    end if;
    return format('%s runs again: %s of %s documents are converted anew.', name, waiting, documents);
end
$$;
comment on function ops.retry(uuid) is
    'Runs a failed job again: what failed in it is converted anew with all its attempts, what is converted is kept. Says what it did.';

create function ops.cancel(job uuid, keep interval default '24 hours') returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    it constant public.jobs := ops.lock_job(job);
    name constant text := ops.job_name(job);
    waiting bigint;
    running bigint;
begin
    if it.state = 'creating' then
        return format('%s is not started; nothing was done.', name);
    elsif it.state = 'completed' then
        return format('%s has ended already with %s; nothing was done.', name, it.outcome);
    end if;
    delete from public.tasks where job_id = job and state <> 'running';
    get diagnostics waiting = row_count;
    update public.tasks set cancel_requested = true where job_id = job;
    get diagnostics running = row_count;
    update public.jobs
    set state = 'completed', outcome = 'error', error_code = 'canceled', error_message = 'The job was canceled.',
        completed_at = now(), expires_at = now() + keep, cancel_requested_at = coalesce(cancel_requested_at, now())
    where id = job;
    perform pg_notify('bindery_stop', '');
    perform pg_notify('bindery_done', name);
    return format('%s is canceled: %s waiting tasks dropped, %s running tasks told to stop.', name, waiting, running);
end
$$;
comment on function ops.cancel(uuid, interval) is
    'Ends a started job with the error canceled, as its client could: what waits is dropped, what runs is killed. It is kept so long. Says what it did.';

create function ops.prioritise(job uuid, n integer) returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    it constant public.jobs := ops.lock_job(job);
    name constant text := ops.job_name(job);
    moved bigint;
begin
    if n is null or n not between -100 and 100 then
        raise exception 'a priority is a number from -100 to 100, not %', coalesce(n::text, 'null')
            using errcode = 'invalid_parameter_value';
    elsif it.state = 'completed' then
        return format('%s has ended already; nothing was done.', name);
    end if;
    update public.jobs set priority = n where id = job;
    -- What a worker is just claiming is locked; it needs no better place any more.
    with locked as (
        select id, lane, order_key from public.tasks where job_id = job and state <> 'running' for update skip locked
    ), placed as (
        select id, lane, row_number() over (partition by lane order by order_key, id) as place from locked
    ), lines as materialized (
        select lane, turns.take(it.tenant_id, lane, n::smallint, count(*)) as first from placed group by lane
    )
    update public.tasks
    set priority = n, order_key = lines.first + placed.place - 1
    from placed join lines on lines.lane = placed.lane
    where tasks.job_id = job and tasks.id = placed.id;
    get diagnostics moved = row_count;
    perform pg_notify('bindery_work', '');
    return format('%s has priority %s now: %s waiting tasks moved.', name, n, moved);
end
$$;
comment on function ops.prioritise(uuid, integer) is
    'Gives a job a priority from -100 to 100 and its waiting tasks a place by it; each step is worth 1,000 places in line. Says what it did.';

create function ops.purge(job uuid) returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    it public.jobs;
begin
    select * into it from public.jobs where id = job for update;
    if it.deleted_at is null then
        raise exception '% is not a deleted job that is still there', ops.job_name(job)
            using errcode = 'object_not_in_prerequisite_state', hint = 'A job is deleted through the API, or by retention.';
    elsif exists (select from public.tasks where job_id = job and kind = 'purge') then
        return format('%s is in the queue to be removed already; nothing was done.', ops.job_name(job));
    end if;
    insert into public.tasks (kind, lane, job_id, tenant_id, priority, state, order_key)
    values ('purge', 'native', job, it.tenant_id, 10, 'ready', turns.take(it.tenant_id, 'native', 10::smallint, 1));
    perform pg_notify('bindery_work', '');
    return format('%s will be removed with its files.', ops.job_name(job));
end
$$;
comment on function ops.purge(uuid) is 'Has the files and rows of a job removed that is deleted and was forgotten. Says what it did.';

-- The same by the names that clients and logs use.
create function ops.retry(job text) returns text language sql volatile as $$ select ops.retry(ops.job_id(job)) $$;
create function ops.cancel(job text, keep interval default '24 hours') returns text
    language sql volatile as $$ select ops.cancel(ops.job_id(job), keep) $$;
create function ops.prioritise(job text, n integer) returns text
    language sql volatile as $$ select ops.prioritise(ops.job_id(job), n) $$;
create function ops.purge(job text) returns text language sql volatile as $$ select ops.purge(ops.job_id(job)) $$;
comment on function ops.retry(text) is 'Runs a failed job again, by its name or UUID.';
comment on function ops.cancel(text, interval) is 'Cancels a job, by its name or UUID.';
comment on function ops.prioritise(text, integer) is 'Gives a job a priority, by its name or UUID.';
comment on function ops.purge(text) is 'Has a deleted job removed that was forgotten, by its name or UUID.';

create function ops.check_lane(name text) returns void
    language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from public.lanes where lane = name) then
        raise exception 'there is no lane %', coalesce(name, 'null')
            using errcode = 'no_data_found',
                  hint = 'There are: ' || (select string_agg(lane, ', ' order by lane) from public.lanes) || '.';
    end if;
end
$$;
comment on function ops.check_lane is 'Refuses what is not the name of a lane; a part of other functions.';

create function ops.pause(lane text) returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    waiting bigint;
begin
    perform ops.check_lane(lane);
    update public.lanes set paused_at = coalesce(paused_at, now()) where lanes.lane = pause.lane;
    select count(*) into waiting from public.tasks where tasks.lane = pause.lane and state = 'ready';
    return format('The lane %s is paused: %s ready tasks stay where they are; what runs goes on.', lane, waiting);
end
$$;
comment on function ops.pause is 'Stops handing out the tasks of a lane; what workers hold goes on, and new work is accepted. Says what it did.';

create function ops.resume(lane text) returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    waiting bigint;
begin
    perform ops.check_lane(lane);
    update public.lanes set paused_at = null where lanes.lane = resume.lane;
    select count(*) into waiting from public.tasks where tasks.lane = resume.lane and state = 'ready';
    perform pg_notify('bindery_work', '');
    return format('The lane %s is open: %s ready tasks can be claimed.', lane, waiting);
end
$$;
comment on function ops.resume is 'Hands out the tasks of a paused lane again. Says what it did.';

create function ops.limit(tenant text, n integer) returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    -- Tasks released by one call, so that it stays short; live workers release the rest.
    batch constant bigint := 10000;
    whose uuid;
    running bigint;
    released bigint;
    waiting bigint;
begin
    if n < 0 then
        raise exception 'a limit is 0 or more, or null for none; not %', n using errcode = 'invalid_parameter_value';
    end if;
    update public.tenants set running_max = n where name = tenant returning id into whose;
    if whose is null then
        raise exception 'there is no tenant %', coalesce(tenant, 'null')
            using errcode = 'no_data_found', hint = 'select tenant from ops.tenants shows them.';
    end if;
    if n is not null then
        -- What runs counts from now on. What is locked is just ending or being claimed.
        update public.tasks set capped = true
        where (job_id, id) in (
            select job_id, id from public.tasks where tenant_id = whose and state = 'running' and not capped for update skip locked
        );
    end if;
    select count(*) into running from public.tasks where tenant_id = whose and state = 'running';
    with next as (
        select job_id, id
        from public.tasks
        where tenant_id = whose and state = 'limited'
        order by order_key
        limit case when n is null then batch else least(greatest(n - running, 0), batch) end
        for update skip locked
    )
    update public.tasks set state = 'ready' from next where tasks.job_id = next.job_id and tasks.id = next.id;
    get diagnostics released = row_count;
    select count(*) into waiting from public.tasks where tenant_id = whose and state = 'limited';
    perform pg_notify('bindery_work', '');
    return format('%s runs %s now, with %s tasks running, %s made ready, and %s still held back%s.', tenant,
                  case when n is null then 'without a limit' else 'at most ' || n || ' tasks at once' end, running, released, waiting,
                  case when waiting > 0 and n is null then ' (workers release them a thousand at a time; call again for 10,000)' else '' end);
end
$$;
comment on function ops.limit is 'Sets how many tasks of a tenant run at once; null lifts it, 0 stops the tenant. What runs goes on. Says what it did.';

create function ops.drain(worker uuid) returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    running bigint;
begin
    update public.workers set draining_since = coalesce(draining_since, now()) where id = worker;
    if not found then
        raise exception 'there is no worker %', ops.worker_name(worker)
            using errcode = 'no_data_found', hint = 'select worker from ops.workers shows them.';
    end if;
    select count(*) into running from public.tasks where worker_id = worker;
    return format('%s takes no more work; it still holds %s tasks.', ops.worker_name(worker), running);
end
$$;
comment on function ops.drain(uuid) is 'A worker takes no more work; what it holds goes on. Undone by ops.undrain. Says what it did.';

create function ops.undrain(worker uuid) returns text
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    update public.workers set draining_since = null where id = worker;
    if not found then
        raise exception 'there is no worker %', ops.worker_name(worker)
            using errcode = 'no_data_found', hint = 'select worker from ops.workers shows them.';
    end if;
    perform pg_notify('bindery_work', '');
    return format('%s takes work again.', ops.worker_name(worker));
end
$$;
comment on function ops.undrain(uuid) is 'A drained worker takes work again; one that was told to stop stops all the same. Says what it did.';

create function ops.drain(worker text) returns text language sql volatile as $$ select ops.drain(ops.worker_id(worker)) $$;
create function ops.undrain(worker text) returns text language sql volatile as $$ select ops.undrain(ops.worker_id(worker)) $$;
comment on function ops.drain(text) is 'Drains a worker, by its name or UUID.';
comment on function ops.undrain(text) is 'Undrains a worker, by its name or UUID.';

----------------------------------------------------------------------------------------------------------------------
-- Roles
----------------------------------------------------------------------------------------------------------------------

-- Roles belong to the whole server: another database of Bindery may have made them, or may be making them now. A role
-- that may not make roles, as on many managed servers, gets the sentence that says who has to do what.
create function ops.grant_roles(reader name default 'bindery_reader', operator name default 'bindery_operator') returns text
    language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    role name;
    missing text[] := '{}';
    item record;
begin
    foreach role in array array[reader, operator] loop
        if not exists (select from pg_roles where rolname = role) then
            begin
                execute format('create role %I nologin', role);
                execute format('comment on role %I is %L', role, case role
                    when reader then 'Looks at Bindery: reads the views of its schema ops.'
                    else 'Operates Bindery: reads the views of its schema ops and calls its functions.' end);
            exception
                when duplicate_object or unique_violation then
                    -- Another database made it just now.
                    null;
                when insufficient_privilege then
                    missing := missing || format('create role %I nologin;', role);
                    continue;
            end;
        end if;
        execute format('grant usage on schema ops to %I', role);
        execute format('revoke all on all tables in schema ops from %I', role);
        for item in
            select relname from pg_class where relnamespace = 'ops'::regnamespace and relkind = 'v'
                                              and (role = operator or relname <> 'attempts')
        loop
            execute format('grant select on ops.%I to %I', item.relname, role);
        end loop;
        -- Parts of other functions, and this one, are for the owner alone.
        for item in
            select oid::regprocedure as signature
            from pg_proc
            where pronamespace = 'ops'::regnamespace and proname not in ('lock_job', 'check_lane', 'grant_roles')
                  and (role = operator or provolatile <> 'v')
        loop
            execute format('grant execute on function %s to %I', item.signature, role);
        end loop;
    end loop;
    if missing <> '{}' then
        return format('Roles are missing, and %I may not make them. Somebody who may runs: %s Then run: select ops.grant_roles(%L, %L);',
                      current_user, array_to_string(missing, ' '), reader, operator);
    end if;
    return format('%I may look, %I may also act.', reader, operator);
end
$$;
comment on function ops.grant_roles is
    'Makes the roles for operators where they are missing, and grants them what they may; safe to repeat. Run by the owner of the schema.';

-- The names of identifiers are nobody's secret, and whoever writes a job computes one for the index.
revoke execute on all functions in schema ops from public;
-- An index of jobs is over the name, so whoever writes jobs runs these two.
grant usage on schema ops to public;
grant execute on function ops.base36(uuid), ops.job_name(uuid) to public;

do $$
begin
    raise notice '%', ops.grant_roles();
end
$$;
