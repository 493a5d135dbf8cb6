//! *Dossier*: every document becomes a PDF, and all of them one, behind a title page and a table of contents.

mod options;
mod settings;
#[cfg(test)]
mod tests;

use super::{
    custom::{self, CustomOption},
    options::{METADATA, PASSWORDS},
    sign,
    text_recognition::TextRecognition,
    workflow::{self, Converting, Job, JobDocument, Line, Problem, SettingsType, Workflow},
};
use crate::{
    domain::{
        limits,
        metadata::{Metadata as Said, Property},
    },
    engines::{
        assemble::dossier::{Bookmarks, DocumentTitles, Dossier as Order, TitlePage},
        protocol::{Metadata, Step},
    },
};

pub use settings::{DossierSettings, Pdfa};

/// What a dossier is called that nothing names.
const UNTITLED: &str = "Dossier";

/// *Dossier*.
pub const DOSSIER: Workflow = Workflow {
    name: "Dossier",
    aliases: &["Create Dossier PDF"],
    about: "One PDF of all documents, with a title page, a table of contents, bookmarks and page numbers.",
    options: &[PASSWORDS, METADATA, options::DOSSIER],
    settings: SettingsType::of::<DossierSettings>(),
    line: |settings| Ok(Box::new(Dossier { settings: workflow::read(settings)? })),
};

#[derive(Debug)]
struct Dossier {
    settings: DossierSettings,
}

impl Line for Dossier {
    fn converting(&self) -> Converting<'_> {
        Converting { target: self.settings.target(), settings: &self.settings.convert }
    }

    fn custom_options(&self) -> &[CustomOption] {
        &self.settings.custom_options
    }

    fn recognition(&self) -> Option<&TextRecognition> {
        self.settings.text_recognition.wanted()
    }

    fn steps(&self, job: &Job<'_>) -> Result<Vec<Step>, Problem> {
        let asked = job.options.metadata();
        let title = self.title(job, &asked);
        let target = self.settings.target();
        let order = Order {
            title: title.clone(),
            title_page: self.title_page(job, &title),
            contents: Some(&self.settings.table_of_contents).filter(|contents| contents.enabled).cloned(),
            paper: self.settings.paper,
            bookmarks: self.bookmarks(job),
            stamps: self.settings.stamps.clone(),
            stamp_contents: self.settings.stamp_contents,
            job_name: job.name.unwrap_or_default().to_owned(),
            custom: custom::values(&[METADATA, options::DOSSIER], &self.settings.custom_options, job.options),
            target,
            documents: job.documents.iter().map(titles).collect(),
        };
        // What the first document says of itself is not said of the dossier.
        let named = asked.get(Property::Title).map_or(title, str::to_owned);
        let metadata = asked.with(Property::Title, named);
        let mut steps = vec![
            Step::Dossier(Box::new(order)),
            Step::Finish { target, metadata: Metadata(metadata), linearise: false },
        ];
        steps.extend(sign::steps(self.settings.signature.as_ref()));
        Ok(steps)
    }
}

impl Dossier {
    /// What the dossier is called.
    fn title(&self, job: &Job<'_>, asked: &Said) -> String {
        let of_job = || job.name.map(|name| name.strip_suffix(".pdf").unwrap_or(name));
        let known = job.options.text("DOSSIER-TITLE").filter(|title| says_something(title));
        let known = known
            .or_else(|| Some(self.settings.title_page.title.as_str()).filter(|title| says_something(title)))
            .or_else(|| asked.get(Property::Title).filter(|title| says_something(title)))
            .or_else(|| of_job().filter(|name| says_something(name)));
        cut(known.unwrap_or(UNTITLED))
    }

    fn title_page(&self, job: &Job<'_>, title: &str) -> Option<TitlePage> {
        let page = &self.settings.title_page;
        let subtitle = cut(job.options.text("DOSSIER-SUBTITLE").unwrap_or(&page.subtitle));
        page.enabled.then(|| TitlePage { title: title.to_owned(), subtitle, ..page.clone() })
    }

    fn bookmarks(&self, job: &Job<'_>) -> Bookmarks {
        let bookmarks = &self.settings.outline;
        let contents_title = cut(job.options.text("TOC-OUTLINE-TITLE").unwrap_or(&bookmarks.contents_title));
        Bookmarks { contents_title, ..bookmarks.clone() }
    }
}

/// What the client said of a document.
fn titles(document: &JobDocument<'_>) -> DocumentTitles {
    let find = |name| document.options.text(name).map(cut);
    DocumentTitles {
        title: find("DOCUMENT-TITLE"),
        contents: find("DOCUMENT-TOC-TITLE"),
        outline: find("DOCUMENT-OUTLINE-TITLE"),
        stamp: find("DOCUMENT-STAMP-TITLE"),
        has_bookmark: document.options.boolean("ADD-DOCUMENT-OUTLINE"),
    }
}

fn says_something(text: &str) -> bool {
    text.chars().any(|character| !character.is_whitespace() && !character.is_control())
}

/// A title of a length that a page can show.
fn cut(text: &str) -> String {
    text.chars().take(limits::NAME_CHARS_MAX).collect()
}
