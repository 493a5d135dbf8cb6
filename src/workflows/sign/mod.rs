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
    egress,
    engines::{
        protocol::{Metadata, Step, Target},
        settings::Settings,
        signing::{Certificate, Sign, TimeStamps},
    },
    pdf::sign::{Asking, Policy, StampDigest},
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
    /// The server that stamps signatures with their time (RFC 3161); without one they have the time of the worker alone.
    pub time_stamp: Option<TimeStampSettings>,
}

/// Time stamps of signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TimeStampSettings {
    /// Where the server is asked (RFC 3161, 3.4). It is called as the URLs of clients are: inside your walls only where
    /// `BINDERY_EGRESS_ALLOW` of the workers says so.
    #[serde(deserialize_with = "url")]
    pub url: String,
    /// The digest of the signature that it stamps.
    #[serde(default)]
    pub hash_algorithm: StampDigest,
    /// The policy under which it is to stamp, an object identifier; else its own.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub policy: Option<Policy>,
    /// What to do when there is no time stamp to be had, or none that holds.
    #[serde(default)]
    pub on_failure: OnFailure,
}

/// What a signature without its time stamp means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// The job fails, after further tries where the server may only be down.
    #[default]
    Fail,
    /// The document is signed without one at once, and the job has a warning.
    Warn,
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

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let url = String::deserialize(deserializer)?;
    url.parse::<egress::Target>().map_err(D::Error::custom)?;
    Ok(url)
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
        let mut steps = vec![Step::Take];
        steps.extend(self.settings.steps(Metadata(job.options.metadata())));
        Ok(steps)
    }
}

impl SignSettings {
    /// The steps that sign the files of a job, which say of themselves from then on what is given.
    fn steps(&self, metadata: Metadata) -> impl Iterator<Item = Step> + use<> {
        let Self { certificate, reason, location, contact, time_stamp } = self.clone();
        // Without a certificate nothing is signed that could be stamped.
        let time_stamp = time_stamp.filter(|_| certificate.is_some());
        let sign = Step::Sign(Box::new(Sign {
            certificate: certificate.map(|name| Certificate { name, key: None }),
            reason,
            location,
            contact,
            metadata,
            time_stamp: time_stamp
                .as_ref()
                .map(|settings| Asking { digest: settings.hash_algorithm, policy: settings.policy }),
        }));
        let stamp = time_stamp.map(|TimeStampSettings { url, on_failure, .. }| {
            Step::TimeStamp(TimeStamps { url, may_lack: on_failure == OnFailure::Warn, asked: Vec::new() })
        });
        [Some(sign), stamp].into_iter().flatten()
    }
}

/// The steps that sign the result of another workflow, which says of itself already what it is to say.
pub(super) fn steps(signature: Option<&SignSettings>) -> impl Iterator<Item = Step> + use<> {
    signature.map(|settings| settings.steps(Metadata::default())).into_iter().flatten()
}

/// Looks whether a PDF of a kind may be signed: none that claims no PDF/A.
pub(super) fn check(signature: Option<&SignSettings>, target: Target) -> Result<(), BadSettings> {
    if signature.is_none() || target.part().is_some() {
        return Ok(());
    }
    let problem = "only PDF/A is signed, and this is a PDF without a claim".to_owned();
    Err(BadSettings { path: "signature".to_owned(), problem })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workflows::lists::workflow;

    #[test]
    fn a_certificate_whose_name_is_a_path_or_a_text_that_is_too_long_is_refused_by_name() {
        let long = "x".repeat(limits::SIGNATURE_TEXT_CHARS_MAX + 1);
        for (path, wrong) in [("certificate", json!("../key")), ("certificate", json!("")), ("reason", json!(long))] {
            assert_eq!((SIGN.settings.complete)(&json!({ path: wrong })).unwrap_err().path, path);
        }
        let right = json!({
            "certificate": "office-2026.v1", "reason": "Approved", "location": null, "contact": null, "timeStamp": null
        });
        assert_eq!((SIGN.settings.complete)(&right).unwrap(), right);
    }

    #[test]
    fn lines_to_pdfa_have_a_signature_and_others_refuse_it_by_name() {
        let signature = json!({ "certificate": "office", "timeStamp": { "url": "https://tsa.example" } });
        let full = (SIGN.settings.complete)(&signature).unwrap();
        let complete = |name: &str, settings: Value| (workflow(Some(name)).unwrap().settings.complete)(&settings);
        for name in ["Archive PDF/A-1", "Archive PDF/A-2", "Archive PDF/A-3", "Invoice"] {
            assert_eq!(complete(name, json!({ "signature": signature })).unwrap()["signature"], full, "{name}");
            assert_eq!(complete(name, json!({})).unwrap()["signature"], Value::Null, "{name}");
            let wrong = json!({ "signature": { "certificate": "../key" } });
            assert_eq!(complete(name, wrong).unwrap_err().path, "signature.certificate", "{name}");
        }
        let dossier = complete("Dossier", json!({ "signature": signature, "pdfa": "pdfa2" })).unwrap();
        assert_eq!(dossier["signature"], full);
        for name in ["Conversion", "Dossier", "Archive TIFF", "Extract XML", "Convert to XML"] {
            assert_eq!(complete(name, json!({ "signature": signature })).unwrap_err().path, "signature", "{name}");
        }
    }

    #[test]
    fn settings_of_time_stamps_are_completed_and_wrong_ones_refused_by_name() {
        let stamp = |settings: Value| (SIGN.settings.complete)(&json!({ "timeStamp": settings }));
        let full = stamp(json!({ "url": "https://tsa.example/a" })).unwrap();
        let expected =
            json!({ "url": "https://tsa.example/a", "hashAlgorithm": "sha256", "policy": null, "onFailure": "fail" });
        assert_eq!(full["timeStamp"], expected);
        for (wrong, path) in [
            (json!({ "url": "ftp://tsa.example" }), "timeStamp.url"),
            (json!({ "url": "http://h", "policy": "none" }), "timeStamp.policy"),
            (json!({ "url": "http://h", "hashAlgorithm": "md5" }), "timeStamp.hashAlgorithm"),
            (json!({ "url": "http://h", "onFailure": "ignore" }), "timeStamp.onFailure"),
        ] {
            assert_eq!(stamp(wrong).unwrap_err().path, path);
        }
        assert!(stamp(json!({ "policy": "1.2.3" })).is_err(), "no url");
    }
}
