-- A job whose pages could not be recognised is tried again with pages that are looked for anew.

create or replace function ops.retry(job uuid) returns text
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
    -- What was recognised on the pages of documents that are converted anew, and what was told about them.
    with gone as (
        delete from public.recognitions
        where job_id = job and document_id in (select id from public.documents where job_id = job and state = 'open')
        returning state
    )
    update public.jobs
    set pages = pages - (select count(*) from gone), pages_open = pages_open - (select count(*) from gone where gone.state = 'open')
    where id = job;
    delete from public.events
    where job_id = job and document_id in (select id from public.documents where job_id = job and state = 'open');

    -- Each into the lane where it was tried last; what was never tried begins in the native lane, which sends it on.
    with open as (
        select documents.id, documents.ordinal, coalesce(last.lane, 'native') as lane
        from public.documents
             left join lateral (
               select lane
               from public.attempts
               where attempts.job_id = job and attempts.document_id = documents.id and ending <> 'rerouted' and kind = 'convert'
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

comment on column ops.usual.kind is 'What is done: convert, recognise, assemble, purge.';
comment on column ops.running.kind is 'What is done: convert, recognise, assemble, purge.';
comment on column ops.attempts.kind is 'What was to be done: convert, recognise, assemble, purge.';
comment on column ops.throughput.kind is 'job, or the kind of task: convert, recognise, assemble, purge.';
