-- The workflow Dossier comes with its profile, as every workflow does.

insert into profiles (workflow, name, is_default, description) values ('Dossier', 'default', true, 'The usual settings.');

insert into profile_versions (workflow, name, version, settings) values ('Dossier', 'default', 1, '{}');
