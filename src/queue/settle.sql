-- Settles what has ended. $1 worker; $2 to $14 endings, as columns.
--
-- `= any (array[x])` is `=` that can only be asked of an index, row by row. With `=` the planner also thinks of reading the
-- whole index to merge it, and does when the table was empty at the last vacuum.
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
        and tasks.job_id = any (array[ended.job_id]) and tasks.id = any (array[ended.task_id])
        and tasks.fence = ended.fence
  returning tasks.id, tasks.job_id, tasks.document_id, tasks.tenant_id, tasks.kind, tasks.lane,
            tasks.attempt, tasks.fence, tasks.worker_id, tasks.claimed_at, tasks.capped
), held as materialized (
  -- What goes back. Its row as it was is needed for the history, and an update returns it only as it is.
  select tasks.id, tasks.job_id, tasks.document_id, tasks.tenant_id, tasks.kind, tasks.lane,
         tasks.attempt, tasks.fence, tasks.worker_id, tasks.claimed_at, tasks.capped,
         ended.ending, ended.wait, ended.lane as next_lane
  from ended join tasks on tasks.job_id = any (array[ended.job_id]) and tasks.id = any (array[ended.task_id])
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
  where tasks.job_id = any (array[held.job_id]) and tasks.id = any (array[held.id])
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
  where tasks.job_id = any (array[next.job_id]) and tasks.id = any (array[next.id])
  returning 1
)
select array_agg(fence) as fences, exists (select from unlimited) as "freed!" from settled
