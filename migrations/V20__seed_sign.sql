-- The workflow *Sign* needs a profile like every other. It names no certificate, as no installation has one from the start: until
-- `bindery profiles apply` gives it one, its jobs have a warning and sign nothing.

insert into profiles (workflow, name, is_default, description) values ('Sign', 'default', true, 'The usual settings.');

insert into profile_versions (workflow, name, version, settings) values ('Sign', 'default', 1, '{}');
