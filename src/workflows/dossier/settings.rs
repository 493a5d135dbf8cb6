//! The settings of a profile.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    engines::{
        assemble::dossier::{Bookmarks, Paper, TableOfContents, TitlePage},
        protocol::Target,
        settings::Settings,
    },
    pdf::stamp::{Colour, Content, Pages, Placement, Position, StampSettings, TextSettings},
    workflows::{
        custom::{self, CustomOption},
        sign::{self, SignSettings},
        stamps,
        text_recognition::TextRecognition,
        workflow::{BadSettings, ProfileSettings},
    },
};

/// The settings of a profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct DossierSettings {
    /// How documents that are no PDF become one.
    pub convert: Settings,
    /// How text is recognised on pages that are pictures.
    pub text_recognition: TextRecognition,
    /// The title page.
    pub title_page: TitlePage,
    /// The table of contents.
    pub table_of_contents: TableOfContents,
    /// The paper of both.
    pub paper: Paper,
    /// The bookmarks.
    pub outline: Bookmarks,
    /// What is put on the pages of the documents. The title page has none of it.
    pub stamps: Vec<StampSettings>,
    /// Options that jobs may have besides those of the workflow.
    pub custom_options: Vec<CustomOption>,
    /// Whether it is also put on the pages of the table of contents.
    pub stamp_contents: bool,
    /// The part of PDF/A that the dossier is; `null` for a PDF without a claim.
    pub pdfa: Option<Pdfa>,
    /// How the dossier is signed, after everything else; `null` for not at all. Only PDF/A is.
    pub signature: Option<SignSettings>,
}

/// A part of PDF/A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pdfa {
    /// PDF/A-1.
    Pdfa1,
    /// PDF/A-2.
    Pdfa2,
    /// PDF/A-3.
    Pdfa3,
}

impl Default for DossierSettings {
    fn default() -> Self {
        Self {
            convert: Settings::default(),
            text_recognition: TextRecognition::default(),
            title_page: TitlePage::default(),
            table_of_contents: TableOfContents::default(),
            paper: Paper::default(),
            outline: Bookmarks::default(),
            stamps: vec![page_number()],
            custom_options: Vec::new(),
            stamp_contents: false,
            pdfa: None,
            signature: None,
        }
    }
}

/// The number of the page, small in the lower right corner.
fn page_number() -> StampSettings {
    StampSettings {
        name: "page number".to_owned(),
        content: Content::Text(TextSettings {
            text: "[page] / [pages]".to_owned(),
            font: "Liberation Sans".to_owned(),
            bold: false,
            italic: false,
            size: 8.0,
            colour: Colour([0x50; 3]),
        }),
        position: Position { right: Some(28.0), bottom: Some(20.0), ..Position::default() },
        pages: Pages::All,
        placement: Placement::Page,
        opacity: 1.0,
        rotation: 0.0,
    }
}

impl ProfileSettings for DossierSettings {
    fn check(&self) -> Result<(), BadSettings> {
        let wrong =
            |page: &str, (name, problem): (&str, String)| BadSettings { path: format!("{page}.{name}"), problem };
        self.text_recognition.check()?;
        self.title_page.check().map_err(|problem| wrong("titlePage", problem))?;
        self.table_of_contents.check().map_err(|problem| wrong("tableOfContents", problem))?;
        custom::check(&self.custom_options)?;
        stamps::check(&self.stamps)?;
        sign::check(self.signature.as_ref(), self.target())
    }
}

impl DossierSettings {
    /// What the documents and the dossier become.
    pub fn target(&self) -> Target {
        match self.pdfa {
            None => Target::Pdf,
            Some(Pdfa::Pdfa1) => Target::PdfA1,
            Some(Pdfa::Pdfa2) => Target::PdfA2,
            Some(Pdfa::Pdfa3) => Target::PdfA3,
        }
    }
}
