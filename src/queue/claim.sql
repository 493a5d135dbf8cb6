-- Claims what is wanted while no tenant has a limit. $1 worker; $2 to $4 what is wanted, as columns.
with me as materialized (
  -- A rescue of this worker cannot pass this lock, so nothing is claimed for a worker that is being buried.
  select draining_since from workers
  where id = $1 and alive_until > now()
  for key share
), candidates as materialized (
  -- In the order of the index; the limit ends the walk.
  select ready.place
  from unnest($2::text[], $3::bigint[], $4::bigint[]) as wanted (lane, count, start)
       join lanes on lanes.lane = wanted.lane and lanes.paused_at is null
       cross join lateral (
         select ctid as place
         from tasks
         where tasks.state = 'ready' and tasks.lane = wanted.lane and tasks.order_key >= wanted.start
         order by tasks.order_key
         limit wanted.count
         for update skip locked
       ) as ready
  where exists (select from me where draining_since is null) and exists (select from fences_trusted)
        and not exists (select from tenants where running_max is not null)
), claimed as (
  update tasks
  set state = 'running', worker_id = $1, fence = nextval('task_fences'), claimed_at = now(),
      attempt = attempt + 1
  -- By the places of rows that are locked above. A join would be planned by a guess at the number of candidates, and
  -- a guess of thousands reads the whole table.
  where tasks.ctid = any (array(select place from candidates))
  returning tasks.id, tasks.kind, tasks.lane, tasks.job_id, tasks.document_id, tasks.tenant_id,
            tasks.attempt, tasks.crashes, tasks.fence, tasks.order_key
)
-- First, while nothing of this transaction is written: if something was before, its commit waits for the disk.
select 'relaxed' as "what!", null::bigint as fence, null::bigint as id, null::text as kind, null::text as lane,
       null::uuid as "job: JobId", null::uuid as "document: DocumentId", null::uuid as "tenant: TenantId",
       null::smallint as attempt, null::smallint as crashes, null::bigint as order_key
from set_config('synchronous_commit', 'off', true)
where pg_current_xact_id_if_assigned() is null and exists (select from fences_trusted)
union all
select 'claimed', fence, id, kind, lane, job_id, document_id, tenant_id, attempt, crashes, order_key from claimed
union all
select 'limits', null, null, null, null, null, null, null, null, null, null
where exists (select from tenants where running_max is not null)
union all
select 'alive', null, null, null, null, null, null, null, null, null, null from me
union all
select 'untrusted', null, null, null, null, null, null, null, null, null, null
where not exists (select from fences_trusted)
