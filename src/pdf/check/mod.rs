//! What stands against PDF/A-2b, seen from outside: a modest validator over the rules that objects and content show.
//!
//! It knows nothing of what [`super::archive`] did. It says nothing about the syntax of the file, which
//! [`super::write()`] makes anew, and it does not look into font programs further than their widths need.

mod annotations;
mod document;
mod drawn;
mod objects;
#[cfg(test)]
mod tests;

use lopdf::Document;

use super::{Error, pages, usage};

/// One thing that stands against PDF/A-2b.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// The clause of ISO 19005-2.
    pub clause: &'static str,
    /// What is wrong, as a sentence.
    pub message: String,
}

/// Most shortfalls that are listed.
const SHORTFALLS_MAX: usize = 200;

/// Collects shortfalls, each once.
#[derive(Debug, Default)]
struct Findings(Vec<Shortfall>);

impl Findings {
    fn add(&mut self, clause: &'static str, message: impl Into<String>) {
        let found = Shortfall { clause, message: message.into() };
        if self.0.len() < SHORTFALLS_MAX && !self.0.contains(&found) {
            self.0.push(found);
        }
    }
}

/// Lists what stands against PDF/A-2b; empty when nothing is seen.
pub fn shortfalls(document: &Document) -> Vec<Shortfall> {
    let mut findings = Findings::default();
    document::check(document, &mut findings);
    objects::check(document, &mut findings);
    for page in pages::list(document) {
        annotations::check(document, page, &mut findings);
    }
    match usage::survey(document) {
        Ok(survey) => drawn::check(document, &survey, &mut findings),
        Err(error) => findings.add("6.2.2", unread(&error)),
    }
    findings.0
}

fn unread(error: &Error) -> String {
    format!("The content of the pages could not be read: {error}.")
}
