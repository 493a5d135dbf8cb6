//! The answers that tell of problems, one for each set of kinds that an operation gives under one status.

use std::{collections::BTreeMap, time::Duration};

use axum::{http::Method, response::IntoResponse};
use serde_json::{Value, json};

use super::examples::{JOB, REQUEST, RESULT};
use crate::{
    api::{BASE, Problem, answer::PROBLEM, catalogue::Kind, xml::write},
    domain::{ErrorCode, JobState, limits},
    egress,
    workflows::{Error, lists::WORKFLOWS},
};

/// What any operation may answer, since it is looked at before any of them, or can happen to all.
pub(super) const COMMON: &[Kind] = &[
    Kind::BadRequest,
    Kind::TooSlow,
    Kind::TargetTooLong,
    Kind::ExpectationFailed,
    Kind::HeadTooLarge,
    Kind::Internal,
    Kind::VersionNotSupported,
];

/// What operations may answer whose path has parameters: a value can make another path of it.
pub(super) const OF_PATHS: &[Kind] = &[Kind::NotFound, Kind::MethodNotAllowed];

/// Kinds by their status.
pub(super) fn by_status(kinds: impl IntoIterator<Item = Kind>) -> BTreeMap<u16, Vec<Kind>> {
    let mut sets = BTreeMap::<u16, Vec<Kind>>::new();
    for kind in kinds {
        sets.entry(kind.entry().status.as_u16()).or_default().push(kind);
    }
    // In the order of the catalogue, so that one set has one name.
    for set in sets.values_mut() {
        set.sort_unstable_by_key(|kind| Kind::ALL.iter().position(|known| known == kind));
        set.dedup();
    }
    sets
}

/// The name of the answer for a set of kinds.
pub(super) fn name(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| format!("{kind:?}")).collect::<Vec<_>>().join("Or")
}

/// The answer for a set of kinds of one status.
pub(super) fn response(kinds: &[Kind]) -> Value {
    let entries = || kinds.iter().map(|kind| kind.entry());
    let told: Vec<_> = entries().map(|entry| format!("{} {}", entry.title, entry.meaning)).collect();
    let uris: Vec<_> = entries().map(|entry| entry.uri).collect();
    let statuses: Vec<_> = entries().map(|entry| entry.status.as_u16()).take(1).collect();
    let schema = json!({
        "$ref": "#/components/schemas/Problem",
        "properties": { "type": { "enum": uris }, "status": { "enum": statuses } },
    });
    let mut headers = serde_json::Map::new();
    let sent: Vec<_> = kinds.iter().map(|kind| (*kind, example(*kind).into_response())).collect();
    for (name, told, schema) in HEADERS {
        let bearing = sent.iter().filter(|(kind, response)| {
            response.headers().contains_key(*name) || (*name == "allow" && *kind == Kind::MethodNotAllowed)
        });
        let bearing = bearing.count();
        if bearing > 0 {
            let header =
                json!({ "description": told, "required": bearing == kinds.len(), "schema": { "type": schema } });
            headers.insert(canonical(name), header);
        }
    }
    let (mut json_examples, mut xml_examples) = (serde_json::Map::new(), serde_json::Map::new());
    for kind in kinds {
        let (json, xml) = told_in_both(*kind);
        let told = kind.entry().title;
        json_examples.insert(format!("{kind:?}"), json!({ "summary": told, "value": json }));
        xml_examples.insert(format!("{kind:?}"), json!({ "summary": told, "value": xml }));
    }
    let mut content = serde_json::Map::new();
    content.insert(PROBLEM.json.to_owned(), json!({ "schema": schema, "examples": json_examples }));
    content.extend(PROBLEM.xml.map(|xml| (xml.to_owned(), json!({ "schema": schema, "examples": xml_examples }))));
    json!({ "description": told.join(" Or: "), "headers": headers, "content": content })
}

/// Headers that problems bring along.
const HEADERS: &[(&str, &str, &str)] = &[
    ("retry-after", "After how many seconds to try again.", "integer"),
    ("content-range", "How long the file is.", "string"),
    ("allow", "The methods that the path takes.", "string"),
];

fn canonical(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join("-")
}

/// A problem in JSON and in XML.
fn told_in_both(kind: Kind) -> (Value, String) {
    let text = example(kind).json_of(REQUEST);
    let xml = write::image(PROBLEM.root, PROBLEM.namespace, text.as_bytes()).unwrap_or_default();
    (serde_json::from_str(&text).unwrap_or_default(), xml)
}

