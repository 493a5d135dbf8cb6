//! How a dossier looks: the part of a profile that its step goes by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{domain::limits, pdf::FileData};

/// Sizes of type in points.
const TYPE_POINTS: [f64; 2] = [6.0, 96.0];

/// The title page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TitlePage {
    /// Whether there is one.
    pub enabled: bool,
    /// The title, where the job has no option `DOSSIER-TITLE`; when it is empty too, the title or the name of the job.
    pub title: String,
    /// What stands below it, where the job has no option `DOSSIER-SUBTITLE`.
    pub subtitle: String,
    /// With what letters.
    pub typeface: Typeface,
    /// Size of the title in points, 6 to 96. It is made smaller until it fits the page.
    pub title_size: f64,
    /// Size of what stands below it in points, 6 to 96.
    pub subtitle_size: f64,
    /// Where the lines stand.
    pub alignment: Alignment,
    /// A PDF, in base 64, whose first page is drawn behind the text: as large as the paper takes it whole, in the middle.
    pub background: Option<FileData>,
}

impl Default for TitlePage {
    fn default() -> Self {
        Self {
            enabled: true,
            title: String::new(),
            subtitle: String::new(),
            typeface: Typeface::Serif,
            title_size: 32.0,
            subtitle_size: 15.0,
            alignment: Alignment::Center,
            background: None,
        }
    }
}

/// The table of contents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TableOfContents {
    /// Whether there is one.
    pub enabled: bool,
    /// What stands above it; empty for nothing.
    pub title: String,
    /// With what letters.
    pub typeface: Typeface,
    /// Size of the entries in points, 6 to 96.
    pub size: f64,
    /// Whether entries say on which page of the dossier their document begins.
    pub page_numbers: bool,
    /// Whether dots lead from a title to its page.
    pub dot_leaders: bool,
    /// A PDF, in base 64, whose first page is drawn behind each of its pages, as on the title page.
    pub background: Option<FileData>,
}

impl Default for TableOfContents {
    fn default() -> Self {
        Self {
            enabled: true,
            title: "Contents".to_owned(),
            typeface: Typeface::Serif,
            size: 11.0,
            page_numbers: true,
            dot_leaders: true,
            background: None,
        }
    }
}

/// The bookmarks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Bookmarks {
    /// Whether each document has one with its title, where its option `ADD-DOCUMENT-OUTLINE` does not say otherwise.
    pub parent_bookmarks: bool,
    /// Whether the bookmarks of the documents are kept, below those.
    pub keep_existing: bool,
    /// The bookmark of the table of contents, where the job has no option `TOC-OUTLINE-TITLE`; empty for none.
    pub contents_title: String,
}

impl Default for Bookmarks {
    fn default() -> Self {
        Self { parent_bookmarks: true, keep_existing: true, contents_title: "Contents".to_owned() }
    }
}

/// A kind of letters; which fonts that is depends on the script.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Typeface {
    /// As in books.
    #[default]
    Serif,
    /// As on signs.
    Sans,
}

/// Where lines stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Alignment {
    /// At the left margin.
    Left,
    /// In the middle.
    #[default]
    Center,
    /// At the right margin.
    Right,
}

/// The paper of the title page and of the table of contents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Paper {
    /// 210 × 297 mm.
    #[default]
    A4,
    /// 8.5 × 11 inches.
    Letter,
}

impl Paper {
    /// Its name in Typst.
    pub(in crate::engines) const fn name(self) -> &'static str {
        match self {
            Self::A4 => "a4",
            Self::Letter => "us-letter",
        }
    }
}

impl TitlePage {
    /// Says which setting makes no sense: the name of the setting, and what is wrong.
    ///
    /// # Errors
    /// The first one.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        of_type("titleSize", self.title_size)?;
        of_type("subtitleSize", self.subtitle_size)?;
        is_pdf(self.background.as_ref())
    }
}

impl TableOfContents {
    /// The same for the table of contents.
    ///
    /// # Errors
    /// The first one.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        of_type("size", self.size)?;
        is_pdf(self.background.as_ref())
    }
}

fn of_type(name: &'static str, size: f64) -> Result<(), (&'static str, String)> {
    let [low, high] = TYPE_POINTS;
    if (low..=high).contains(&size) { Ok(()) } else { Err((name, format!("{size} is not from {low} to {high}"))) }
}

/// A look at the first bytes alone: all others are for an engine host to read.
fn is_pdf(background: Option<&FileData>) -> Result<(), (&'static str, String)> {
    let Some(FileData(bytes)) = background else { return Ok(()) };
    let fail = |what: String| Err(("background", what));
    if bytes.len() > limits::BACKGROUND_BYTES_MAX {
        return fail(format!("the file has more than {} MiB", limits::BACKGROUND_BYTES_MAX >> 20));
    }
    if bytes.starts_with(b"%PDF-") { Ok(()) } else { fail("the file is no PDF".to_owned()) }
}
