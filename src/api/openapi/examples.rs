//! Examples of what goes out and comes in. Answers are made from the views, so they have the shape that answers have.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    api::{
        answer::Rooted,
        views::{Data, DataAdded, Event, Isolation, JobCounts, JobInfo, JobResult, ServiceStatus},
        workflow_list,
        xml::write,
    },
    domain::{EventCode, JobId, JobState, Outcome, Severity},
    storage::profiles::ProfileRow,
    workflows::{lists::WORKFLOWS, workflow::Workflow},
};

/// A job of the examples.
pub(super) const JOB: &str = "job_4y6xy7sn1kzlxkoqx0aycgys";
/// A document of it.
pub(super) const DOCUMENT: &str = "doc_4y6xy7t0v1x5ewutd5nj6t6w";
/// A result of it.
pub(super) const RESULT: &str = "res_4y6xy7vhk7ee2q1zj8cb5m2k";
/// The tag of a file.
pub(super) const TAG: &str = "\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"";
/// The id of a request.
pub(super) const REQUEST: &str = "3f8d0c6b9d6e4d3fb2a0c1d7a85e9b11";

/// A structured answer: its schema, the name of its element in XML, and an example.
pub(super) struct Answered {
    /// Name of its schema.
    pub(super) schema: &'static str,
    /// Its root element.
    pub(super) root: &'static str,
    /// The name of its items, when it is a list.
    pub(super) item: Option<(&'static str, &'static str)>,
    /// An example in JSON.
    pub(super) json: Value,
    /// The same in XML.
    pub(super) xml: String,
}

/// Every structured answer.
pub(super) fn answers() -> Vec<Answered> {
    vec![
        answer("JobInfo", None, &job()),
        answer("JobInfos", Some("JobInfo"), &vec![job()]),
        answer("DataAdded", None, &DataAdded { data_id: DOCUMENT.to_owned() }),
        answer("JobResult", None, &result()),
        answer("ServiceStatus", None, &status()),
        answer("Workflows", Some("Workflow"), &workflow_list::views(&profiles())),
    ]
}

fn answer<T: Rooted>(schema: &'static str, item: Option<&'static str>, view: &T) -> Answered {
    let element = write::ITEMS.iter().find(|(array, _)| *array == T::ROOT).map(|(_, item)| *item);
    let (json, xml) = both(T::ROOT, None, view);
    Answered { schema, root: T::ROOT, item: item.zip(element), json, xml }
}

/// A view in JSON and in XML.
pub(super) fn both(root: &str, namespace: Option<&str>, view: &impl Serialize) -> (Value, String) {
    // As text, because a value in between would lose the order of the members.
    let text = serde_json::to_string(view).unwrap_or_default();
    let xml = write::image(root, namespace, text.as_bytes()).unwrap_or_default();
    (serde_json::from_str(&text).unwrap_or_default(), xml)
}

/// A default profile of each workflow.
fn profiles() -> Vec<ProfileRow> {
    let default = |workflow: &Workflow| ProfileRow {
        workflow: workflow.name.to_owned(),
        name: "default".to_owned(),
        version: 1,
        is_default: true,
        description: None,
    };
    WORKFLOWS.iter().map(default).collect()
}

fn job() -> JobInfo {
    JobInfo::created(JOB.parse().unwrap_or_else(|_| JobId::new()))
}

fn result() -> JobResult {
    let replaced = Event {
        code: EventCode::FontSubstituted.to_string(),
        severity: Severity::Warning.to_string(),
        message: "letter.docx: the font 'Frutiger' is not there; 'Carlito' took its place.".to_owned(),
        data_id: Some(DOCUMENT.to_owned()),
        data_part: None,
    };
    let file = Data {
        file_name: "claim-4711.pdf".to_owned(),
        result_id: RESULT.to_owned(),
        properties: json!([{ "name": "pages", "value": "3" }, { "name": "conformance", "value": "PDF/A-2b" }]),
    };
    JobResult {
        status: Outcome::Warning.as_str(),
        success: true,
        error: None,
        events: vec![replaced],
        data_list: Some(vec![file]),
    }
}

fn status() -> ServiceStatus {
    ServiceStatus {
        version: env!("CARGO_PKG_VERSION"),
        status: "running",
        start_time: "2026-03-02T07:00:00.000Z".to_owned(),
        isolation: Isolation { process_count: 4, queue_length: 0 },
        job_counts: JobCounts { creating: 1, processing: 2, completed: 40, total: 43 },
    }
}

/// A list of options as it is sent.
pub(super) fn options() -> (Value, &'static str) {
    let json = json!([
        { "name": "META.TITLE", "value": "Claim 4711" },
        { "name": "DOC.PASSWORD", "value": "guess" },
    ]);
    let xml = "<options><option><name>META.TITLE</name><value>Claim 4711</value></option>\
               <option><name>DOC.PASSWORD</name><value>guess</value></option></options>";
    (json, xml)
}

/// An upload with its options.
pub(super) fn upload() -> Value {
    json!({ "data": "Dear all,\n\nall is well.\n", "options": "[{\"name\": \"DOC.PASSWORD\", \"value\": \"guess\"}]" })
}

/// The last event of a stream.
pub(super) fn event() -> Value {
    let (state, outcome) = (JobState::Completed.as_str(), Outcome::Success.as_str());
    let end = json!({ "jobId": JOB, "status": { "code": state, "message": "Completed." }, "outcome": outcome });
    json!({ "event": "completed", "data": end.to_string() })
}

#[cfg(test)]
mod tests {
    use crate::{
        api::{options, xml},
        domain::{DocumentId, JobId, ResultId},
    };

    use super::*;

    #[test]
    fn identifiers_of_examples_are_identifiers() {
        assert!(JOB.parse::<JobId>().is_ok());
        assert!(DOCUMENT.parse::<DocumentId>().is_ok());
        assert!(RESULT.parse::<ResultId>().is_ok());
    }

    #[test]
    fn the_options_of_the_examples_are_read_alike_in_both_forms() {
        let (json, xml) = super::options();
        assert_eq!(options::parse(json.to_string().as_bytes()).unwrap(), xml::read::options(xml.as_bytes()).unwrap());
        assert!(options::parse(upload()["options"].as_str().unwrap().as_bytes()).is_ok());
    }
}
