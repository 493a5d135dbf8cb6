-- Jobs that are not completed are never looked up by when they were; yet each new one was entered, by every insert.
drop index jobs_completed;
create index jobs_completed on jobs using brin (completed_at) with (pages_per_range = 32, autosummarize = on)
    where completed_at is not null;
