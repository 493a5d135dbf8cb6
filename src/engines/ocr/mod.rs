//! Text recognition by Tesseract, one page of one document at a time.
//!
//! ```text
//! picture, or page of a PDF ─► [picture]: shades of grey ─► [library]: Tesseract ─► words with their places
//! ```
//!
//! 1. Tesseract is a library in the host's process, loaded with its languages before the cage is closed. After that it reads
//!    nothing but its data.
//! 2. It works in one thread: several on one page cost five times the processor time and save little of the other.
//! 3. What is recognised comes back as words; [`crate::pdf::text_layer`] lays them behind a page.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::Error;
use crate::pdf::text_layer::Recognised;

mod library;
mod picture;

use library::{Layout, Tesseract};
pub(crate) use picture::DOTS_PER_INCH;

/// What a language's data are called after its name.
const DATA: &str = ".traineddata";
/// The data by which Tesseract sees how a page is turned.
const ORIENTATION: &str = "osd";
/// The language when none is asked for.
pub(crate) const LANGUAGE: &str = "eng";
/// Most characters of a language's name.
const LANGUAGE_CHARS_MAX: usize = 40;

/// What is to be recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A picture.
    Picture,
    /// A page of a PDF, counted from 0.
    Page(usize),
}

/// Variables with which a process must be started that is to recognise text.
pub fn environment() -> Vec<(OsString, OsString)> {
    vec![("OMP_THREAD_LIMIT".into(), "1".into())]
}

/// Looks for a folder with the data of languages.
pub fn find(candidates: &[PathBuf]) -> Option<PathBuf> {
    candidates.iter().find(|folder| !languages(folder).is_empty()).cloned()
}

/// The languages whose data are in a folder, by the names that Tesseract gives them.
pub fn languages(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|file| file.file_name().into_string().ok());
    let mut names: Vec<_> = files
        .filter_map(|file| file.strip_suffix(DATA).map(str::to_owned))
        .filter(|name| name != ORIENTATION)
        .collect();
    names.sort();
    names
}

/// The version of the library that is installed.
///
/// # Errors
/// `Unavailable` when there is none.
pub fn version() -> Result<String, Error> {
    library::version().map_err(|error| no_library(&error))
}

/// Tesseract in this process.
#[derive(Debug)]
pub struct Recogniser {
    tesseract: Tesseract,
    /// Its version.
    pub version: String,
}

impl Recogniser {
    /// Loads it with languages whose data are in a folder, if there is one; English when none is named. To be called before
    /// the cage is closed.
    ///
    /// # Errors
    /// `Unavailable` when the library or a language is not installed.
    pub fn start(folder: Option<&Path>, wanted: &[String]) -> Result<Self, Error> {
        let folder = folder.ok_or_else(|| Error::Unavailable {
            what: "install Tesseract and a language (packages libtesseract5 and tesseract-ocr-eng)".to_owned(),
        })?;
        let default = [LANGUAGE.to_owned()];
        let wanted = if wanted.is_empty() { &default } else { wanted };
        for name in wanted {
            if !is_language_name(name) {
                return Err(Error::Unavailable {
                    what: "there is no language of such a name for text recognition".to_owned(),
                });
            }
            if !folder.join(format!("{name}{DATA}")).is_file() {
                let package = name.to_lowercase().replace('_', "-");
                let what = format!("install the language '{name}' for Tesseract (package tesseract-ocr-{package})");
                return Err(Error::Unavailable { what });
            }
        }
        let layout =
            if folder.join(format!("{ORIENTATION}{DATA}")).is_file() { Layout::Turned } else { Layout::Upright };
        let tesseract = Tesseract::start(folder, &wanted.join("+"), layout).map_err(|error| no_library(&error))?;
        Ok(Self { tesseract, version: version()? })
    }

    /// Recognises the text of a picture or a page. `dots_per_inch` is what a page is drawn with, and what a picture says of
    /// itself; a page without is drawn as scans usually are, and of a picture Tesseract makes a guess.
    ///
    /// # Errors
    /// `Corrupt` when it cannot be drawn, `Limit` when it has too many pixels or words.
    pub fn recognise(&self, bytes: Vec<u8>, subject: Subject, dots_per_inch: Option<u32>) -> Result<Recognised, Error> {
        let (picture, dots_per_inch) = match subject {
            Subject::Picture => (picture::decode(&bytes)?, dots_per_inch),
            Subject::Page(number) => {
                let (picture, drawn) = picture::draw(bytes, number, dots_per_inch)?;
                (picture, Some(drawn))
            }
        };
        let lines = self.tesseract.recognise(&picture, dots_per_inch)?;
        Ok(Recognised { width: picture.width, height: picture.height, lines })
    }
}

fn no_library(error: &std::io::Error) -> Error {
    Error::Unavailable { what: format!("install Tesseract (package libtesseract5): {error}") }
}

/// Whether a name can be one of a language: part of a file's name, and of a list.
pub(crate) fn is_language_name(name: &str) -> bool {
    name.chars().count() <= LANGUAGE_CHARS_MAX
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|each| each.is_ascii_alphanumeric() || each == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_languages_of_a_folder_are_those_with_data_and_not_the_orientation() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["fra.traineddata", "deu.traineddata", "osd.traineddata", "configs"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(languages(folder.path()), ["deu", "fra"]);
        assert_eq!(find(&["/nonexistent".into(), folder.path().into()]), Some(folder.path().into()));
        assert_eq!(find(&["/nonexistent".into()]), None);
    }

    #[test]
    fn a_language_that_is_not_installed_is_named_with_its_package() {
        let folder = tempfile::tempdir().unwrap();
        let error = Recogniser::start(Some(folder.path()), &["chi_sim".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("chi_sim") && error.contains("tesseract-ocr-chi-sim"), "{error}");
    }

    #[test]
    fn a_name_that_is_a_path_or_a_list_is_no_language() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["../eng", "eng+deu", "", "~eng", "script/Latin"] {
            let error = Recogniser::start(Some(folder.path()), &[name.to_owned()]).unwrap_err().to_string();
            assert!(error.contains("no language of such a name"), "{name}: {error}");
        }
    }
}
