-- The default profiles of more workflows, and the profiles of the connections that make results smaller.

insert into profiles (workflow, name, is_default, description)
select workflow, 'default', true, 'The usual settings.'
from (values ('Archive TIFF'), ('Extract XML'), ('Convert to XML')) as known (workflow)
on conflict do nothing;

insert into profiles (workflow, name, description) values
    ('Archive PDF/A-2', 'Ready to Print PDF/A-2', 'Images of 300 dots per inch.'),
    ('Archive PDF/A-2', 'Ready for Web PDF/A-2', 'Images of 150 dots per inch; the first page shows before all of the file has arrived.'),
    ('Archive PDF/A-2', 'Ready for Email PDF/A-2', 'As small as stays readable.'),
    ('Conversion', 'Repair', 'Damage is mended, objects are tidied and packed; nothing that shows changes.')
on conflict do nothing;

insert into profile_versions (workflow, name, version, settings)
select workflow, name, version, jsonb_build_object('optimise', jsonb_build_object('purpose', purpose))
from profiles join (values
    ('Archive PDF/A-2', 'Ready to Print PDF/A-2', 'print'),
    ('Archive PDF/A-2', 'Ready for Web PDF/A-2', 'web'),
    ('Archive PDF/A-2', 'Ready for Email PDF/A-2', 'email'),
    ('Conversion', 'Repair', 'repair')
) as optimised (workflow, name, purpose) using (workflow, name)
on conflict do nothing;

insert into profile_versions (workflow, name, version, settings)
select workflow, name, version, '{}' from profiles where workflow in ('Archive TIFF', 'Extract XML', 'Convert to XML') and name = 'default'
on conflict do nothing;
