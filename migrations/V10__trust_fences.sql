-- Claims need not wait for the disk: a claim that a crash of the server takes back is one that nobody settles, as with a lost
-- lease. But the fences that it drew must not be drawn again, since a stale worker may still hold them.
--
-- An unlogged table is empty after every end of the server that was not clean, and on a standby that takes its place, and only
-- then: just when the sequence may have lost what was drawn last. So nothing is claimed while it is empty, until
-- somebody has moved the sequence past everything that can have been lost.

create unlogged table fences_trusted (
    since timestamptz not null default now(),
    constraint fences_trusted_pkey primary key (since)
);

comment on table fences_trusted is 'One row while no fence is drawn twice. Unlogged: empty after a crash or a fail-over, and filled anew by the first worker that claims.';
comment on column fences_trusted.since is 'When the sequence of fences was moved past everything that could have been lost.';

create function turns.trust_fences() returns void
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    -- One at a time; whoever waited finds it done. Claims only read the table and are not held up.
    lock table public.fences_trusted in exclusive mode;
    if not exists (select from public.fences_trusted) then
        -- At 60,000 claims a second this is what a standby misses that is 20 hours behind.
        perform setval('public.task_fences', nextval('public.task_fences') + 4294967296);
        insert into public.fences_trusted default values;
    end if;
end
$$;
comment on function turns.trust_fences is 'Moves the sequence of fences past everything that a crash can have lost, unless that is done already.';

comment on sequence task_fences is 'Fences: every claim draws one, every settle must show it. It leaps after a crash or a fail-over.';

-- Until now every claim was on the disk before it counted.
insert into fences_trusted default values;
