//! The workflows that there are. A new one is a folder beside this file and a line here.

use super::{
    Error, archive, conversion,
    custom::CustomOption,
    dossier, extract_xml, invoice,
    options::{self, Bearer, Problem},
    sign, tiff, to_xml,
    workflow::Workflow,
};
use crate::domain::options::JobOption;

/// Every workflow; the first is the default of the service.
pub const WORKFLOWS: &[Workflow] = &[
    archive::PDFA2,
    archive::PDFA1,
    archive::PDFA3,
    conversion::CONVERSION,
    dossier::DOSSIER,
    invoice::INVOICE,
    tiff::TIFF,
    extract_xml::EXTRACT_XML,
    to_xml::TO_XML,
    sign::SIGN,
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

/// Checks a list of options against those that a workflow understands, and those that its profile adds; one that only others
/// understand is told apart.
///
/// # Errors
/// The first problem.
pub fn check_options(
    workflow: &Workflow,
    custom: &[CustomOption],
    options: &[JobOption],
    bearer: Bearer,
) -> Result<(), Problem> {
    options::check(workflow.options, custom, options, bearer).map_err(|problem| {
        if let Problem::Unknown { name } = &problem
            && is_option(name)
        {
            return Problem::Workflow { name: name.clone(), workflow: workflow.name.to_owned() };
        }
        problem
    })
}

/// Whether any workflow has an option of a name.
pub(super) fn is_option(name: &str) -> bool {
    let mut known = WORKFLOWS.iter().flat_map(|workflow| workflow.options.iter().copied().flatten());
    known.any(|definition| definition.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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

    #[test]
    fn every_workflow_takes_no_settings_and_names_one_that_it_does_not_know() {
        for workflow in WORKFLOWS {
            let full = (workflow.settings.complete)(&json!({})).unwrap();
            assert_eq!((workflow.settings.complete)(&full).unwrap(), full, "{}", workflow.name);
            (workflow.line)(&full).unwrap();
            let wrong = json!({ "convert": { "html": { "papper": 1 } } });
            let problem = (workflow.line)(&wrong).unwrap_err();
            // One that converts nothing has none of these settings.
            let path = if workflow.name == "Sign" { "convert" } else { "convert.html.papper" };
            assert_eq!(problem.path, path, "{}", workflow.name);
            assert_eq!((workflow.settings.complete)(&wrong).unwrap_err(), problem);
        }
    }

    #[test]
    fn every_setting_is_described_in_its_schema() {
        for workflow in WORKFLOWS {
            let schema = (workflow.settings.schema)();
            let mut open = vec![("$".to_owned(), &schema)];
            while let Some((path, part)) = open.pop() {
                let serde_json::Value::Object(part) = part else { continue };
                if let Some(serde_json::Value::Object(properties)) = part.get("properties") {
                    for (name, property) in properties {
                        assert!(property.get("description").is_some(), "{}: {path}.{name}", workflow.name);
                        open.push((format!("{path}.{name}"), property));
                    }
                }
                // Names of properties are no words of a schema: one may be called `properties`.
                let others = part.iter().filter(|(name, _)| *name != "properties");
                open.extend(others.map(|(name, part)| (format!("{path}.{name}"), part)));
            }
        }
    }
}
