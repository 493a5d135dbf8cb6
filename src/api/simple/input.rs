//! `POST /http.input/{connection}`: documents as a form or as a bare body.

use axum::{
    Json,
    body::Body,
    extract::{FromRequestParts, Query, Request},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    ConnectionPath,
    ending::{self, Form},
};
use crate::{
    api::{
        ApiState, Problem, disposition,
        multipart::{self, Broken, Multipart, Part},
        openapi::{operation, parameters},
    },
    domain::Format,
    workflows::{
        connections::{self, Connection},
        create::is_name,
        errand::Errand,
    },
};

/// The beginning of the name of a document that its client does not name.
const NAMELESS: &str = "document";

/// The query of a call with a bare body.
#[derive(Debug, Deserialize)]
pub(in crate::api) struct InputQuery {
    filename: Option<String>,
}

/// What this call answers when something is wrong. For a bad request that is an object with the member `error`, which has the members
/// of a problem besides.
pub(in crate::api) struct Refusal(Problem);

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        if problem.status() != StatusCode::BAD_REQUEST {
            return problem.into_response();
        }
        let mut told: Map<String, Value> = serde_json::from_str(&problem.json()).unwrap_or_default();
        if let Some(detail) = told.get("detail").cloned() {
            told.insert("error".to_owned(), detail);
        }
        (StatusCode::BAD_REQUEST, Json(told)).into_response()
    }
}

operation!(
    "simple", HttpInput: ConnectionNotFound, JobNotFound, WrongState, TooManyDocuments, TooLarge, UnsupportedFormat, NotConverted,
    ConversionFailed, ConnectionNotUsable, Unavailable, TooManyJobs, Stopping
);

/// Converts the files of a form, or a body that is one file, and answers with what comes of them.
///
/// In a form every part with a file name is a document, and so is one named `data`. The answer is the file, or a ZIP of several, when
/// the connection answers with results. `Accept` decides the form of problems alone. What is no success is told by the status of the
/// call; the job that it names stays for a while, so that its events can be read in the other API.
#[utoipa::path(
    post, path = "/http.input/{connection}", impl_for = HttpInput, operation_id = "httpInput",
    params(ConnectionPath, InputQuery),
    request_body(description = "The documents, or the only one.", content(
        (ref("#/components/schemas/Documents") = "multipart/form-data"), (inline(parameters::Bare) = "*/*")
    )),
    responses(
        (
            status = 200, description = "What came of the documents; nothing when the connection answers with the status alone.",
            content((inline(parameters::File) = "application/pdf"), (inline(parameters::File) = "application/zip")),
            headers(
                ("X-Job-Id" = String, description = "The job."),
                ("X-Job-Status" = String, description = "`success` or `warning`."),
                ("Content-Disposition" = Option<String>, description = "The name of the file."),
                ("ETag" = Option<String>, description = "SHA-256 of the file, in quotes; an archive has none.")
            )
        ),
        (
            status = 202, description = "The job is started, and the connection answers with no more.",
            headers(("X-Job-Id" = String, description = "The job."))
        ),
        (
            status = 204, description = "No file came of the documents.",
            headers(
                ("X-Job-Id" = String, description = "The job."),
                ("X-Job-Status" = String, description = "`success` or `warning`.")
            )
        ),
        (status = 400, description = "", content_type = "application/json", body = ref("#/components/schemas/Refusal"))
    )
)]
pub(in crate::api) async fn http_input(
    state: ApiState,
    ConnectionPath(id): ConnectionPath,
    request: Request,
) -> Result<Response, Refusal> {
    let connection = connections::find(state.workflows(), &id).await?;
    let errand = if multipart::is_form(request.headers()) {
        take_form(&state, &connection, request).await?
    } else {
        take_body(&state, &connection, request).await?
    };
    Ok(ending::answer(&state, errand, &connection, Form::Files).await?)
}

