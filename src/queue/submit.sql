-- Jobs with their options and their tasks; each of the three may be missing.
with given_jobs as (
  select *
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::interval[], $19::text[], $20::bytea[])
       as given (id, tenant_id, workflow, profile, profile_version, name, idle_max, idempotency_key, request_sha256)
), created as (
  insert into jobs (id, tenant_id, workflow, profile, profile_version, name, expires_at, idempotency_key, request_sha256)
  select id, tenant_id, workflow, profile, profile_version, name, now() + idle_max, idempotency_key, request_sha256 from given_jobs
), given_options as (
  insert into job_options (job_id, ordinal, name, value)
  select job_id, ordinal, name, value
  from unnest($8::uuid[], $9::integer[], $10::text[], $11::text[]) as given (job_id, ordinal, name, value)
), given_tasks as (
  select *
  from unnest($12::text[], $13::text[], $14::uuid[], $15::uuid[], $16::uuid[], $17::smallint[], $18::bigint[])
       with ordinality as given (kind, lane, job_id, document_id, tenant_id, priority, place, ordinal)
), lines as materialized (
  select tenant_id, lane, priority, turns.take(tenant_id, lane, priority, count(*)) as first
  from given_tasks
  where place is null
  group by tenant_id, lane, priority
), placed as (
  select given_tasks.*, coalesce(place, lines.first - 1 + row_number() over (
           partition by given_tasks.tenant_id, given_tasks.lane, given_tasks.priority, given_tasks.place is null
           order by given_tasks.ordinal
         )) as order_key
  from given_tasks left join lines on lines.tenant_id = given_tasks.tenant_id and lines.lane = given_tasks.lane
                                      and lines.priority = given_tasks.priority
)
insert into tasks (kind, lane, job_id, document_id, tenant_id, priority, state, order_key)
select kind, lane, job_id, document_id, tenant_id, priority, 'ready', order_key
from placed
order by ordinal
