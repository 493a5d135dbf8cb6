//! The service as its clients see it: one method a call, tried again while the trouble may pass.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use reqwest::{
    Body, Client, RequestBuilder, Response, StatusCode, Url,
    header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::{
    fs::File,
    io::{AsyncSeekExt, AsyncWriteExt},
    time::{Instant, timeout},
};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::{exit::Failure, inputs::Input, patience::Patience, report::Report};
use crate::api;

/// How long a call without a document may take.
const CALL_MAX: Duration = Duration::from_secs(30);
/// How long one call waits for a result; below what proxies on the way allow.
const RESULT_WAIT: Duration = Duration::from_secs(50);
/// The least wait before a result is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// How long nothing of a download may come.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// Bytes of a file that are read at once.
const PIECE_BYTES: usize = 256 << 10;

/// Answers after which the same call may succeed later.
const PASSING: &[StatusCode] = &[
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

/// What a job is made of.
#[derive(Debug, Clone)]
pub(super) struct NewJob {
    pub(super) workflow: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) options: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    job_id: String,
}

/// What came of a job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobResult {
    pub(super) status: String,
    pub(super) error: Option<JobError>,
    #[serde(default)]
    pub(super) events: Vec<Event>,
    #[serde(default)]
    pub(super) data_list: Vec<Data>,
}

/// Why a job failed.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct JobError {
    pub(super) code: String,
    pub(super) message: String,
}

/// Something that happened to a document.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Event {
    pub(super) code: String,
    pub(super) severity: String,
    pub(super) message: String,
}

/// A result file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data {
    pub(super) result_id: String,
    pub(super) file_name: String,
}

/// A running service.
#[derive(Debug)]
pub(super) struct Service {
    client: Client,
    base: String,
    /// Whether it has ever answered: one that has may be on its way back, one that has not is not there.
    answered: AtomicBool,
    report: Arc<Report>,
}

/// An answer, read to its end.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    wait: Option<Duration>,
    body: Bytes,
}

/// Why one try failed.
#[derive(Debug)]
enum Trouble {
    /// The next one may succeed.
    Passing { error: anyhow::Error, wait: Option<Duration> },
    /// None will.
    Final(Failure),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Final(failure)
    }
}

