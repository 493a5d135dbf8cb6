-- A service in the middle of a bad afternoon, for the tests of the views and of docs/operations.md.

create function pg_temp.u(n integer) returns uuid language sql as
$$ select ('0199f3a0-' || lpad(n::text, 4, '0') || '-7000-8000-000000000000')::uuid $$;

insert into tenants (id, name, running_max) values (pg_temp.u(901), 'acme', null), (pg_temp.u(902), 'globex', 1);

insert into workers (id, host, pid, version, slots, started_at, alive_until, draining_since) values
    (pg_temp.u(801), 'render-1', 4711, '0.1.0', '{"native": 2, "office": 2}', now() - interval '3 h', now() + interval '12 h', null),
    (pg_temp.u(802), 'render-2', 1204, '0.1.0', '{"native": 2}', now() - interval '2 h', now() + interval '12 h', now() - interval '4 min'),
    (pg_temp.u(803), 'render-3', 998, '0.1.0', '{"native": 2, "office": 1}', now() - interval '9 h', now() - interval '95 s', null);

-- What ended well: forty jobs, one a minute, each of one Word document.
insert into jobs (id, tenant_id, workflow, profile, name, state, outcome, documents_next, created_at, started_at, completed_at, expires_at)
select pg_temp.u(1000 + n), pg_temp.u(901), 'Archive PDF/A-2', 'default', 'claim-' || n, 'completed',
       case when n % 10 = 0 then 'warning' else 'success' end, 2, at, at + interval '1 s', at + interval '3 s', at + interval '1 d'
from generate_series(1, 40) as n, lateral (select now() - n * interval '1 min' as at) as times;
insert into documents (id, job_id, ordinal, file_name, media_type, format, bytes, sha256, blob, state, converted_blob, converted_bytes, pages, created_at)
select pg_temp.u(3000 + n), pg_temp.u(1000 + n), 1, 'letter-' || n || '.docx', null, 'docx', 20000 + n, sha256('x'), 'hidden-blob', 'converted',
       'hidden-blob', 30000, 2, now() - n * interval '1 min'
from generate_series(1, 40) as n;
insert into attempts (fence, task_id, job_id, document_id, kind, lane, attempt, worker_id, host, engine, engine_version, started_at, ended_at, ending, peak_memory_bytes)
select nextval('task_fences'), 1, pg_temp.u(1000 + n), case kind when 'convert' then pg_temp.u(3000 + n) end, kind,
       case kind when 'convert' then 'office' else 'native' end, 1, pg_temp.u(801), 'render-1',
       case kind when 'convert' then 'libreoffice' else 'native' end, case kind when 'convert' then '7.4.7' else '0.1.0' end, at, at + (case kind when 'convert' then 0.9 + n % 7 * 0.1 else 0.06 end) * interval '1 s',
       'succeeded', 180 << 20
from generate_series(1, 40) as n cross join unnest(array['convert', 'assemble']) as kind,
     lateral (select now() - n * interval '1 min' + case kind when 'convert' then interval '1 s' else interval '2 s' end as at) as times;

-- What failed: time was up three times; a broken file; a password that nobody gave; a wrong option; canceled.
insert into jobs (id, tenant_id, workflow, profile, name, state, outcome, error_code, error_message, documents_next, documents_open, created_at, started_at, completed_at, expires_at, cancel_requested_at)
select pg_temp.u(1100 + n), tenant, 'Archive PDF/A-2', 'default', name, 'completed', 'error', code, message, 3, open,
       now() - ago - interval '20 min', now() - ago - interval '19 min', now() - ago, now() + interval '20 h', case code when 'canceled' then now() - ago end
from (values
    (1, pg_temp.u(901), 'claim-4711', 'timeout', 'The document ''huge.xlsx'' cannot be converted: it took longer than 300 s.', 0, interval '12 min'),
    (2, pg_temp.u(902), 'minutes', 'corrupt', 'The document ''minutes.pdf'' cannot be converted: it is damaged.', 0, interval '50 min'),
    (3, pg_temp.u(902), 'contract', 'password', 'The document ''contract.pdf'' cannot be converted: it needs a password.', 0, interval '70 min'),
    (4, pg_temp.u(901), null, 'option', 'The option ''META.TITEL'' is unknown.', 1, interval '2 h'),
    (5, pg_temp.u(901), 'too-much', 'canceled', 'The job was canceled.', 2, interval '3 h')
) as failed (n, tenant, name, code, message, open, ago);
insert into documents (id, job_id, ordinal, file_name, format, bytes, sha256, blob, state, error_code, error_message, converted_blob, converted_bytes, pages)
values
    (pg_temp.u(3101), pg_temp.u(1101), 1, 'huge.xlsx', 'xlsx', 48211034, sha256('x'), 'hidden-blob', 'failed', 'timeout',
     'The document ''huge.xlsx'' cannot be converted: it took longer than 300 s.', null, null, null),
    (pg_temp.u(3102), pg_temp.u(1101), 2, 'cover.txt', 'txt', 812, sha256('x'), 'hidden-blob', 'converted', null, null, 'hidden-blob', 4000, 1),
    (pg_temp.u(3103), pg_temp.u(1102), 1, 'minutes.pdf', 'pdf', 91233, sha256('x'), 'hidden-blob', 'failed', 'corrupt',
     'The document ''minutes.pdf'' cannot be converted: it is damaged.', null, null, null),
    (pg_temp.u(3104), pg_temp.u(1103), 1, 'contract.pdf', 'pdf', 120553, sha256('x'), 'hidden-blob', 'failed', 'password',
     'The document ''contract.pdf'' cannot be converted: it needs a password.', null, null, null),
    (pg_temp.u(3105), pg_temp.u(1104), 1, 'a.txt', null, 100, sha256('x'), 'hidden-blob', 'open', null, null, null, null, null),
    (pg_temp.u(3106), pg_temp.u(1105), 1, 'b.txt', null, 100, sha256('x'), 'hidden-blob', 'open', null, null, null, null, null),
    (pg_temp.u(3107), pg_temp.u(1105), 2, 'c.txt', null, 100, sha256('x'), 'hidden-blob', 'open', null, null, null, null, null);
