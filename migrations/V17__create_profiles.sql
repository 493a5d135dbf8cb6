-- Profiles as data: named settings of a workflow. Settings are never changed, only followed by a newer version, and a job keeps the
-- version that it was created with; so what a job does is not changed under its hands. `bindery profiles` edits these rows and
-- checks the settings; a version that was written by hand and does not fit fails the jobs that use it, naming the setting.
--
-- A workflow that a row names need not be there: old and new programs run side by side on one schema.

create table profiles (
    workflow    text        not null,
    name        text        not null,
    version     integer     not null default 1,
    is_default  boolean     not null default false,
    description text,
    removed_at  timestamptz,
    constraint profiles_pkey primary key (workflow, name),
    constraint profiles_name_check check (char_length(name) between 1 and 100 and name = btrim(name)),
    constraint profiles_default_check check (not (is_default and removed_at is not null))
);

-- Names mean the same in letters of either case.
create unique index profiles_name_key on profiles (workflow, lower(name));
create unique index profiles_default_key on profiles (workflow) where is_default;

create table profile_versions (
    workflow   text        not null,
    name       text        not null,
    version    integer     not null,
    settings   jsonb       not null,
    created_at timestamptz not null default now(),
    constraint profile_versions_pkey primary key (workflow, name, version),
    constraint profile_versions_profile_fkey foreign key (workflow, name) references profiles (workflow, name),
    constraint profile_versions_version_check check (version >= 1),
    constraint profile_versions_settings_check check (jsonb_typeof(settings) = 'object')
);

alter table jobs add column profile_version integer not null default 1;

comment on table profiles is 'Named settings of a workflow: which there are, and which version of each holds.';
comment on column profiles.workflow is 'Workflow, as listed by GET /workflows.';
comment on column profiles.name is 'Name of the profile; letters of either case mean the same.';
comment on column profiles.version is 'Version that new jobs get.';
comment on column profiles.is_default is 'Whether a job that names no profile gets this one.';
comment on column profiles.description is 'What it is for.';
comment on column profiles.removed_at is 'When it was removed: no new job gets it, jobs that have it go on.';
comment on table profile_versions is 'The settings of profiles, version by version; rows are never changed.';
comment on column profile_versions.workflow is 'Workflow of the profile.';
comment on column profile_versions.name is 'Name of the profile.';
comment on column profile_versions.version is 'Counts from 1.';
comment on column profile_versions.settings is 'Settings that differ from the defaults of the workflow, as bindery profiles show prints them.';
comment on column profile_versions.created_at is 'When it was applied.';
comment on column jobs.profile_version is 'Version of the profile that the job was created with.';

insert into profiles (workflow, name, is_default, description)
select workflow, 'default', true, 'The usual settings.'
from (values ('Archive PDF/A-2'), ('Archive PDF/A-1'), ('Archive PDF/A-3'), ('Conversion')) as known (workflow);

insert into profile_versions (workflow, name, version, settings) select workflow, name, version, '{}' from profiles;
