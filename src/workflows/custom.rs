//! Options that a profile adds to those of its workflow, for texts of stamps and of metadata: a part of the settings of
//! several workflows.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    lists,
    options::{Definition, Given, Level},
    workflow::BadSettings,
};
use crate::domain::limits;

/// Most options of one profile.
const OPTIONS_MAX: usize = 100;

/// An option that jobs with this profile may have besides those of the workflow. `[custom:NAME]` stands for its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CustomOption {
    /// Its name, as in `CASE-NUMBER`; letters of either case mean the same.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub about: String,
    /// Its value for jobs that do not say one. Without it, a stamp that shows the option ends such a job with the error
    /// `option`, and metadata that say it are left out.
    #[serde(default)]
    pub default: Option<String>,
}

/// Looks for options that cannot be.
pub(super) fn check(own: &[CustomOption]) -> Result<(), BadSettings> {
    for (index, option) in own.iter().enumerate() {
        let bad = |problem: &str| BadSettings {
            path: format!("customOptions[{index}].name"),
            problem: format!("'{}' {problem}", option.name),
        };
        let is_one = |character: char| character.is_alphanumeric() || "-_.".contains(character);
        if option.name.is_empty()
            || option.name.chars().count() > limits::NAME_CHARS_MAX
            || !option.name.chars().all(is_one)
        {
            return Err(bad("is no name of an option: letters, digits, '-', '_' and '.' make one"));
        }
        if lists::is_option(&option.name) {
            return Err(bad("is an option of a workflow already"));
        }
        let is_same = |other: &CustomOption| other.name.eq_ignore_ascii_case(&option.name);
        if own.iter().take(index).any(is_same) {
            return Err(bad("is there twice"));
        }
        if index == OPTIONS_MAX {
            return Err(bad(&format!("is one too many: at most {OPTIONS_MAX} are possible")));
        }
    }
    Ok(())
}

/// What `[custom:NAME]` stands for: options of the workflow that a job may have, empty where it has not, and those of the
/// profile. Passwords are none of them, since what they stand in is read by others.
pub(super) fn values(known: &[&[Definition]], own: &[CustomOption], job: Given<'_>) -> BTreeMap<String, String> {
    let cut = |text: &str| text.chars().take(limits::NAME_CHARS_MAX).collect::<String>();
    let of_workflow = known.iter().copied().flatten().filter(|known| known.level == Level::Job);
    let of_workflow = of_workflow.map(|known| (known.name, Some(job.text(known.name).unwrap_or_default())));
    let of_profile =
        own.iter().map(|option| (option.name.as_str(), job.text(&option.name).or(option.default.as_deref())));
    of_workflow.chain(of_profile).filter_map(|(name, value)| Some((name.to_owned(), cut(value?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::options::JobOption, workflows::options::METADATA};

    fn option(name: &str, default: Option<&str>) -> CustomOption {
        CustomOption { name: name.to_owned(), about: String::new(), default: default.map(str::to_owned) }
    }

    #[test]
    fn a_value_is_that_of_the_job_else_the_default_else_none() {
        let given = [("case", "4711"), ("META.TITLE", "T")]
            .map(|(name, value)| JobOption { name: name.to_owned(), value: value.to_owned() });
        let own = [option("CASE", Some("none")), option("Clerk", Some("nobody")), option("Room", None)];
        let values = values(&[METADATA], &own, Given(&given));
        assert_eq!((values["CASE"].as_str(), values["Clerk"].as_str()), ("4711", "nobody"));
        assert_eq!((values["META.TITLE"].as_str(), values["META.AUTHOR"].as_str()), ("T", ""));
        assert!(!values.contains_key("Room"));
    }

    #[test]
    fn names_that_are_none_that_are_taken_or_that_come_twice_are_refused_by_their_place() {
        for (names, place, said) in [
            (&["A", "b c"][..], 1, "is no name"),
            (&[""], 0, "is no name"),
            (&["doc.password"], 0, "of a workflow"),
            (&["A", "B", "a"], 2, "twice"),
        ] {
            let own: Vec<_> = names.iter().map(|name| option(name, None)).collect();
            let bad = check(&own).unwrap_err();
            assert_eq!(bad.path, format!("customOptions[{place}].name"));
            assert!(bad.problem.contains(said), "{bad}");
        }
    }
}
