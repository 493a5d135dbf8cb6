//! How documents are converted: the part of a profile that engines go by. Each has a default that suits an archive.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// Text, tables and presentations.
    pub office: Office,
    /// Web pages.
    pub html: Html,
    /// Pictures.
    pub images: Images,
}

/// What LibreOffice shows of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Office {
    /// Comments on the text.
    pub comments: Comments,
    /// Whether the notes of a presentation get pages of their own, after its slides.
    pub notes_pages: bool,
    /// Changes to a text that nobody has accepted or rejected.
    pub tracked_changes: TrackedChanges,
    /// Whether sheets that are hidden are shown.
    pub hidden_sheets: bool,
    /// Whether slides that are hidden are shown.
    pub hidden_slides: bool,
    /// How sheets are put on pages.
    pub page_fit: PageFit,
}

/// What becomes of comments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Comments {
    /// They are left out.
    Hidden,
    /// They become annotations.
    #[default]
    Annotations,
    /// They stand in the margin, and the text is made smaller for it.
    Margin,
}

/// What becomes of tracked changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TrackedChanges {
    /// They are shown when the document was saved so.
    #[default]
    AsSaved,
    /// They are shown in colour.
    Shown,
    /// The text stands as if all were accepted.
    Accepted,
}

/// How sheets are put on pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PageFit {
    /// As the document says.
    #[default]
    AsSet,
    /// Made smaller until all columns are beside each other.
    OnePageWide,
    /// Each sheet on one page, which is made as large as the sheet.
    OnePageEach,
}

/// How web pages are put on paper. Lengths are in millimetres.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Html {
    /// Width of the paper.
    pub paper_width: f64,
    /// Height of the paper.
    pub paper_height: f64,
    /// Whether it is turned by a quarter.
    pub landscape: bool,
    /// Whether a size that the page itself names (`@page`) goes before this one.
    pub prefer_css_page_size: bool,
    /// Margins: top, right, bottom, left.
    pub margins: [f64; 4],
    /// By how much all is made larger or smaller: 0.1 to 2.
    pub scale: f64,
    /// Whether what is wider than the paper is made smaller until it fits. A page that says itself how it is to be put on
    /// paper (`@page`) is left as it is.
    pub fit_width: bool,
    /// Whether background colours and pictures are printed.
    pub background: bool,
    /// HTML of the line above each page; empty for none. Elements of the classes `date`, `title`, `url`, `pageNumber` and
    /// `totalPages` get these as their text.
    pub header: String,
    /// The same below each page.
    pub footer: String,
    /// Whether scripts of the page run. They reach nothing but the page.
    pub scripts: bool,
}

impl Default for Html {
    fn default() -> Self {
        Self {
            paper_width: 210.0,
            paper_height: 297.0,
            landscape: false,
            prefer_css_page_size: true,
            margins: [10.0; 4],
            scale: 1.0,
            fit_width: true,
            background: true,
            header: String::new(),
            footer: String::new(),
            scripts: false,
        }
    }
}

/// What is shown of pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Images {
    /// Which frames of an animation are shown.
    pub frames: Frames,
}

/// Which frames of an animation are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Frames {
    /// The first.
    #[default]
    First,
    /// Each on a page of its own.
    All,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_are_the_settings_written_and_what_is_left_out_has_its_default() {
        let settings: Settings = serde_json::from_str(r#"{"office": {"trackedChanges": "accepted"}}"#).unwrap();
        assert_eq!(settings.office.tracked_changes, TrackedChanges::Accepted);
        assert_eq!(settings.html, Html::default());
        let written = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&written).unwrap(), settings);
    }

    #[test]
    fn an_unknown_setting_is_named() {
        let error = serde_json::from_str::<Settings>(r#"{"html": {"papper": 1}}"#).unwrap_err().to_string();
        assert!(error.contains("papper"), "{error}");
    }
}