impl Service {
    /// Makes a client for an address; nothing is sent yet.
    pub(super) fn at(url: &str, report: Arc<Report>) -> Result<Self, Failure> {
        let base = base(url)?;
        // One process-wide choice of cryptography; a second choice of the same is harmless.
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::debug!("the cryptography is chosen already");
        }
        let client = Client::builder()
            .user_agent(concat!("bindery/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            // An upload to a machine that has gone would wait for ever.
            .tcp_keepalive(Duration::from_secs(15))
            .tcp_user_timeout(Duration::from_secs(60));
        let client = client.build().map_err(Failure::service)?;
        Ok(Self { client, base, answered: AtomicBool::new(false), report })
    }

    /// Creates a job and gives its identifier.
    pub(super) async fn create(&self, new: &NewJob, name: Option<&str>) -> Result<String, Failure> {
        let options = to_json(&new.options);
        let query = [("workflow", new.workflow.as_deref()), ("profile", new.profile.as_deref()), ("name", name)];
        let query: Vec<_> = query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let key = Uuid::new_v4().to_string();
        let create = async |_: u32| {
            let request = self.client.post(format!("{}/jobs", self.base)).query(&query).json(&options);
            self.ask(request.header("idempotency-key", &key).timeout(CALL_MAX), PASSING).await
        };
        let created: Created = self.persist(create).await?.accepted()?.read()?;
        Ok(created.job_id)
    }

    /// Uploads a document; `bar` shows how far it is.
    pub(super) async fn add(&self, job: &str, input: &Input, bar: &ProgressBar) -> Result<(), Failure> {
        let key = Uuid::new_v4();
        let begun_at = bar.position();
        let add = async |_: u32| {
            bar.set_position(begun_at);
            let unreadable = Arc::new(OnceLock::new());
            let request = self.upload(job, input, key, bar.clone(), Arc::clone(&unreadable)).await?;
            let answer = self.ask(request, PASSING).await;
            match unreadable.get() {
                Some(error) => Err(Failure::local(anyhow!("cannot read {}: {error}", input.shown)).into()),
                None => answer,
            }
        };
        self.persist(add).await?.accepted().map(|_| ())
    }

    /// A request with a document that is read while it is sent. Two tries are alike to the last byte.
    async fn upload(
        &self,
        job: &str,
        input: &Input,
        key: Uuid,
        bar: ProgressBar,
        unreadable: Arc<OnceLock<String>>,
    ) -> Result<RequestBuilder, Failure> {
        let (file, bytes) =
            input.open().await.with_context(|| format!("cannot read {}", input.shown)).map_err(Failure::local)?;
        let (head, tail) = form(&key.simple().to_string(), input);
        let length = head.len() as u64 + bytes + tail.len() as u64;
        let pieces = ReaderStream::with_capacity(file, PIECE_BYTES)
            .inspect_ok(move |piece| bar.inc(piece.len() as u64))
            .inspect_err(move |error| drop(unreadable.set(error.to_string())));
        let whole = |bytes: String| stream::iter([Ok(Bytes::from(bytes))]);
        let request = self
            .client
            .post(format!("{}/jobs/{job}/data", self.base))
            .header("idempotency-key", key.to_string())
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={}", key.simple()))
            .header(CONTENT_LENGTH, length);
        Ok(request.body(Body::wrap_stream(whole(head).chain(pieces).chain(whole(tail)))))
    }

    /// Starts a job.
    pub(super) async fn start(&self, job: &str) -> Result<(), Failure> {
        let start = async |tries: u32| {
            let request = self.client.post(format!("{}/jobs/{job}:start", self.base)).timeout(CALL_MAX);
            let answer = self.ask(request, PASSING).await?;
            // An earlier try may have started it although its answer was lost.
            if tries > 0 && answer.status == StatusCode::CONFLICT { Ok(None) } else { Ok(Some(answer)) }
        };
        self.persist(start).await?.map_or(Ok(()), |answer| answer.accepted().map(|_| ()))
    }

    /// Waits for the result; a wait that ends without one is simply begun anew.
    pub(super) async fn result(&self, job: &str) -> Result<JobResult, Failure> {
        let passing: Vec<_> = PASSING.iter().copied().filter(|status| *status != StatusCode::GATEWAY_TIMEOUT).collect();
        let wait = format!("wait={}", RESULT_WAIT.as_secs());
        loop {
            let ask = async |_: u32| {
                let request = self.client.get(format!("{}/jobs/{job}/result", self.base)).header("prefer", &wait);
                self.ask(request.timeout(RESULT_WAIT + CALL_MAX), &passing).await
            };
            let answer = self.persist(ask).await?;
            if answer.status != StatusCode::GATEWAY_TIMEOUT {
                return answer.accepted()?.read();
            }
            tokio::time::sleep(answer.wait.unwrap_or_default().max(ASK_AGAIN)).await;
        }
    }

    /// Fetches a result into a file, which holds all of it afterwards.
    pub(super) async fn fetch(&self, job: &str, result: &str, file: &mut File) -> Result<(), Failure> {
        let fetch = async |_: u32| {
            let response = self.client.get(format!("{}/jobs/{job}/result/{result}", self.base)).send().await;
            let response = response.map_err(|error| self.broken(error))?;
            if !response.status().is_success() {
                return Err(self.read(response, PASSING).await?.unexpected());
            }
            let written = async {
                file.set_len(0).await?;
                file.rewind().await
            };
            written.await.map_err(Failure::local)?;
            let mut pieces = response.bytes_stream();
            while let Some(piece) = timeout(IDLE_MAX, pieces.next()).await.map_err(|_| self.silent())? {
                let piece = piece.map_err(|error| self.broken(error))?;
                file.write_all(&piece).await.map_err(Failure::local)?;
            }
            file.flush().await.map_err(Failure::local)?;
            Ok(())
        };
        self.persist(fetch).await
    }

    /// Deletes a job; one that is gone already is fine.
    pub(super) async fn delete(&self, job: &str) -> Result<(), Failure> {
        let delete = async |_: u32| {
            let request = self.client.delete(format!("{}/jobs/{job}", self.base)).timeout(CALL_MAX);
            self.ask(request, PASSING).await
        };
        let answer = self.persist(delete).await?;
        if answer.status == StatusCode::NOT_FOUND { Ok(()) } else { answer.accepted().map(|_| ()) }
    }

    /// Tries until it works, fails for good, or has failed for too long. `once` is told how many tries there were before.
    async fn persist<T>(&self, mut once: impl AsyncFnMut(u32) -> Result<T, Trouble>) -> Result<T, Failure> {
        let mut patience = Patience::new(Instant::now());
        let mut tries = 0;
        loop {
            let (error, wait) = match once(tries).await {
                Ok(done) => return Ok(done),
                Err(Trouble::Final(failure)) => return Err(failure),
                Err(Trouble::Passing { error, wait }) => (error, wait),
            };
            let spread = u32::try_from(Uuid::new_v4().as_u128() % 1024).unwrap_or(0);
            let Some(wait) = patience.next(Instant::now(), wait, spread) else { return Err(Failure::service(error)) };
            self.report.detail(&format!("{error:#}; trying again in {:.1} s", wait.as_secs_f64()));
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }

    /// Sends a request and reads the answer to its end.
    async fn ask(&self, request: RequestBuilder, passing: &[StatusCode]) -> Result<Answer, Trouble> {
        let response = request.send().await.map_err(|error| self.broken(error))?;
        self.read(response, passing).await
    }

    async fn read(&self, response: Response, passing: &[StatusCode]) -> Result<Answer, Trouble> {
        self.answered.store(true, Ordering::Relaxed);
        let answer = Answer::of(response).await.map_err(|error| self.broken(error))?;
        // A conflict that passes: another try of the same call is still under way.
        let is_passing = answer.status == StatusCode::CONFLICT && answer.wait.is_some();
        if is_passing || passing.contains(&answer.status) {
            return Err(Trouble::Passing { wait: answer.wait, error: answer.refusal() });
        }
        Ok(answer)
    }

    fn broken(&self, error: reqwest::Error) -> Trouble {
        if error.is_builder() {
            return Trouble::Final(Failure::service(error));
        }
        let is_absent = error.is_connect() && !self.answered.load(Ordering::Relaxed);
        // The address is in our own words, and need not be there twice.
        let error = anyhow::Error::new(error.without_url());
        if is_absent {
            let error = error.context(format!("no service answers at {}; is `bindery up` running?", self.base));
            return Trouble::Final(Failure::service(error));
        }
        Trouble::Passing { error: error.context(format!("the connection to {} broke", self.base)), wait: None }
    }

    fn silent(&self) -> Trouble {
        let error = anyhow!("nothing came from {} for {} s", self.base, IDLE_MAX.as_secs());
        Trouble::Passing { error, wait: None }
    }
}

impl Answer {
    async fn of(response: Response) -> Result<Self, reqwest::Error> {
        let status = response.status();
        let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Ok(Self { status, wait: wait.map(Duration::from_secs), body: response.bytes().await? })
    }

    fn accepted(self) -> Result<Self, Failure> {
        if self.status.is_success() { Ok(self) } else { Err(Failure::service(self.refusal())) }
    }

    /// Reads an answer as an error.
    fn unexpected(self) -> Trouble {
        Trouble::Final(Failure::service(self.refusal()))
    }

    /// What the service says about a call that it refuses.
    fn refusal(&self) -> anyhow::Error {
        let problem: Option<Value> = serde_json::from_slice(&self.body).ok();
        let detail = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str()).unwrap_or("no reason given");
        anyhow!("the service answered {}: {detail}", self.status)
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let read = serde_json::from_slice(&self.body);
        read.context("the answer is not one of a conversion service; check the address").map_err(Failure::service)
    }
}

/// The base of all paths: an address that has none gets the usual one.
fn base(url: &str) -> Result<String, Failure> {
    let parsed = Url::parse(url).with_context(|| format!("`{url}` is not an address")).map_err(Failure::usage)?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(Failure::usage(anyhow!("`{url}` is not an address that begins with http:// or https://")));
    }
    let path = if parsed.path() == "/" { api::BASE } else { "" };
    Ok(format!("{}{path}", url.trim_end_matches('/')))
}

