//! What a document is called in a dossier.

use super::{super::stem, DocumentTitles};
use crate::{
    domain::{limits, metadata::Property},
    pdf::{Document, metadata},
};

/// What a document is called, wherever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Titles {
    /// In the table of contents.
    pub(super) contents: String,
    /// In the outline.
    pub(super) outline: String,
    /// On stamps.
    pub(super) stamp: String,
    /// Whether the client wants a bookmark for it.
    pub(super) has_bookmark: Option<bool>,
}

impl Titles {
    /// What the client says goes before what the PDF says, and that before the name of the file.
    pub(super) fn of(said: &DocumentTitles, document: &Document, file_name: &str) -> Self {
        let given = |title: &Option<String>| title.as_deref().and_then(line);
        let own = given(&said.title)
            .or_else(|| metadata::said(document).get(Property::Title).and_then(line))
            .or_else(|| line(stem(file_name)))
            .unwrap_or_else(|| "–".to_owned());
        let or_own = |title| given(title).unwrap_or_else(|| own.clone());
        Self {
            contents: or_own(&said.contents),
            outline: or_own(&said.outline),
            stamp: or_own(&said.stamp),
            has_bookmark: said.has_bookmark,
        }
    }
}

/// A title on one line; none when it says nothing.
fn line(title: &str) -> Option<String> {
    let words: Vec<&str> =
        title.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let line: String = words.join(" ").chars().take(limits::NAME_CHARS_MAX).collect();
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use lopdf::{dictionary, text_string};

    use super::*;

    fn titled(title: &str) -> Document {
        let mut document = Document::new();
        let info = document.add_object(dictionary! { "Title" => text_string(title) });
        document.trailer.set("Info", info);
        document
    }

    fn said(title: &str) -> DocumentTitles {
        DocumentTitles { title: Some(title.to_owned()), ..DocumentTitles::default() }
    }

    fn check(said: &DocumentTitles, in_pdf: &str, file_name: &str, expected: &str) {
        let titles = Titles::of(said, &titled(in_pdf), file_name);
        assert_eq!([titles.contents, titles.outline, titles.stamp], [expected; 3]);
    }

    #[test]
    fn the_option_goes_before_the_pdf_and_that_before_the_name_of_the_file() {
        check(&said("Option"), "PDF", "file.pdf", "Option");
        check(&said(" "), " PDF\n title ", "file.pdf", "PDF title");
        check(&DocumentTitles::default(), " ", "folder/The file.v2.docx", "The file.v2");
        check(&DocumentTitles::default(), "", ".profile", ".profile");
        check(&DocumentTitles::default(), "", "", "–");
    }

    #[test]
    fn a_title_for_one_place_is_for_that_place() {
        let said = DocumentTitles {
            contents: Some("C".to_owned()),
            outline: Some("O".to_owned()),
            stamp: Some("S".to_owned()),
            ..said("T")
        };
        let titles = Titles::of(&said, &titled("PDF"), "a.pdf");
        assert_eq!([titles.contents, titles.outline, titles.stamp], ["C", "O", "S"]);
        let titles = Titles::of(&DocumentTitles { outline: None, ..said }, &titled("PDF"), "a.pdf");
        assert_eq!(titles.outline, "T");
    }
}
