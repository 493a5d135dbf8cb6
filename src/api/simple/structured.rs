//! `POST /http.inputstructured/{connection}`: documents and results in JSON.

use axum::{
    extract::Request,
    http::{HeaderMap, header},
    response::Response,
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    ConnectionPath,
    ending::{self, Form},
    scan::{Broken, Found, Scan},
};
use crate::{
    api::{ApiState, Problem, data_url, openapi::operation, options},
    domain::{self, limits, options::JobOption},
    egress::Target,
    workflows::{
        self,
        add::{self, Accepted, Uploaded},
        connections::{self, Connection},
        create::is_name,
        errand::Errand,
    },
};

/// What is sent, but for the contents, which are empty here. Unknown members are passed over, and so are `variables`, which are
/// for outputs that this version does not have.
#[derive(Debug, Deserialize)]
struct Sent {
    name: Option<String>,
    data: Option<Vec<SentItem>>,
    options: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct SentItem {
    url: Option<String>,
    content: Option<Value>,
    #[serde(rename = "fileName")]
    file_name: Option<String>,
    options: Option<Value>,
}

/// A document that is on its way in.
struct Item {
    accepted: Accepted,
    /// What came with the request.
    uploaded: Option<Uploaded>,
}

/// A document of which all is known.
struct Ready {
    accepted: Accepted,
    source: Source,
    file_name: Option<String>,
    options: Vec<JobOption>,
}

enum Source {
    Uploaded(Uploaded),
    Url(Target),
}

operation!(
    "simple", HttpInputStructured: DownloadFailed, UrlNotAllowed, ConnectionNotFound, JobNotFound, WrongState, TooManyDocuments,
    TooLarge, UnsupportedMediaType, UnsupportedFormat, NotConverted, ConversionFailed, ConnectionNotUsable, Unavailable, TooManyJobs,
    Stopping
);

/// Converts the documents of a list and answers with a list of what comes of them.
///
/// Members that are not known are passed over.
#[utoipa::path(
    post, path = "/http.inputstructured/{connection}", impl_for = HttpInputStructured, operation_id = "httpInputStructured",
    params(ConnectionPath),
    request_body(description = "The documents and their options.", content(
        (ref("#/components/schemas/StructuredInput") = "application/json")
    )),
    responses(
        (
            status = 200, description = "What came of the documents; nothing when the connection answers with the status alone.",
            content_type = "application/json", body = ref("#/components/schemas/StructuredOutput"),
            headers(
                ("X-Job-Id" = String, description = "The job."),
                ("X-Job-Status" = String, description = "`success` or `warning`.")
            )
        ),
        (
            status = 202, description = "The job is started, and the connection answers with no more.",
            headers(("X-Job-Id" = String, description = "The job."))
        )
    )
)]
pub(in crate::api) async fn http_input_structured(
    state: ApiState,
    ConnectionPath(id): ConnectionPath,
    request: Request,
) -> Result<Response, Problem> {
    let connection = connections::find(state.workflows(), &id).await?;
    if !is_json(request.headers()) {
        return Err(Problem::unsupported_media_type("Send the call as application/json"));
    }
    let errand = take(&state, &connection, Scan::new(request.into_body())).await?;
    ending::answer(&state, errand, &connection, Form::Json).await
}

/// Whether the body is JSON, which is also what is meant when nothing is declared.
fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(header::CONTENT_TYPE);
    declared.is_none_or(|declared| declared.to_str().is_ok_and(options::is_json))
}

async fn take(state: &ApiState, connection: &Connection, mut scan: Scan) -> Result<Errand, Problem> {
    let mut begun = None;
    let mut items: Vec<Item> = Vec::new();
    loop {
        match scan.next().await.map_err(unreadable)? {
            Found::End => break,
            Found::Item => {
                let errand = match begun.take() {
                    Some(errand) => errand,
                    None => Errand::begin(state.workflows(), state.tenant(), connection).await?,
                };
                // Its place in the order is that in the list, also when it comes from elsewhere.
                items.push(Item { accepted: errand.accept().await?, uploaded: None });
                begun = Some(errand);
            }
            Found::Content => receive(state, &mut items, &mut scan).await?,
        }
    }
    let rest = scan.into_rest();
    let rest = rest.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(&rest);
    let sent: Sent = serde_json::from_slice(rest)
        .map_err(|error| Problem::bad_request(format!("The JSON of the call cannot be read: {error}")))?;
    let errand =
        begun.ok_or_else(|| Problem::bad_request("The list 'data' is missing or empty; name a document in it"))?;
    fill(state, &errand, sent, items).await?;
    Ok(errand)
}