fn to_json(options: &[(String, String)]) -> Value {
    options.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// What stands before and behind the bytes of a document in a form.
fn form(boundary: &str, input: &Input) -> (String, String) {
    let disposition = "Content-Disposition: form-data; name=";
    let mut head = String::new();
    if !input.options.is_empty() {
        let options = to_json(&input.options);
        head =
            format!("--{boundary}\r\n{disposition}\"options\"\r\nContent-Type: application/json\r\n\r\n{options}\r\n");
    }
    let file_name = api::disposition::file_name_parameters(&input.name);
    head.push_str(&format!("--{boundary}\r\n{disposition}\"data\"; {file_name}\r\n\r\n"));
    (head, format!("\r\n--{boundary}--\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_gets_the_usual_one() {
        let usual = "http://host:13033/conversion/v1.0/rest";
        for given in ["http://host:13033", "http://host:13033/", usual, &format!("{usual}/")] {
            assert_eq!(base(given).unwrap(), usual, "{given}");
        }
        assert_eq!(base("https://host/behind/a/proxy").unwrap(), "https://host/behind/a/proxy");
        for wrong in ["host:13033", "", "ftp://host", "localhost"] {
            assert_eq!(base(wrong).unwrap_err().exit.code(), 2, "{wrong}");
        }
    }
}