insert into job_options (job_id, document_id, ordinal, name, value) values
    (pg_temp.u(1103), null, 1, 'DOC.PASSWORD', 'hidden-password'), (pg_temp.u(1103), pg_temp.u(3104), 1, 'DOC.PASSWORD', 'hidden-password');
insert into attempts (fence, task_id, job_id, document_id, kind, lane, attempt, worker_id, host, engine, engine_version, started_at, ended_at, ending, fault, message, exit, peak_memory_bytes, stderr_tail)
select nextval('task_fences'), 2, pg_temp.u(job), pg_temp.u(document), 'convert', lane, attempt, pg_temp.u(801), 'render-1', engine, version, now() - ago - took, now() - ago, ending, fault,
       message, exit, 900 << 20, 'javaldx: could not find a Java Runtime Environment'
from (values
    (1101, 3101, 'office', 1, 'libreoffice', '7.4.7', interval '24 min', interval '300 s', 'retried', 'timed-out', 'no answer within 300 s', 'signal 9'),
    (1101, 3101, 'office', 2, 'libreoffice', '7.4.7', interval '18 min', interval '300 s', 'retried', 'timed-out', 'no answer within 300 s', 'signal 9'),
    (1101, 3101, 'office', 3, 'libreoffice', '7.4.7', interval '12 min', interval '300 s', 'failed', 'timed-out', 'no answer within 300 s', 'signal 9'),
    (1102, 3103, 'native', 1, 'native', '0.1.0', interval '50 min', interval '0.2 s', 'failed', 'input', 'the table of objects is broken', null),
    (1103, 3104, 'native', 1, 'native', '0.1.0', interval '70 min', interval '0.1 s', 'failed', 'input', 'a password is needed', null)
) as tried (job, document, lane, attempt, engine, version, ago, took, ending, fault, message, exit);

-- What waits and runs. 1203 lost its task; 1204 is deleted and forgotten.
insert into jobs (id, tenant_id, workflow, profile, name, state, documents_next, documents_open, created_at, started_at, expires_at, deleted_at)
select pg_temp.u(1200 + n), tenant, 'Archive PDF/A-2', 'default', name, state, 3, open, now() - ago, now() - ago, 'infinity', case n when 4 then now() - ago end
from (values
    (1, pg_temp.u(901), 'invoices', 'processing', 4, interval '6 min'), (2, pg_temp.u(902), 'archive-2019', 'processing', 3, interval '9 min'),
    (3, pg_temp.u(901), 'lost', 'processing', 1, interval '40 min'), (4, pg_temp.u(901), 'forgotten', 'pending', 0, interval '50 min'),
    (5, pg_temp.u(901), 'page', 'pending', 1, interval '2 min')
) as open (n, tenant, name, state, open, ago);
insert into documents (id, job_id, ordinal, file_name, bytes, sha256, blob, created_at)
select pg_temp.u(document), pg_temp.u(job), document, file_name, 1 << 20, sha256('x'), 'hidden-blob', now() - interval '6 min'
from (values (3201, 1201, 'invoice-1.docx'), (3202, 1201, 'invoice-2.docx'), (3203, 1201, 'invoice-3.docx'), (3204, 1201, 'invoice-4.png'),
             (3205, 1202, 'scan-1.tif'), (3206, 1202, 'scan-2.tif'), (3207, 1202, 'scan-3.tif'), (3208, 1203, 'lost.docx'), (3209, 1205, 'page.html')
     ) as open (document, job, file_name);
insert into tasks (kind, lane, job_id, document_id, tenant_id, state, order_key, run_at, attempt, worker_id, fence, claimed_at, cancel_requested, capped, created_at)
select 'convert', lane, pg_temp.u(job), pg_temp.u(document), tenant, state, turns.take(tenant, lane, 0::smallint, 1), due, attempt, worker,
       case state when 'running' then nextval('task_fences') end, claimed, false, capped, now() - interval '6 min'
from (values
    ('office', 1201, 3201, pg_temp.u(901), 'running', null, 1, pg_temp.u(801), now() - interval '4 min', false),
    ('office', 1201, 3202, pg_temp.u(901), 'ready', null, 0, null, null, false),
    ('office', 1201, 3203, pg_temp.u(901), 'later', now() + interval '30 s', 1, null, null, false),
    ('native', 1201, 3204, pg_temp.u(901), 'running', null, 1, pg_temp.u(803), now() - interval '2 min', false),
    ('native', 1202, 3205, pg_temp.u(902), 'running', null, 1, pg_temp.u(802), now() - interval '3 s', true),
    ('native', 1202, 3206, pg_temp.u(902), 'limited', null, 0, null, null, false),
    ('native', 1202, 3207, pg_temp.u(902), 'limited', null, 0, null, null, false),
    ('browser', 1205, 3209, pg_temp.u(901), 'ready', null, 0, null, null, false)
) as queued (lane, job, document, tenant, state, due, attempt, worker, claimed, capped);
analyze;
