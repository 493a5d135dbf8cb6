-- The profile of invoices.

insert into profiles (workflow, name, is_default, description) values ('Invoice', 'default', true, 'The usual settings.')
on conflict do nothing;
insert into profile_versions (workflow, name, version, settings) values ('Invoice', 'default', 1, '{}') on conflict do nothing;
