//! The options that a job or a document may carry, read by name.

use crate::domain::{metadata::Metadata, options::JobOption};

/// Where an option may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Job,
    JobOrDocument,
}

/// Every option, where it may stand, and whether it may be repeated.
const KNOWN: &[(&str, Level, bool)] = &[
    ("DOC.PASSWORD", Level::JobOrDocument, true),
    ("META.TITLE", Level::Job, false),
    ("META.AUTHOR", Level::Job, false),
    ("META.SUBJECT", Level::Job, false),
    ("META.KEYWORDS", Level::Job, false),
    ("META.EXT.DC.CONTRIBUTOR", Level::Job, false),
    ("META.EXT.DC.COVERAGE", Level::Job, false),
    ("META.EXT.DC.IDENTIFIER", Level::Job, false),
    ("META.EXT.DC.RIGHTS", Level::Job, false),
    ("META.EXT.DC.SOURCE", Level::Job, false),
    ("META.EXT.DC.TYPE", Level::Job, false),
];

/// What is wrong with a list of options; the job ends with error `option`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No option has this name.
    #[error("The option '{name}' is unknown.")]
    Unknown {
        /// The name.
        name: String,
    },
    /// It is for the whole job only.
    #[error("The option '{name}' belongs to the job, not to a document.")]
    Level {
        /// The name.
        name: String,
    },
    /// It is there more than once.
    #[error("The option '{name}' is given more than once.")]
    Repeated {
        /// The name.
        name: String,
    },
}

/// Checks the options of a job.
///
/// # Errors
/// The first problem.
pub fn check_job(options: &[JobOption]) -> Result<(), Problem> {
    check(options, true)
}

/// Checks the options of a document.
///
/// # Errors
/// The first problem.
pub fn check_document(options: &[JobOption]) -> Result<(), Problem> {
    check(options, false)
}

fn check(options: &[JobOption], of_job: bool) -> Result<(), Problem> {
    for (index, option) in options.iter().enumerate() {
        let name = || option.name.clone();
        let Some((_, level, repeatable)) = KNOWN.iter().find(|(known, ..)| known.eq_ignore_ascii_case(&option.name))
        else {
            return Err(Problem::Unknown { name: name() });
        };
        if !of_job && *level == Level::Job {
            return Err(Problem::Level { name: name() });
        }
        let earlier = options.iter().take(index).any(|other| other.name.eq_ignore_ascii_case(&option.name));
        if earlier && !repeatable {
            return Err(Problem::Repeated { name: name() });
        }
    }
    Ok(())
}

/// The passwords to try on a document: its own first, then those of the job.
pub fn passwords(document: &[JobOption], job: &[JobOption]) -> Vec<String> {
    let all = document.iter().chain(job);
    all.filter(|option| option.name.eq_ignore_ascii_case("DOC.PASSWORD")).map(|option| option.value.clone()).collect()
}

/// The metadata that a job asks for.
pub fn metadata(job: &[JobOption]) -> Metadata {
    let find = |name: &str| {
        job.iter().find(|option| option.name.eq_ignore_ascii_case(name)).map(|option| option.value.clone())
    };
    Metadata {
        title: find("META.TITLE"),
        author: find("META.AUTHOR"),
        subject: find("META.SUBJECT"),
        keywords: find("META.KEYWORDS"),
        contributor: find("META.EXT.DC.CONTRIBUTOR"),
        coverage: find("META.EXT.DC.COVERAGE"),
        identifier: find("META.EXT.DC.IDENTIFIER"),
        rights: find("META.EXT.DC.RIGHTS"),
        source: find("META.EXT.DC.SOURCE"),
        kind: find("META.EXT.DC.TYPE"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(name: &str, value: &str) -> JobOption {
        JobOption { name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn a_password_may_be_repeated_and_a_title_may_not() {
        assert_eq!(check_job(&[option("DOC.PASSWORD", "a"), option("doc.password", "b")]), Ok(()));
        let twice = [option("META.TITLE", "a"), option("META.TITLE", "b")];
        assert_eq!(check_job(&twice), Err(Problem::Repeated { name: "META.TITLE".to_owned() }));
    }

    #[test]
    fn metadata_on_a_document_are_refused() {
        let problem = check_document(&[option("META.TITLE", "a")]).unwrap_err();
        assert_eq!(problem.to_string(), "The option 'META.TITLE' belongs to the job, not to a document.");
    }

    #[test]
    fn an_unknown_option_is_named() {
        assert_eq!(check_job(&[option("DPI", "300")]), Err(Problem::Unknown { name: "DPI".to_owned() }));
    }

    #[test]
    fn the_passwords_of_the_document_are_tried_first() {
        let tried = passwords(&[option("DOC.PASSWORD", "own")], &[option("DOC.PASSWORD", "shared")]);
        assert_eq!(tried, ["own", "shared"]);
    }
}