async fn take_form(state: &ApiState, connection: &Connection, request: Request) -> Result<Errand, Problem> {
    let mut multipart = Multipart::new(request)?;
    let taken = take_parts(state, connection, &mut multipart).await;
    if taken.is_err() {
        multipart.drain().await;
    }
    taken
}

/// Takes every file of a form into one job, in their order.
async fn take_parts(state: &ApiState, connection: &Connection, multipart: &mut Multipart) -> Result<Errand, Problem> {
    let mut begun = None;
    while let Some(part) = multipart.next_part().await? {
        let Some(file) = File::of(part).await? else { continue };
        let errand = match begun.take() {
            Some(errand) => errand,
            None => Errand::begin(state.workflows(), state.tenant(), connection).await?,
        };
        let File { name, media_type, first, rest } = file;
        let bytes = stream::iter(first.map(Ok)).chain(rest.into_stream());
        errand.add(&name, media_type.as_deref(), bytes).await?;
        begun = Some(errand);
    }
    begun.ok_or_else(|| {
        Problem::bad_request("The form has no file; send one or more, in parts named 'data' or with a file name")
    })
}

/// A part of a form that is a document.
struct File<'a> {
    name: String,
    media_type: Option<String>,
    first: Option<bytes::Bytes>,
    rest: Part<'a>,
}

impl<'a> File<'a> {
    /// A part with a file name is a document, and so is one of the field `data` that is not empty. Forms have other fields, too.
    async fn of(mut part: Part<'a>) -> Result<Option<Self>, Broken> {
        let name = part.file_name().filter(|name| is_name(name)).map(str::to_owned);
        if name.is_none() && part.name() != Some("data") {
            return Ok(None);
        }
        let media_type = part.content_type().map(str::to_owned);
        let first = part.chunk().await?;
        if name.is_none() && first.is_none() {
            return Ok(None);
        }
        let name = name.unwrap_or_else(|| default_name(media_type.as_deref()));
        Ok(Some(Self { name, media_type, first, rest: part }))
    }
}

/// Takes a body that is a document.
async fn take_body(state: &ApiState, connection: &Connection, request: Request) -> Result<Errand, Problem> {
    let (mut parts, body) = request.into_parts();
    let media_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let name = given_name(&mut parts, state).await?.unwrap_or_else(|| default_name(media_type.as_deref()));
    let mut bytes = Body::into_data_stream(body);
    // Looked at before a job is made for it.
    let first = bytes.next().await.ok_or_else(|| {
        Problem::bad_request("The request has no body; send a file, or several as multipart/form-data")
    })?;
    let errand = Errand::begin(state.workflows(), state.tenant(), connection).await?;
    errand.add(&name, media_type.as_deref(), stream::iter([first]).chain(bytes)).await?;
    Ok(errand)
}

/// The name that the query gives a body, else its own header.
async fn given_name(parts: &mut Parts, state: &ApiState) -> Result<Option<String>, Problem> {
    let Query(query) = Query::<InputQuery>::from_request_parts(parts, state)
        .await
        .map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let offered = || disposition::offered(&parts.headers);
    Ok(query.filename.filter(|name| is_name(name)).or_else(|| offered().filter(|name| is_name(name))))
}

/// A name that follows the declared type. What a document is, its content says first.
fn default_name(media_type: Option<&str>) -> String {
    media_type
        .and_then(Format::from_media_type)
        .map_or_else(|| NAMELESS.to_owned(), |format| format!("{NAMELESS}.{format}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_without_a_name_is_named_by_its_type() {
        for (media_type, name) in [
            (None, "document"),
            (Some("application/octet-stream"), "document"),
            (Some("application/pdf"), "document.pdf"),
            (Some("text/csv; charset=utf-8"), "document.csv"),
        ] {
            assert_eq!(default_name(media_type), name, "{media_type:?}");
            let format = Format::from_file_name(name);
            assert_eq!(format, media_type.and_then(Format::from_media_type), "{media_type:?}");
        }
    }
}
