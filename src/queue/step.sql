-- The statement of step.rs. $1 worker; $2 to $14 endings, as columns; $15 to $17 what is wanted, as columns; $18 whether the
-- commit waits for the disk.
with ended as materialized (
  select *
  from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::interval[], $7::text[], $8::text[],
              $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::text[])
       as ended (job_id, task_id, fence, ending, wait, lane, engine, engine_version, fault, message, exit,
                 peak_memory_bytes, stderr_tail)
), gone as (
  -- What ends for good leaves the queue. The fence is the proof: it never repeats, and a rescue takes it away.
  delete from tasks
  using ended
  where ended.ending in ('succeeded', 'failed', 'canceled')
        and tasks.job_id = ended.job_id and tasks.id = ended.task_id and tasks.fence = ended.fence
  returning tasks.id, tasks.job_id, tasks.document_id, tasks.tenant_id, tasks.kind, tasks.lane,
            tasks.attempt, tasks.fence, tasks.worker_id, tasks.claimed_at, tasks.capped
), held as materialized (
  -- What goes back. Its row as it was is needed for the history, and an update returns it only as it is.
  select tasks.id, tasks.job_id, tasks.document_id, tasks.tenant_id, tasks.kind, tasks.lane,
         tasks.attempt, tasks.fence, tasks.worker_id, tasks.claimed_at, tasks.capped,
         ended.ending, ended.wait, ended.lane as next_lane
  from ended join tasks on tasks.job_id = ended.job_id and tasks.id = ended.task_id
  where ended.ending in ('retried', 'released', 'rerouted') and tasks.fence = ended.fence
  for no key update of tasks
), back as (
  update tasks
  set state = case when held.wait > interval '0' then 'later' else 'ready' end,
      run_at = case when held.wait > interval '0' then now() + held.wait end,
      lane = coalesce(held.next_lane, held.lane),
      attempt = held.attempt - case when held.ending = 'retried' then 0 else 1 end,
      worker_id = null, fence = null, claimed_at = null, capped = false
  from held
  where tasks.job_id = held.job_id and tasks.id = held.id
), settled as (
  select id, job_id, document_id, tenant_id, kind, lane, attempt, fence, worker_id, claimed_at, capped
  from gone
  union all
  select id, job_id, document_id, tenant_id, kind, lane, attempt, fence, worker_id, claimed_at, capped
  from held
), history as (
  insert into attempts (fence, task_id, job_id, document_id, kind, lane, attempt, worker_id, host, started_at,
                        ended_at, ending, engine, engine_version, fault, message, exit, peak_memory_bytes,
                        stderr_tail)
  select settled.fence, settled.id, settled.job_id, settled.document_id, settled.kind, settled.lane,
         settled.attempt, settled.worker_id,
         -- Nearly always the worker that asks, which is looked up once.
         coalesce(case when settled.worker_id = $1 then (select host from workers where id = $1)
                       else (select host from workers where workers.id = settled.worker_id) end, ''),
         settled.claimed_at, now(), ended.ending, ended.engine, ended.engine_version, ended.fault, ended.message, ended.exit,
         ended.peak_memory_bytes, ended.stderr_tail
  from settled join ended on ended.fence = settled.fence
), freed as (
  -- The next of tenants with a limit.
  select tenant_id, count(*) as places from settled where capped group by tenant_id
), unlimited as (
  update tasks
  set state = 'ready'
  from freed cross join lateral (
    select job_id, id
    from tasks as waiting
    where waiting.state = 'limited' and waiting.tenant_id = freed.tenant_id
    order by waiting.order_key
    limit freed.places
    for update skip locked
  ) as next
  where tasks.job_id = next.job_id and tasks.id = next.id
), me as materialized (
  -- A rescue of this worker cannot pass this lock, so nothing is claimed for a worker that is being buried.
  select draining_since from workers
  where id = $1 and alive_until > now() and cardinality($15::text[]) > 0
  for key share
), candidates as materialized (
  -- In the order of the index; the limit ends the walk.
  select ready.place, ready.tenant_id, ready.order_key
  from unnest($15::text[], $16::bigint[], $17::bigint[]) as wanted (lane, count, start)
       join lanes on lanes.lane = wanted.lane and lanes.paused_at is null
       cross join lateral (
         select ctid as place, tenant_id, order_key
         from tasks
         where tasks.state = 'ready' and tasks.lane = wanted.lane and tasks.order_key >= wanted.start
         order by tasks.order_key
         limit wanted.count
         for update skip locked
       ) as ready
  where exists (select from me where draining_since is null) and exists (select from fences_trusted)
), locked as materialized (
  -- Tenants with a limit are locked, so that claims at once keep to it together; all others cost nothing.
  select id, running_max from tenants
  where running_max is not null and id in (select tenant_id from candidates)
  order by id
  for no key update
), limits as materialized (
  select id, running_max - turns.running(id) as places from locked
), ranked as (
  select candidates.place,
         limits.id is null or row_number() over (
           partition by candidates.tenant_id order by candidates.order_key
         ) <= limits.places as admitted
  from candidates left join limits on limits.id = candidates.tenant_id
), claimed as (
  update tasks
  set state = 'running', worker_id = $1, fence = nextval('task_fences'), claimed_at = now(),
      attempt = attempt + 1, capped = tenant_id in (select id from limits)
  -- By the places of rows that are locked above. A join would be planned by a guess at the number of candidates, and
  -- a guess of thousands reads the whole table.
  where tasks.ctid = any (array(select place from ranked where admitted))
  returning tasks.id, tasks.kind, tasks.lane, tasks.job_id, tasks.document_id, tasks.tenant_id,
            tasks.attempt, tasks.crashes, tasks.fence, tasks.order_key
), limited as (
  update tasks
  set state = 'limited'
  where tasks.ctid = any (array(select place from ranked where not admitted))
  returning 1
)
select 'settled' as "what!", (select array_agg(fence) from settled) as fences, null::bigint as fence,
       null::bigint as id, null::text as kind, null::text as lane, null::uuid as "job: JobId",
       null::uuid as "document: DocumentId", null::uuid as "tenant: TenantId", null::smallint as attempt,
       null::smallint as crashes, null::bigint as order_key
union all
select 'claimed', null, fence, id, kind, lane, job_id, document_id, tenant_id, attempt, crashes, order_key
from claimed
union all
select 'limited', null, count(*), null, null, null, null, null, null, null, null, null from limited
union all
select 'alive', null, null, null, null, null, null, null, null, null, null, null from me
union all
select 'untrusted', null, null, null, null, null, null, null, null, null, null, null
where cardinality($15::text[]) > 0 and not exists (select from fences_trusted)
union all
select 'relaxed', null, null, null, null, null, null, null, null, null, null, null
from set_config('synchronous_commit', 'off', true)
where not $18::boolean and exists (select from fences_trusted)
union all
select 'clock', null, turns.serve(lane, max(order_key)), null, null, lane, null, null, null, null, null, null
from claimed
group by lane
