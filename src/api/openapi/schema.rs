//! The schemas of single values, made from the limits and words that the code itself goes by.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Array, ArrayBuilder, KnownFormat, Object, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat, Type,
        schema::{AnyOfBuilder, SchemaType},
    },
};

use super::examples;
use crate::{
    api::{catalogue::Kind, options::Options},
    domain::{ErrorCode, EventCode, JobState, Outcome, Severity, limits},
    workflows::lists::WORKFLOWS,
};

/// Base 36 of 128 bits, with the prefix in front of it: no sign, no upper case, no leading zero.
fn id(prefix: &str, example: &str, told: &str) -> Object {
    // What has 25 digits must also fit; what begins with an `f` does only in part, and belongs to no time that we shall see.
    let digits = "(0|[1-9a-z][0-9a-z]{0,23}|[1-9a-e][0-9a-z]{24})";
    text().pattern(Some(format!("^{prefix}{digits}$"))).examples([example]).description(Some(told)).build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn word(told: &str, words: impl IntoIterator<Item = &'static str>) -> Object {
    text().enum_values(Some(words)).description(Some(told)).build()
}

/// Text without the one character that a column cannot hold.
fn storable() -> ObjectBuilder {
    text().pattern(Some(r"^[^\u0000]*$"))
}

/// The identifier of a job.
pub(in crate::api) fn job_id() -> Object {
    id("job_", examples::JOB, "Identifier of the job, which clients take as it is.")
}

/// The job behind which a list goes on.
pub(in crate::api) fn after() -> Object {
    id("job_", examples::JOB, "Only jobs behind this one in the list.")
}

/// The identifier of a document.
pub(in crate::api) fn document_id() -> Object {
    id("doc_", examples::DOCUMENT, "Identifier of the document, which events name.")
}

/// The identifier of a result.
pub(in crate::api) fn result_id() -> Object {
    id("res_", examples::RESULT, "Identifier of the result, by which it is fetched.")
}

/// The state of a job.
pub(in crate::api) fn job_state() -> Object {
    let told = "`creating` until the job is started, `pending` until it is worked on, `completed` whether it succeeded or not.";
    word(told, JobState::ALL.iter().map(|state| state.as_str()))
}

/// How a job ended.
pub(in crate::api) fn outcome() -> Object {
    let told = "How the job ended: `warning` when the result differs from what was asked for, and the events say how.";
    word(told, Outcome::ALL.iter().map(|outcome| outcome.as_str()))
}

/// Why a job failed.
pub(in crate::api) fn error_code() -> Object {
    word("The kind of failure.", ErrorCode::ALL.iter().map(|code| code.as_str()))
}

/// What happened to a document.
pub(in crate::api) fn event_code() -> Object {
    word("The kind of event.", EventCode::ALL.iter().map(|code| code.as_str()))
}

/// How much it matters.
pub(in crate::api) fn severity() -> Object {
    word(
        "How much it matters; `error` only in jobs that failed.",
        Severity::ALL.iter().map(|severity| severity.as_str()),
    )
}

/// How the service is.
pub(in crate::api) fn service_status() -> Object {
    word("`warning` when no worker is there: jobs are accepted, and wait.", ["running", "warning"])
}

/// The URI of a kind of problem.
pub(in crate::api) fn problem_type() -> Object {
    word(
        "The URI that names the kind of problem; there is nothing to be fetched at it.",
        Kind::ALL.iter().map(|kind| kind.entry().uri),
    )
}

/// Every name of a workflow.
fn workflows() -> impl Iterator<Item = &'static str> {
    WORKFLOWS.iter().flat_map(|workflow| [workflow.name].into_iter().chain(workflow.aliases.iter().copied()))
}

/// The name of a workflow, or one of its other names.
pub(in crate::api) fn workflow() -> Object {
    let told = "Name of the workflow. Letters of either case mean the same; none means the default.";
    word(told, workflows().chain([""]))
}

/// The name of a profile of some workflow.
pub(in crate::api) fn profile() -> Object {
    let told = "Name of a profile of the workflow. Letters of either case mean the same; none means its default.";
    storable().examples(["default"]).description(Some(told)).build()
}

/// The name of a job.
pub(in crate::api) fn job_name() -> Object {
    storable().examples(["claim-4711"]).description(Some("A name for the job, which its result gets too.")).build()
}

/// The workflow that listed jobs are of.
pub(in crate::api) fn listed_workflow() -> Object {
    word("Only jobs of the workflow of this name. Letters of either case mean the same.", workflows())
}

/// How many jobs are listed.
pub(in crate::api) fn limit() -> Object {
    let count = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(limits::LIST_JOBS_MAX));
    let told = "So many jobs at most, and `Link` to the next page if there are more.";
    count.examples([100]).description(Some(told)).build()
}

