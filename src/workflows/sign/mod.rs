//! *Sign*: every document that is PDF/A gets a signature, each by itself, and stays what it is.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;

use super::{
    certificates::is_name,
    options,
    workflow::{self, BadSettings, Converting, Job, Line, Problem, ProfileSettings, SettingsType, Workflow},
};
use crate::{
    domain::limits,
    engines::{
        protocol::{Metadata, Step, Target},
        settings::Settings,
        signing::{Certificate, Sign},
    },
};

/// *Sign*.
pub const SIGN: Workflow = Workflow {
    name: "Sign",
    aliases: &["Sign PDF"],
    about: "Each document, which has to be PDF/A-1, -2 or -3, with a signature more; those that it has stay valid.",
    options: &[options::PASSWORDS, options::METADATA],
    settings: SettingsType::of::<SignSettings>(),
    line,
};

/// The settings of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SignSettings {
    /// Name of the certificate that signs, as workers have it in their folder (`BINDERY_CERTIFICATES`): letters, digits, `-`,
    /// `_` and `.`. Without one nothing is signed, and the job has a warning.
    #[serde(deserialize_with = "certificate")]
    #[schemars(with = "Option<String>")]
    pub certificate: Option<String>,
    /// Why documents are signed, as their signatures say.
    #[serde(deserialize_with = "words")]
    #[schemars(with = "Option<String>")]
    pub reason: Option<String>,
    /// Where they are signed.
    #[serde(deserialize_with = "words")]
    #[schemars(with = "Option<String>")]
    pub location: Option<String>,
    /// How to reach who signs.
    #[serde(deserialize_with = "words")]
    #[schemars(with = "Option<String>")]
    pub contact: Option<String>,
}

impl ProfileSettings for SignSettings {}

fn certificate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    if name.as_deref().is_none_or(is_name) {
        return Ok(name);
    }
    let max = limits::CERTIFICATE_NAME_CHARS_MAX;
    Err(D::Error::custom(format!(
        "a certificate has a name of at most {max} letters, digits, `-`, `_` and `.`, which does not begin with `.`"
    )))
}

fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let words = Option::<String>::deserialize(deserializer)?;
    let max = limits::SIGNATURE_TEXT_CHARS_MAX;
    if words.as_ref().is_some_and(|words| words.chars().count() > max) {
        return Err(D::Error::custom(format!("it has more than {max} characters")));
    }
    Ok(words)
}

#[derive(Debug)]
struct Signatures {
    settings: SignSettings,
    /// Nothing is converted.
    convert: Settings,
}

fn line(settings: &Value) -> Result<Box<dyn Line>, BadSettings> {
    Ok(Box::new(Signatures { settings: workflow::read(settings)?, convert: Settings::default() }))
}

impl Line for Signatures {
    fn converting(&self) -> Converting<'_> {
        Converting { target: Target::Given, settings: &self.convert }
    }

    fn steps(&self, job: &Job<'_>) -> Result<Vec<Step>, Problem> {
        let SignSettings { certificate, reason, location, contact } = self.settings.clone();
        Ok(vec![Step::Sign(Box::new(Sign {
            certificate: certificate.map(|name| Certificate { name, key: None }),
            reason,
            location,
            contact,
            metadata: Metadata(job.options.metadata()),
        }))])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_certificate_whose_name_is_a_path_or_a_text_that_is_too_long_is_refused_by_name() {
        let long = "x".repeat(limits::SIGNATURE_TEXT_CHARS_MAX + 1);
        for (path, wrong) in [("certificate", json!("../key")), ("certificate", json!("")), ("reason", json!(long))] {
            assert_eq!((SIGN.settings.complete)(&json!({ path: wrong })).unwrap_err().path, path);
        }
        let right = json!({ "certificate": "office-2026.v1", "reason": "Approved", "location": null, "contact": null });
        assert_eq!((SIGN.settings.complete)(&right).unwrap(), right);
    }
}
