//! The workflows that there are. A new one is a line here and what it does in [`super::work`].

use super::Error;
use crate::engines::protocol::Target;

/// A fixed production line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workflow {
    /// Its name, as listed.
    pub name: &'static str,
    /// Other names that are accepted.
    pub aliases: &'static [&'static str],
    /// Its profiles; the first is its default.
    pub profiles: &'static [&'static str],
    /// What its result is.
    pub target: Target,
}

/// Every workflow; the first is the default of the service.
pub const WORKFLOWS: &[Workflow] = &[
    Workflow {
        name: "Archive PDF/A-2",
        aliases: &["Archive as PDF/A-2"],
        profiles: &["default"],
        target: Target::PdfA2,
    },
    Workflow {
        name: "Archive PDF/A-1",
        aliases: &["Archive as PDF/A-1"],
        profiles: &["default"],
        target: Target::PdfA1,
    },
    Workflow {
        name: "Archive PDF/A-3",
        aliases: &["Archive as PDF/A-3"],
        profiles: &["default"],
        target: Target::PdfA3,
    },
    Workflow { name: "Conversion", aliases: &["Convert to PDF"], profiles: &["default"], target: Target::Pdf },
];

/// Finds a workflow by any of its names, without regard to case; none means the default.
///
/// # Errors
/// `UnknownWorkflow`, naming those that there are.
pub fn workflow(name: Option<&str>) -> Result<&'static Workflow, Error> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(&WORKFLOWS[0]) };
    let matches = |known: &&str| known.to_lowercase() == name.to_lowercase();
    WORKFLOWS.iter().find(|workflow| matches(&workflow.name) || workflow.aliases.iter().any(matches)).ok_or_else(|| {
        Error::UnknownWorkflow {
            name: name.to_owned(),
            known: WORKFLOWS.iter().map(|workflow| workflow.name).collect::<Vec<_>>().join(", "),
        }
    })
}

impl Workflow {
    /// Finds a profile by its name, without regard to case; none means the default.
    ///
    /// # Errors
    /// `UnknownProfile`, naming those that there are.
    pub fn profile(&self, name: Option<&str>) -> Result<&'static str, Error> {
        let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(self.profiles[0]) };
        self.profiles.iter().copied().find(|known| known.eq_ignore_ascii_case(name)).ok_or_else(|| {
            Error::UnknownProfile { workflow: self.name, name: name.to_owned(), known: self.profiles.join(", ") }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_the_archive_workflow() {
        assert_eq!(workflow(None).unwrap().name, "Archive PDF/A-2");
        assert_eq!(workflow(Some("")).unwrap().name, "Archive PDF/A-2");
    }

    #[test]
    fn names_and_aliases_are_found_in_any_case() {
        assert_eq!(workflow(Some("convert TO pdf")).unwrap().name, "Conversion");
        assert_eq!(workflow(Some("archive pdf/a-2")).unwrap().name, "Archive PDF/A-2");
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = workflow(Some("Print")).unwrap_err().to_string();
        assert!(error.contains("Print") && error.contains("Archive PDF/A-2") && error.contains("Conversion"));
    }
}
