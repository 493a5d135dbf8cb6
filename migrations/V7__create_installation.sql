-- Who this database is: the blob store carries the same identifier, so that what looks abandoned in a store is removed only
-- by the service it belongs to.

create table installation (
    id          uuid        not null default gen_random_uuid(),
    one         boolean     not null default true,
    created_at  timestamptz not null default now(),
    sweep_at    timestamptz not null default now(),
    constraint installation_pkey primary key (id),
    constraint installation_one_key unique (one),
    constraint installation_one_check check (one)
);

comment on table installation is 'Identity of this service; one row.';
comment on column installation.id is 'Identifier; the blob store holds the same in the blob "installation".';
comment on column installation.one is 'Holds the table to one row.';
comment on column installation.created_at is 'When the database was made.';
comment on column installation.sweep_at is 'When somebody looks again for blobs that no job names.';

insert into installation default values;
