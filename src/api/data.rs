use axum::{extract::Request, http::StatusCode};
use encoding_rs::{Encoding, UTF_8};

use super::{
    Answer, ApiState, Problem, data_url, disposition,
    idempotency::RepeatKey,
    multipart::{self, Multipart, Part},
    openapi::{
        operation, parameters,
        schema::{Upload, XmlOptions},
    },
    options::{self, Options},
    params::JobPath,
    views::DataAdded,
};
use crate::{
    domain::{DocumentId, IdempotencyKey, JobId, limits, options::JobOption},
    workflows::{
        add::{self, Uploaded},
        create::is_name,
    },
};

operation!(
    "documents", AddData: JobNotFound, DownloadFailed, UrlNotAllowed, NotAcceptable, WrongState, TooManyDocuments, IdempotencyConflict,
    IdempotencyUnderWay, TooLarge, UnsupportedMediaType, Unavailable
);

/// Adds a document to a job; its conversion starts at once.
///
/// Either the document is uploaded as `multipart/form-data`, with its parts in any order, and `url` is ignored. Or the service
/// fetches it from `url`, which must then be there, and the body is a list of document options, or empty. The result follows the
/// order in which documents are added. A document that cannot be converted is no error of this call: the job then ends with an error.
#[utoipa::path(
    post, path = "/jobs/{jobId}/data", impl_for = AddData, operation_id = "addData",
    params(JobPath, parameters::FetchedUrl, RepeatKey),
    request_body(description = "The document and its options, or only its options.", content(
        (Upload = "multipart/form-data"), (Options = "application/json"), (XmlOptions = "application/xml"), (XmlOptions = "text/xml")
    )),
    responses((
        status = 201, description = "The document is stored.", body = DataAdded,
        links(
            ("addData" = (operation_id = "addData", parameters(("jobId" = "$request.path.jobId")))),
            ("startJob" = (operation_id = "startJob", parameters(("jobId" = "$request.path.jobId")))),
            ("deleteJob" = (operation_id = "deleteJob", parameters(("jobId" = "$request.path.jobId"))))
        )
    ))
)]
pub(super) async fn add_data(
    state: ApiState,
    JobPath(job): JobPath,
    RepeatKey(key): RepeatKey,
    request: Request,
) -> Result<(StatusCode, Answer<DataAdded>), Problem> {
    if data_url::is_meant(&request) {
        return data_url::add(&state, job, key, request).await;
    }
    let mut multipart = multipart(request)?;
    let added = add_upload(&state, job, key, &mut multipart).await;
    if added.is_err() {
        multipart.drain().await;
    }
    Ok((StatusCode::CREATED, Answer(DataAdded { data_id: added?.to_string() })))
}

fn multipart(request: Request) -> Result<Multipart, Problem> {
    if !multipart::is_form(request.headers()) {
        return Err(Problem::unsupported_media_type(
            "Send the document as multipart/form-data, in a part named 'data'; or its options as application/json, with '?url='",
        ));
    }
    Ok(Multipart::new(request)?)
}

async fn add_upload(
    state: &ApiState,
    job: JobId,
    key: Option<IdempotencyKey>,
    multipart: &mut Multipart,
) -> Result<DocumentId, Problem> {
    let accepted = add::accept(state.workflows(), state.tenant(), job, key).await?;
    match receive(state, &accepted, multipart).await {
        Ok((uploaded, options)) => Ok(add::finish(state.workflows(), accepted, uploaded, &options).await?),
        Err(problem) => {
            add::abandon(accepted).await;
            Err(problem)
        }
    }
}

/// Reads the parts as they come; the document goes into the blob store while it arrives.
async fn receive(
    state: &ApiState,
    accepted: &add::Accepted,
    multipart: &mut Multipart,
) -> Result<(Uploaded, Vec<JobOption>), Problem> {
    let mut uploaded = None;
    let mut options = None;
    while let Some(part) = multipart.next_part().await? {
        match part.name() {
            Some("data") => {
                if uploaded.is_some() {
                    return Err(Problem::bad_request(
                        "There is more than one part named 'data'; send one document a call",
                    ));
                }
                let name = part.file_name().filter(|name| is_name(name)).map(str::to_owned);
                let name = name.ok_or_else(|| Problem::bad_request("The part 'data' has no file name"))?;
                let media_type = part.content_type().map(str::to_owned);
                let bytes = part.into_stream();
                uploaded = Some(add::upload(state.workflows(), accepted, &name, media_type.as_deref(), bytes).await?);
            }
            Some("options") if options.is_some() => {
                return Err(Problem::bad_request("There is more than one part named 'options'; send one list"));
            }
            Some("options") => options = Some(read_options(part).await?),
            // Forms of browsers send fields of their own.
            _ => {}
        }
    }
    let uploaded = uploaded.ok_or_else(|| Problem::bad_request("There is no part named 'data' with the document"))?;
    Ok((uploaded, options.unwrap_or_default()))
}

async fn read_options(mut part: Part<'_>) -> Result<Vec<JobOption>, Problem> {
    let in_xml = part.content_type().filter(|declared| options::is_xml(declared)).map(str::to_owned);
    let charset = if in_xml.is_some() { Some(UTF_8) } else { options_charset(part.content_type()) };
    let charset = charset.ok_or_else(|| {
        Problem::unsupported_media_type("Send the part 'options' as application/json or application/xml")
    })?;
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await? {
        if bytes.len() + chunk.len() > limits::OPTIONS_BYTES_MAX {
            return Err(Problem::too_large(format!(
                "The part 'options' has at most {} bytes",
                limits::OPTIONS_BYTES_MAX
            )));
        }
        bytes.extend_from_slice(&chunk);
    }
    if in_xml.is_some() {
        return options::parse_options(in_xml.as_deref(), &bytes);
    }
    let (text, is_broken) = charset.decode_with_bom_removal(&bytes);
    if is_broken {
        return Err(Problem::bad_request(format!("The part 'options' is not in {}", charset.name())));
    }
    options::parse_options(None, text.as_bytes())
}

/// How options that are not XML are written, or `None` when their declared type is not one they may have. The contract knows JSON and no
/// type at all; but many form libraries (.NET, Java) declare every field that is not a file as plain text.
fn options_charset(declared: Option<&str>) -> Option<&'static Encoding> {
    let Some(declared) = declared else { return Some(UTF_8) };
    if !options::is_json(declared) && !options::essence(declared).eq_ignore_ascii_case("text/plain") {
        return None;
    }
    let parameters = disposition::parameters(declared.as_bytes());
    let charset = parameters.iter().find(|parameter| parameter.name == "charset");
    charset.map_or(Some(UTF_8), |charset| Encoding::for_label(&charset.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_may_be_json_or_what_form_libraries_call_text() {
        for (declared, expected) in [
            (None, Some("UTF-8")),
            (Some("application/json"), Some("UTF-8")),
            (Some("application/json; charset=utf-8"), Some("UTF-8")),
            (Some("text/plain; charset=utf-8"), Some("UTF-8")),
            (Some("text/plain; charset=\"ISO-8859-1\""), Some("windows-1252")),
            (Some("text/plain; charset=us-ascii"), Some("windows-1252")),
            (Some("TEXT/PLAIN"), Some("UTF-8")),
            (Some("text/plain; charset=martian"), None),
            (Some("text/xml"), None),
            (Some("application/xml"), None),
            (Some("application/octet-stream"), None),
            (Some(""), None),
        ] {
            assert_eq!(options_charset(declared).map(Encoding::name), expected, "{declared:?}");
        }
    }
}