/// What URLs begin with that the service calls.
pub(super) const HTTP_URL: &str = "^[Hh][Tt][Tt][Pp][Ss]?://";

/// A URL that the service calls.
pub(in crate::api) fn url() -> Object {
    let uri = text().format(Some(SchemaFormat::Custom("uri".to_owned()))).pattern(Some(HTTP_URL));
    uri.examples(["https://www.example.com/terms.pdf"]).build()
}

/// The name of an option.
pub(in crate::api) fn option_name() -> Object {
    let name = storable().min_length(Some(1)).max_length(Some(limits::OPTION_NAME_CHARS_MAX));
    let told = "The name; letters of either case mean the same.";
    name.examples(["META.TITLE"]).description(Some(told)).build()
}

/// The value of an option.
pub(in crate::api) fn option_value() -> Object {
    let types = SchemaType::from_iter([Type::String, Type::Number, Type::Boolean]);
    let value = ObjectBuilder::new().schema_type(types).pattern(Some(r"^[^\u0000]*$"));
    let told = "The value. Numbers and booleans are taken as their text.";
    value.max_length(Some(limits::OPTION_VALUE_CHARS_MAX)).examples(["Claim 4711"]).description(Some(told)).build()
}

impl PartialSchema for Options {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(Ref::from_schema_name("Option")).max_items(Some(limits::OPTIONS_MAX)).build().into()
    }
}

impl ToSchema for Options {}

/// A list of options in XML, which cannot hold every character and knows text alone.
pub(in crate::api) struct XmlOptions;

impl PartialSchema for XmlOptions {
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new()
            .items(Ref::from_schema_name("XmlOption"))
            .max_items(Some(limits::OPTIONS_MAX))
            .build()
            .into()
    }
}

impl ToSchema for XmlOptions {}

/// One option in XML.
#[derive(ToSchema)]
#[expect(dead_code, reason = "options in XML are read element by element")]
pub(super) struct XmlOption {
    #[schema(schema_with = xml_option_name)]
    name: String,
    #[schema(schema_with = xml_option_value)]
    value: String,
}

/// Text of characters that XML can hold.
fn xml_text(told: &str, max: usize) -> ObjectBuilder {
    let held = text().pattern(Some(r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]*$"));
    held.max_length(Some(max)).description(Some(told))
}

fn xml_option_name() -> Object {
    let name = xml_text("The name; letters of either case mean the same.", limits::OPTION_NAME_CHARS_MAX);
    name.min_length(Some(1)).examples(["META.TITLE"]).build()
}

fn xml_option_value() -> Object {
    xml_text("The value.", limits::OPTION_VALUE_CHARS_MAX).examples(["Claim 4711"]).build()
}

/// What is known of a result.
pub(in crate::api) fn properties() -> Array {
    let told = "What is known of it, such as `pages` and `conformance`.";
    ArrayBuilder::new().items(Ref::from_schema_name("Property")).description(Some(told)).build()
}

/// Something that is known of a result.
#[derive(ToSchema)]
#[expect(dead_code, reason = "properties are kept as the JSON that they are")]
pub(super) struct Property {
    /// What.
    name: String,
    /// Its value.
    value: String,
}

/// One server-sent event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "events are written field by field")]
pub(in crate::api) struct SentEvent {
    #[schema(schema_with = sent_name)]
    event: String,
    #[schema(schema_with = sent_data)]
    data: String,
}

fn sent_name() -> Object {
    word("`completed` is the last one.", ["status", "completed"])
}

fn sent_data() -> Object {
    let views = AnyOfBuilder::new().item(Ref::from_schema_name("JobEnd")).item(Ref::from_schema_name("JobInfo"));
    let json = text().content_media_type("application/json").content_schema(Some(Schema::AnyOf(views.build())));
    json.description(Some("Where the job stands; in the last one with its `outcome`.")).build()
}

/// A document with its options.
#[derive(ToSchema)]
#[expect(dead_code, reason = "an upload is read part by part and never is one value")]
pub(in crate::api) struct Upload {
    #[schema(schema_with = document)]
    data: Vec<u8>,
    #[schema(schema_with = options_in_json, required = false)]
    options: Option<String>,
}

fn document() -> Object {
    let bytes = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
    bytes.description(Some("The document. The part has a file name, and better one with an extension.")).build()
}

fn options_in_json() -> Object {
    let schema = Ref::from_schema_name("Options");
    let json = text().content_media_type("application/json").content_schema(Some(schema));
    json.description(Some("A list of document options in JSON.")).build()
}
