-- One job with its options, and with its first task if there is a kind ($11). $16: the channel on which workers are told of the
-- task by the same commit, which then waits for no disk.
with created as (
  insert into jobs (id, tenant_id, workflow, profile, name, expires_at, idempotency_key, request_sha256)
  values ($1, $2, $3, $4, $5, now() + $6, $7, $8)
), given_options as (
  insert into job_options (job_id, ordinal, name, value)
  select $1, ordinal, name, value
  from unnest($9::text[], $10::text[]) with ordinality as given (name, value, ordinal)
), queued as (
  insert into tasks (kind, lane, job_id, document_id, tenant_id, priority, state, order_key)
  select $11::text, $12, $1, $13, $2, $14, 'ready', coalesce($15, turns.take($2, $12, $14, 1))
  where $11 is not null
)
select pg_notify($16, ''), set_config('synchronous_commit', 'off', true) where $16 is not null
