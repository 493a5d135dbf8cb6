-- What the Simple API does under a name: a connection says which workflow and profile a call of one request runs through, and
-- what it is answered with. They are rows, so that an operator can add and change them without a restart; a call reads its
-- connection once. The owner of the database edits them, since a workflow is run with the rights of the service.
--
-- A workflow or profile that a connection names need not be there: old and new programs run side by side on one schema. A call
-- of such a connection is refused with a problem that names what is missing.

create table connections (
    id          text    not null,
    title       text    not null,
    description text,
    workflow    text    not null,
    profile     text    not null default 'default',
    response    text    not null default 'result',
    enabled     boolean not null default true,
    constraint connections_pkey primary key (id),
    constraint connections_id_check check (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'),
    constraint connections_response_check check (response in ('immediately', 'status', 'result'))
);

comment on table connections is 'What the Simple API offers, one row for each id in its URLs.';
comment on column connections.id is 'Name in the URL, as in /http.input/convert-to-pdf.';
comment on column connections.title is 'Name for people.';
comment on column connections.description is 'What it is for.';
comment on column connections.workflow is 'Workflow that its jobs run through.';
comment on column connections.profile is 'Profile of that workflow.';
comment on column connections.response is 'What a call is answered with: immediately (202 as soon as the job is started), status (200 without content when it has ended), result (its files).';
comment on column connections.enabled is 'Whether it can be called; one that is not is answered like one that does not exist.';

-- The eight that clients of the Simple API know.
insert into connections (id, title, description, workflow, profile) values
    ('archive-pdfa2-default', 'Archive PDF/A-2', 'For the archive; the usual choice.', 'Archive PDF/A-2', 'default'),
    ('archive-pdfa3-default', 'Archive PDF/A-3', 'For the archive, with the originals inside.', 'Archive PDF/A-3', 'default'),
    ('convert-to-pdf', 'All to PDF', 'A PDF of any document, without a claim of conformance.', 'Conversion', 'default'),
    ('dossier-default', 'Merge', 'One PDF of many, with a title page and a table of contents.', 'Dossier', 'default'),
    ('archive-pdfa2-print-optimization', 'Ready to Print PDF/A-2', 'For the archive and for printers.', 'Archive PDF/A-2', 'Ready to Print PDF/A-2'),
    ('archive-pdfa2-web-optimization', 'Ready for Web PDF/A-2', 'For the archive and for web sites.', 'Archive PDF/A-2', 'Ready for Web PDF/A-2'),
    ('archive-pdfa2-email-optimization', 'Ready for Email PDF/A-2', 'For the archive and for mail.', 'Archive PDF/A-2', 'Ready for Email PDF/A-2'),
    ('repair-pdf', 'Repair', 'A PDF that is damaged, mended and checked.', 'Conversion', 'Repair');
