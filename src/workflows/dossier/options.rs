//! The options of a dossier.

use crate::workflows::options::{Definition, Kind, Level, text};

/// Titles, and which documents have a bookmark.
pub(super) const DOSSIER: &[Definition] = &[
    text("DOSSIER-TITLE", Level::Job, "Title on the title page, instead of the one of the profile."),
    text("DOSSIER-SUBTITLE", Level::Job, "What stands below it, instead of what the profile says."),
    text("TOC-OUTLINE-TITLE", Level::Job, "Bookmark of the table of contents, instead of the one of the profile."),
    text(
        "DOCUMENT-TITLE",
        Level::Document,
        "Title in the table of contents, of the bookmark and on stamps, instead of the one that the document has.",
    ),
    text("DOCUMENT-TOC-TITLE", Level::Document, "Title in the table of contents alone."),
    text("DOCUMENT-OUTLINE-TITLE", Level::Document, "Title of the bookmark alone."),
    text("DOCUMENT-STAMP-TITLE", Level::Document, "Title on stamps alone."),
    Definition {
        kind: Kind::Boolean,
        ..text("ADD-DOCUMENT-OUTLINE", Level::Document, "Whether the document has a bookmark of its own.")
    },
];
