-- How many documents a job has, kept in its row.
--
-- Clients poll, and every status line says how far a job is. To count its documents each time was half of what such a read cost
-- the server.
--
-- A trigger keeps the number and not the programs, since one of an earlier version may add documents beside one that reads it. It
-- runs once a statement, in a transaction that writes the row of the job anyway. Documents leave only with their job.

alter table jobs add column documents integer not null default 0;

comment on column jobs.documents is 'How many documents it has, with those that came out of containers; kept by a trigger.';

create function count_documents() returns trigger language plpgsql as $$
begin
    update jobs set documents = documents + counted.added
    from (select job_id, count(*) as added from added group by job_id) as counted
    where jobs.id = counted.job_id;
    return null;
end
$$;

comment on function count_documents() is 'Adds to jobs.documents what a statement has added to documents.';

create trigger documents_count after insert on documents referencing new table as added
    for each statement execute function count_documents();

-- From here on nobody adds documents until this is done. The message of a completed job says nothing of them.
update jobs set documents = (select count(*) from documents where documents.job_id = jobs.id) where state <> 'completed';
