-- Who a job belongs to. Without API keys there is one tenant, `default`, with the nil id.

create table tenants (
    id          uuid        not null,
    name        text        not null,
    created_at  timestamptz not null default now(),
    constraint tenants_pkey primary key (id),
    constraint tenants_name_key unique (name),
    constraint tenants_name_check check (name <> '')
);

comment on table tenants is 'Who jobs belong to; a tenant sees only its own.';
comment on column tenants.id is 'Identifier; nil for the default tenant.';
comment on column tenants.name is 'Name, unique.';
comment on column tenants.created_at is 'When the tenant was made.';

insert into tenants (id, name) values ('00000000-0000-0000-0000-000000000000', 'default');
