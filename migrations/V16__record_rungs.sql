-- How far a document had to go to become PDF/A: what operators ask when a result looks different.

alter table documents add column rung text
    constraint documents_rung_check check (rung in ('unchanged', 'archived', 'rewritten', 'pages-redrawn', 'redrawn'));
alter table results add column rung text
    constraint results_rung_check check (rung in ('unchanged', 'archived', 'rewritten', 'pages-redrawn', 'redrawn'));

comment on column documents.rung is 'How far it had to go to become PDF/A: unchanged, archived (objects changed), rewritten (by another writer), pages-redrawn, redrawn (as pictures with text behind them); null without PDF/A.';
comment on column results.rung is 'The furthest that one of its documents, or all together, had to go to become PDF/A; as in documents.';
