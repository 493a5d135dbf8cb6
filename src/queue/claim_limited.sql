-- Claims as claim.sql does, and keeps to the limits of tenants.
with me as materialized (
  -- A rescue of this worker cannot pass this lock, so nothing is claimed for a worker that is being buried.
  select draining_since from workers
  where id = $1 and alive_until > now()
  for key share
), candidates as materialized (
  -- In the order of the index; the limit ends the walk.
  select ready.place, ready.tenant_id, ready.order_key
  from unnest($2::text[], $3::bigint[], $4::bigint[]) as wanted (lane, count, start)
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
-- First, while nothing of this transaction is written: if something was before, its commit waits for the disk.
select 'relaxed' as "what!", null::bigint as fence, null::bigint as id, null::text as kind, null::text as lane,
       null::uuid as "job: JobId", null::uuid as "document: DocumentId", null::uuid as "tenant: TenantId",
       null::smallint as attempt, null::smallint as crashes, null::bigint as order_key
from set_config('synchronous_commit', 'off', true)
where pg_current_xact_id_if_assigned() is null and exists (select from fences_trusted)
union all
select 'claimed', fence, id, kind, lane, job_id, document_id, tenant_id, attempt, crashes, order_key from claimed
union all
select 'limited', count(*), null, null, null, null, null, null, null, null, null from limited
union all
select 'alive', null, null, null, null, null, null, null, null, null, null from me
union all
select 'untrusted', null, null, null, null, null, null, null, null, null, null
where not exists (select from fences_trusted)
