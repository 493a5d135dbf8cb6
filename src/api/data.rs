use axum::{
    Json,
    extract::{FromRequest, Multipart, Request, multipart::Field},
    http::{StatusCode, header},
};

use super::{ApiState, Problem, disposition, idempotency::RepeatKey, options, params::JobPath, views::DataAdded};
use crate::{
    domain::{limits, options::JobOption},
    workflows::add::{self, Uploaded},
};

/// Adds a document to a job; its conversion starts at once. The parts may come in either order.
pub(super) async fn add_data(
    state: ApiState,
    JobPath(job): JobPath,
    RepeatKey(key): RepeatKey,
    request: Request,
) -> Result<(StatusCode, Json<DataAdded>), Problem> {
    let multipart = multipart(request).await?;
    let accepted = add::accept(state.workflows(), state.tenant(), job, key).await?;
    let (uploaded, options) = match receive(&state, &accepted, multipart).await {
        Ok(received) => received,
        Err(problem) => {
            add::abandon(accepted).await;
            return Err(problem);
        }
    };
    let document = add::finish(state.workflows(), accepted, uploaded, &options).await?;
    Ok((StatusCode::CREATED, Json(DataAdded { data_id: document.to_string() })))
}

async fn multipart(request: Request) -> Result<Multipart, Problem> {
    let declared =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !declared.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
        return Err(Problem::unsupported_media_type(
            "Send the document as multipart/form-data, in a part named 'data'",
        ));
    }
    Multipart::from_request(request, &()).await.map_err(|rejection| Problem::bad_request(rejection.body_text()))
}

/// Reads the parts as they come; the document goes into the blob store while it arrives.
async fn receive(
    state: &ApiState,
    accepted: &add::Accepted,
    mut multipart: Multipart,
) -> Result<(Uploaded, Vec<JobOption>), Problem> {
    let mut uploaded = None;
    let mut options = Vec::new();
    while let Some(field) = multipart.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("data") => {
                if uploaded.is_some() {
                    return Err(Problem::bad_request(
                        "There is more than one part named 'data'; send one document a call",
                    ));
                }
                let name = disposition::file_name(field.headers(), field.file_name())
                    .ok_or_else(|| Problem::bad_request("The part 'data' has no file name"))?;
                let media_type = field.content_type().map(str::to_owned);
                uploaded = Some(add::upload(state.workflows(), accepted, &name, media_type.as_deref(), field).await?);
            }
            Some("options") => options = read_options(field).await?,
            // Forms of browsers send fields of their own.
            _ => {}
        }
    }
    let uploaded = uploaded.ok_or_else(|| Problem::bad_request("There is no part named 'data' with the document"))?;
    Ok((uploaded, options))
}

async fn read_options(mut field: Field<'_>) -> Result<Vec<JobOption>, Problem> {
    if field.content_type().is_some_and(|declared| !options::is_json(declared)) {
        return Err(Problem::unsupported_media_type("Send the part 'options' as application/json"));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        if bytes.len() + chunk.len() > limits::OPTIONS_BYTES_MAX {
            return Err(Problem::too_large(format!(
                "The part 'options' has at most {} bytes",
                limits::OPTIONS_BYTES_MAX
            )));
        }
        bytes.extend_from_slice(&chunk);
    }
    options::parse(&bytes)
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn unreadable(error: axum::extract::multipart::MultipartError) -> Problem {
    Problem::bad_request(format!("The multipart body cannot be read: {}", error.body_text()))
}
