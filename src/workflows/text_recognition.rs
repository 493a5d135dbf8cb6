//! Text recognition: a part of the settings of several workflows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::workflow::BadSettings;
use crate::{domain::limits, engines::ocr, pdf::text_layer::Straighten};

/// How text is recognised on pages that are pictures, as scanners make them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TextRecognition {
    /// On which pages.
    pub mode: Mode,
    /// The languages of the text by their names in Tesseract, such as `eng` and `deu`, the most likely one first. Each must be
    /// installed on the workers.
    pub languages: Vec<String>,
    /// The dots per inch with which a page is looked at.
    pub dots_per_inch: u32,
    /// Whether a page that is turned is shown upright.
    pub rotate: bool,
    /// Whether a page that is a little askew is drawn straight. Its pictures stay as they are; its corners are cut.
    pub deskew: bool,
}

/// On which pages text is recognised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// On none.
    #[default]
    Off,
    /// On those that have pictures and no text.
    Missing,
}

impl Default for TextRecognition {
    fn default() -> Self {
        Self {
            mode: Mode::Off,
            languages: vec![ocr::LANGUAGE.to_owned()],
            dots_per_inch: ocr::DOTS_PER_INCH,
            rotate: false,
            deskew: false,
        }
    }
}

impl TextRecognition {
    /// Looks for what can be read and makes no sense.
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        let bad = |path: String, problem: String| Err(BadSettings { path: format!("textRecognition.{path}"), problem });
        if self.languages.is_empty() || self.languages.len() > limits::OCR_LANGUAGES_MAX {
            let problem =
                format!("there are {}, between 1 and {} may be", self.languages.len(), limits::OCR_LANGUAGES_MAX);
            return bad("languages".to_owned(), problem);
        }
        if let Some((place, name)) = self.languages.iter().enumerate().find(|(_, name)| !ocr::is_language_name(name)) {
            return bad(format!("languages[{place}]"), format!("`{name}` cannot be the name of a language"));
        }
        let dots = limits::OCR_DOTS_PER_INCH_MIN..=limits::OCR_DOTS_PER_INCH_MAX;
        if !dots.contains(&self.dots_per_inch) {
            let problem = format!("{} is not between {} and {}", self.dots_per_inch, dots.start(), dots.end());
            return bad("dotsPerInch".to_owned(), problem);
        }
        Ok(())
    }

    /// This, if any page is wanted.
    pub(super) fn wanted(&self) -> Option<&Self> {
        (self.mode == Mode::Missing).then_some(self)
    }

    /// What is done to the pages besides.
    pub(super) const fn straighten(&self) -> Straighten {
        Straighten { rotate: self.rotate, deskew: self.deskew }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workflows::lists::WORKFLOWS;

    #[test]
    fn no_text_is_recognised_unless_a_profile_says_so() {
        assert_eq!(TextRecognition::default().wanted(), None);
        assert!(TextRecognition { mode: Mode::Missing, ..TextRecognition::default() }.wanted().is_some());
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_named() {
        for (settings, path) in [
            (json!({ "languages": [] }), "textRecognition.languages"),
            (json!({ "languages": ["eng", "../deu"] }), "textRecognition.languages[1]"),
            (json!({ "dotsPerInch": 10 }), "textRecognition.dotsPerInch"),
            (json!({ "mode": "all" }), "textRecognition.mode"),
        ] {
            let problem = (WORKFLOWS[0].settings.complete)(&json!({ "textRecognition": settings })).unwrap_err();
            assert_eq!(problem.path, path, "{problem}");
        }
    }
}
