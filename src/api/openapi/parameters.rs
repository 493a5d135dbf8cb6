//! Parameters of paths and headers, and what a file is.

use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        KnownFormat, Object, ObjectBuilder, RefOr, Required, Schema, SchemaFormat, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use super::{examples, schema};
use crate::{
    api::{
        idempotency::RepeatKey,
        params::{JobPath, ResultPath},
        simple::{ConnectionPath, InputQuery},
        store::StoreMethod,
        target::TargetQuery,
    },
    domain::limits,
};

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn parameter(place: ParameterIn, name: &str, schema: Object, description: &str) -> Parameter {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    let built = ParameterBuilder::new().name(name).parameter_in(place).required(required).schema(Some(schema));
    built.description(Some(description)).build()
}

impl IntoParams for JobPath {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter(ParameterIn::Path, "jobId", schema::job_id(), "The job.")]
    }
}

impl IntoParams for ResultPath {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut both = JobPath::into_params(place);
        both.push(parameter(ParameterIn::Path, "resultId", schema::result_id(), "A result file of it."));
        both
    }
}

impl IntoParams for StoreMethod {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let method = text().enum_values(Some(["put", "post"])).build();
        vec![parameter(ParameterIn::Path, "storeMethod", method, "The method by which the file is sent.")]
    }
}

impl IntoParams for ConnectionPath {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let name = text().examples(["archive-pdfa2-default"]).build();
        let told = "Name of the connection: a row of the table `connections` with the workflow of the job and how the call is answered.";
        vec![parameter(ParameterIn::Path, "connection", name, told)]
    }
}

impl IntoParams for InputQuery {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let name = text().examples(["letter.docx"]).build();
        let told = "Name of the document when it is sent bare; without it the header `Content-Disposition` names it.";
        vec![parameter(ParameterIn::Query, "filename", name, told)]
    }
}

impl IntoParams for RepeatKey {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let key = text()
            .pattern(Some(format!("^[!-~]{{1,{}}}$", limits::IDEMPOTENCY_KEY_BYTES_MAX)))
            .examples(["8e03978e-40d5-43dd-bc93-6894a57f9324"]);
        let told = "A name for the request, so that it may be sent again without having it done twice: the first answer comes again.";
        vec![parameter(ParameterIn::Header, "Idempotency-Key", key.build(), told)]
    }
}

impl IntoParams for TargetQuery {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let told = "An http or https URL to which the service sends the file itself; not one inside the walls of whoever runs it, \
                    unless they allow it.";
        let url = parameter(ParameterIn::Query, "url", schema::url(), told);
        vec![ParameterBuilder::from(url).required(Required::True).build()]
    }
}

/// The URL of a document. Only some bodies need it, and with the others it is ignored whatever it is; no schema can say so.
pub(in crate::api) struct FetchedUrl;

impl IntoParams for FetchedUrl {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let told = "An http or https URL from which the service fetches the document; not one inside the walls of whoever runs \
                    it, unless they allow it. Needed with a list of options, ignored with an upload.";
        let url = text().examples(["https://www.example.com/terms.pdf"]).build();
        vec![parameter(ParameterIn::Query, "url", url, told)]
    }
}

/// The header `Prefer`.
pub(in crate::api) struct Prefer;

impl IntoParams for Prefer {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let told = "`wait=n`: answer after so many seconds at the latest. Other preferences are ignored.";
        vec![parameter(ParameterIn::Header, "Prefer", text().examples(["wait=1"]).build(), told)]
    }
}

/// The header `If-None-Match`.
pub(in crate::api) struct IfNoneMatch;

impl IntoParams for IfNoneMatch {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let told = "Tags of files that the client has; when the file is one of them, the answer is 304.";
        vec![parameter(ParameterIn::Header, "If-None-Match", text().examples([examples::TAG]).build(), told)]
    }
}

/// The headers that ask for a part of a file, or only for one that has changed.
pub(in crate::api) struct Conditions;

impl IntoParams for Conditions {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let range = "The part that is wanted. Several parts, or what is not understood, mean the whole file.";
        let if_range = "The tag of the file that `Range` means; of another one all is sent.";
        let mut all = vec![
            parameter(ParameterIn::Header, "Range", text().examples(["bytes=0-1023"]).build(), range),
            parameter(ParameterIn::Header, "If-Range", text().build(), if_range),
        ];
        all.extend(IfNoneMatch::into_params(place));
        all
    }
}

/// The bytes of a file.
pub(in crate::api) struct File;

fn bytes() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
}

impl PartialSchema for File {
    fn schema() -> RefOr<Schema> {
        bytes().build().into()
    }
}

impl ToSchema for File {}

/// A document as a bare body.
pub(in crate::api) struct Bare;

impl PartialSchema for Bare {
    fn schema() -> RefOr<Schema> {
        bytes().min_length(Some(1)).build().into()
    }
}

impl ToSchema for Bare {}

/// A length in bytes.
pub(in crate::api) struct Length;

impl PartialSchema for Length {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).build().into()
    }
}

impl ToSchema for Length {}

/// The document itself.
pub(in crate::api) struct Document;

impl PartialSchema for Document {
    fn schema() -> RefOr<Schema> {
        let three = ["openapi", "info", "paths"];
        let object = ObjectBuilder::new().schema_type(Type::Object);
        three.into_iter().fold(object, |object, name| object.required(name)).build().into()
    }
}

impl ToSchema for Document {}