/// Takes the content of the last item into the blob store while it arrives.
async fn receive(state: &ApiState, items: &mut [Item], scan: &mut Scan) -> Result<(), Problem> {
    let place = place(items.len().saturating_sub(1));
    let Some(Item { accepted, uploaded }) = items.last_mut() else { return Ok(()) };
    if uploaded.is_some() {
        return Err(Problem::bad_request("'content' is there twice").within(&place));
    }
    // Its name may follow.
    let stored = add::upload(state.workflows(), accepted, "", None, scan.content()).await;
    *uploaded = Some(stored.map_err(|error| of_content(error).within(&place))?);
    Ok(())
}

/// What is wrong with a content is told without the words that are for an upload.
fn of_content(error: workflows::Error) -> Problem {
    if let workflows::Error::BrokenUpload { what } = error { Problem::bad_request(what) } else { error.into() }
}

/// Finishes every document, once all is read and nothing is wrong with it.
async fn fill(state: &ApiState, errand: &Errand, sent: Sent, items: Vec<Item>) -> Result<(), Problem> {
    let ctx = state.workflows();
    let described = sent.data.unwrap_or_default();
    // Members that are there twice are refused before, so that this holds.
    if described.len() != items.len() {
        return Err(Problem::bad_request("The list 'data' cannot be read"));
    }
    let mut ready = Vec::with_capacity(items.len());
    for (index, (sent, item)) in described.into_iter().zip(items).enumerate() {
        ready.push(Ready::of(sent, item).map_err(|problem| problem.within(&place(index)))?);
    }
    let given = read_options(sent.options.as_ref()).map_err(|problem| problem.within("options"))?;
    errand.describe(sent.name.as_deref(), &given).await?;
    for (index, Ready { accepted, source, file_name, options }) in ready.into_iter().enumerate() {
        let uploaded = match source {
            Source::Uploaded(uploaded) => uploaded,
            Source::Url(target) => {
                data_url::fetch(state, &accepted, &target).await.map_err(|problem| problem.within(&place(index)))?
            }
        };
        let uploaded = match &file_name {
            Some(name) => uploaded.named(name),
            None => uploaded,
        };
        add::finish(ctx, accepted, uploaded, &options).await?;
    }
    Ok(())
}

impl Ready {
    fn of(sent: SentItem, item: Item) -> Result<Self, Problem> {
        let Item { accepted, uploaded } = item;
        let file_name = sent.file_name.filter(|name| is_name(name));
        let options = read_options(sent.options.as_ref())?;
        let url = sent.url.filter(|url| !url.trim().is_empty());
        let source = match (url, uploaded) {
            (Some(_), Some(_)) => {
                return Err(Problem::bad_request("it has both 'url' and 'content'; give one of them"));
            }
            (None, Some(_)) if file_name.is_none() => {
                return Err(Problem::bad_request("a document with 'content' needs a 'fileName'"));
            }
            (None, Some(uploaded)) => Source::Uploaded(uploaded),
            (Some(url), None) => Source::Url(url.parse().map_err(|error| Problem::not_fetched(&error))?),
            (None, None) if sent.content.is_some_and(|content| !content.is_null()) => {
                return Err(Problem::bad_request("'content' is not a text in Base64"));
            }
            (None, None) => return Err(Problem::bad_request("it has neither 'url' nor 'content'; give one of them")),
        };
        Ok(Self { accepted, source, file_name, options })
    }
}

/// Reads a list of options, or null, and checks that it can be stored.
fn read_options(sent: Option<&Value>) -> Result<Vec<JobOption>, Problem> {
    let Some(list) = sent.filter(|sent| !sent.is_null()) else { return Ok(Vec::new()) };
    let options = options::parse(list.to_string().as_bytes())?;
    domain::options::check(&options).map_err(workflows::Error::from)?;
    Ok(options)
}

/// What an item is called in messages.
fn place(index: usize) -> String {
    format!("data[{index}]")
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn unreadable(broken: Broken) -> Problem {
    match broken {
        Broken::TooLong => Problem::too_large(format!(
            "The call has at most {} bytes besides the contents of its documents",
            limits::STRUCTURED_BYTES_MAX
        )),
        Broken::Cut | Broken::Connection(_) | Broken::Base64(_) => {
            Problem::bad_request(format!("The body cannot be read: {broken}"))
        }
    }
}