/// A problem of a kind, as the service itself makes it.
fn example(kind: Kind) -> Problem {
    match kind {
        Kind::BadRequest => Problem::bad_request("The query is not UTF-8 once it is decoded"),
        Kind::WorkflowNotFound => {
            let known: Vec<_> = WORKFLOWS.iter().map(|workflow| workflow.name).collect();
            Error::UnknownWorkflow { name: "Print".to_owned(), known: known.join(", ") }.into()
        }
        Kind::ProfileNotFound => {
            let of = &WORKFLOWS[0];
            let known = "default".to_owned();
            Error::UnknownProfile { workflow: of.name, name: "fast".to_owned(), known }.into()
        }
        Kind::DownloadFailed => Problem::not_fetched(&egress::Error::CannotResolve),
        Kind::StoreFailed => Problem::not_stored(&egress::Error::Status { code: 403 }),
        Kind::UrlNotAllowed => Problem::not_fetched(&egress::Error::NotAllowed { redirected: false }),
        Kind::NotFound => Problem::nothing_at("/jobs"),
        Kind::JobNotFound => Problem::unknown_job(JOB),
        Kind::ResultNotFound => Problem::unknown_result(RESULT),
        Kind::MethodNotAllowed => Problem::method_not_taken(&format!("{BASE}/jobs/{JOB}"), &Method::PUT),
        Kind::NotAcceptable => Problem::not_acceptable(),
        Kind::TooSlow => Problem::stalled(),
        Kind::WrongState => Error::WrongState { state: JobState::Creating }.into(),
        Kind::TooManyDocuments => Error::TooManyDocuments { max: limits::DOCUMENTS_PER_JOB_MAX }.into(),
        Kind::IdempotencyConflict => Error::KeyReused.into(),
        Kind::IdempotencyUnderWay => Error::KeyUnderWay.into(),
        Kind::TooLarge => Error::TooLarge { max: limits::UPLOAD_BYTES_MAX }.into(),
        Kind::TargetTooLong => Problem::target_too_long(),
        Kind::UnsupportedMediaType => {
            Problem::unsupported_media_type("Send the options as application/json or application/xml")
        }
        Kind::BadRange => Problem::bad_range(48_211),
        Kind::ExpectationFailed => Problem::expectation_failed(),
        Kind::HeadTooLarge => Problem::head_too_large(),
        Kind::Internal => Problem::of_ours(),
        Kind::Unavailable => Problem::out_of_reach(),
        Kind::ConnectionNotFound => Error::UnknownConnection { id: "archive".to_owned() }.into(),
        Kind::UnsupportedFormat => {
            Problem::of_failed_job(ErrorCode::UnsupportedFormat, "setup.exe: a file of this format is not converted.")
        }
        Kind::NotConverted => Problem::of_failed_job(
            ErrorCode::Password,
            "letter.docx: the document needs a password; give it as DOC.PASSWORD.",
        ),
        Kind::ConversionFailed => {
            Problem::of_failed_job(ErrorCode::Timeout, "letter.docx: the conversion took too long.")
        }
        Kind::ConnectionNotUsable => {
            let missing = Error::UnknownWorkflow { name: "Print".to_owned(), known: WORKFLOWS[0].name.to_owned() };
            Error::Connection { id: "inbox".to_owned(), problem: missing.to_string() }.into()
        }
        Kind::Stopping => Error::Stopping.into(),
        Kind::TooManyJobs => Error::TooManyJobs { max: limits::OPEN_JOBS_MAX }.into(),
        Kind::NotYet => Error::NotYet { after: Duration::ZERO }.into(),
        Kind::VersionNotSupported => Problem::version_not_supported(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_a_kind_is_of_that_kind() {
        for kind in Kind::ALL {
            let (json, xml) = told_in_both(*kind);
            let entry = kind.entry();
            assert_eq!(json["type"], entry.uri);
            assert_eq!(json["status"], entry.status.as_u16());
            assert_eq!(json["requestId"].is_string(), entry.status.is_server_error());
            assert!(xml.contains(entry.uri) && xml.contains("</problem>"), "{xml}");
        }
    }

    #[test]
    fn kinds_of_one_status_share_an_answer_whatever_their_order() {
        let sets = by_status([Kind::ResultNotFound, Kind::WrongState, Kind::JobNotFound, Kind::JobNotFound]);
        assert_eq!(name(&sets[&404]), "JobNotFoundOrResultNotFound");
        assert_eq!(name(&sets[&409]), "WrongState");
    }

    #[test]
    fn an_answer_tells_the_headers_that_it_has() {
        assert_eq!(response(&[Kind::NotYet])["headers"]["Retry-After"]["required"], true);
        assert_eq!(
            response(&[Kind::IdempotencyConflict, Kind::IdempotencyUnderWay])["headers"]["Retry-After"]["required"],
            false
        );
        assert_eq!(response(&[Kind::BadRange])["headers"]["Content-Range"]["required"], true);
        assert_eq!(response(&[Kind::JobNotFound])["headers"], json!({}));
    }
}
