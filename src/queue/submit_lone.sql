-- One job with its options, and with its first task if there is a kind ($12). $17: the channel on which workers are told of the
-- task by the same commit, which then waits for no disk.
with created as (
  insert into jobs (id, tenant_id, workflow, profile, profile_version, name, expires_at, idempotency_key, request_sha256)
  values ($1, $2, $3, $4, $5, $6, now() + $7, $8, $9)
), given_options as (
  insert into job_options (job_id, ordinal, name, value)
  select $1, ordinal, name, value
  from unnest($10::text[], $11::text[]) with ordinality as given (name, value, ordinal)
), queued as (
  insert into tasks (kind, lane, job_id, document_id, tenant_id, priority, state, order_key)
  select $12::text, $13, $1, $14, $2, $15, 'ready', coalesce($16, turns.take($2, $13, $15, 1))
  where $12 is not null
)
select pg_notify($17, ''), set_config('synchronous_commit', 'off', true) where $17 is not null
