//! Calls to a service that is being shaken: one try at a time, at any API, and no answer is an answer too.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::{
    Body, Method, RequestBuilder,
    header::{CONTENT_TYPE, HeaderMap},
};
use serde_json::Value;

use crate::{journal::Journal, random::Random};

/// How long a client waits for an answer; longer than a result call blocks.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// How long it waits before it asks again.
const AGAIN_MS: std::ops::Range<u64> = 100..700;

/// Of a hundred uploads so many come slowly.
const SLOW_PERCENT: u64 = 6;
/// Pieces of a slow upload, and the wait before each.
const PIECES: usize = 5;
const PIECE_WAIT: Duration = Duration::from_millis(400);

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// Headers.
    pub(crate) headers: HeaderMap,
    /// Body.
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON, or null.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Status and body, for a violation.
    pub(crate) fn show(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        format!("{} {}", self.status, body.chars().take(400).collect::<String>())
    }
}

/// A client that knows every API.
pub(crate) struct Caller {
    http: reqwest::Client,
    urls: Vec<String>,
    journal: Arc<Journal>,
}

impl Caller {
    /// A client of all APIs.
    pub(crate) fn new(urls: &[String], journal: &Arc<Journal>) -> anyhow::Result<Self> {
        // The client wants cryptography to be chosen even for plain HTTP; a second choice of the same is harmless.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().timeout(ANSWER_MAX).no_proxy().build()?;
        Ok(Self { http, urls: urls.to_vec(), journal: Arc::clone(journal) })
    }

    /// Asks any API once. `None` when nobody answers or the answer is to ask again: then nobody knows what was done.
    pub(crate) async fn ask(&self, random: &mut Random, method: Method, path: &str) -> Option<Answer> {
        self.once(random, method, path, |request| request).await
    }

    /// Creates a job once.
    pub(crate) async fn create(&self, random: &mut Random, options: String) -> Option<Answer> {
        self.send(random, "/jobs", "application/json", options.into()).await
    }

    /// Uploads a document to a path once; now and then slowly, so that something dies while bytes are on their way.
    pub(crate) async fn upload(&self, random: &mut Random, path: &str, name: &str, bytes: &[u8]) -> Option<Answer> {
        let (content_type, body) = multipart(name, bytes);
        let body = if random.percent(SLOW_PERCENT) { slowly(body) } else { body.into() };
        self.send(random, path, &content_type, body).await
    }

    async fn send(&self, random: &mut Random, path: &str, content_type: &str, body: Body) -> Option<Answer> {
        self.once(random, Method::POST, path, |request| request.header(CONTENT_TYPE, content_type).body(body)).await
    }

    async fn once(
        &self,
        random: &mut Random,
        method: Method,
        path: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Option<Answer> {
        let url = random.pick(&self.urls)?;
        let request = with(self.http.request(method.clone(), format!("{url}{path}")));
        let answer = match read(request).await {
            Ok(answer) => answer,
            Err(error) => {
                let why = if error.is_timeout() {
                    "timed out"
                } else if error.is_connect() {
                    "no connection"
                } else {
                    "broken off"
                };
                return self.nothing(random, why).await;
            }
        };
        match answer.status {
            502..=504 => self.nothing(random, &answer.status.to_string()).await,
            500.. => {
                self.journal.violation(format!("{method} {url}{path} answered {}", answer.show()));
                self.nothing(random, "5xx").await
            }
            _ => Some(answer),
        }
    }

    async fn nothing(&self, random: &mut Random, why: &str) -> Option<Answer> {
        self.journal.count(&format!("no answer: {why}"));
        tokio::time::sleep(random.millis(AGAIN_MS)).await;
        None
    }
}

async fn read(request: RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, body: response.bytes().await? })
}

/// A body that takes its time.
fn slowly(body: Vec<u8>) -> Body {
    let pieces: Vec<_> = body.chunks(body.len().div_ceil(PIECES)).map(Bytes::copy_from_slice).collect();
    Body::wrap_stream(futures_util::stream::unfold(pieces.into_iter(), async |mut pieces| {
        let piece = pieces.next()?;
        tokio::time::sleep(PIECE_WAIT).await;
        Some((Ok::<_, std::io::Error>(piece), pieces))
    }))
}

/// A multipart body with one document, and its content type.
fn multipart(name: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "bindery-chaos-5a1f0c";
    let disposition = format!("Content-Disposition: form-data; name=\"data\"; filename=\"{name}\"");
    let mut body = format!("--{BOUNDARY}\r\n{disposition}\r\n\r\n").into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
