//! What a dossier is made by, as a message holds it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::look::{Bookmarks, Paper, TableOfContents, TitlePage};
use crate::{engines::protocol::Target, pdf::stamp::StampSettings};

/// The step that makes a dossier of all documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    /// What it is called: `[document.title]` of stamps on pages of no document.
    pub title: String,
    /// Its title page, with the texts that it is to show; none for no such page.
    pub title_page: Option<TitlePage>,
    /// Its table of contents; none for no such pages.
    pub contents: Option<TableOfContents>,
    /// The paper of these pages.
    pub paper: Paper,
    /// Its bookmarks.
    pub bookmarks: Bookmarks,
    /// What is put on its pages.
    pub stamps: Vec<StampSettings>,
    /// Whether it is also put on the pages of the table of contents.
    pub stamp_contents: bool,
    /// `[job.name]` of stamps.
    pub job_name: String,
    /// `[custom:NAME]` of stamps, by name.
    pub custom: BTreeMap<String, String>,
    /// What it is brought to afterwards.
    pub target: Target,
    /// What the client said of each document, in their order.
    pub documents: Vec<DocumentTitles>,
}

/// What the client said of a document. A title that is not given is the one above it, and the first one that of the PDF or
/// the name of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentTitles {
    /// Its title.
    pub title: Option<String>,
    /// That in the table of contents.
    pub contents: Option<String>,
    /// That of its bookmark.
    pub outline: Option<String>,
    /// That on stamps.
    pub stamp: Option<String>,
    /// Whether it has a bookmark.
    pub has_bookmark: Option<bool>,
}
