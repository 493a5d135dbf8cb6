//! An HTTP client that gives answers as they are.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{
    Method, RequestBuilder,
    header::{CONTENT_TYPE, HeaderMap},
};
use serde_json::Value;

use super::Document;

/// A client of one API process.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    /// Address with the base path, without a slash at its end.
    pub(crate) base: String,
}

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
    /// The body as JSON; panics when it is none.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text()))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Checks the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Checks that this is a whole problem (RFC 7807) of a status, and gives its detail.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["status"], Value::from(status), "an integer equal to the status of the answer");
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {problem}");
        }
        problem["detail"].as_str().unwrap().to_owned()
    }

    /// Checks that this is a whole problem in XML, and gives its members.
    #[track_caller]
    pub(crate) fn problem_in_xml(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+xml", "{}", self.text());
        let super::xml::Document { root, namespace, content: problem } = super::xml::read(&self.text());
        assert_eq!((root.as_str(), namespace.as_deref()), ("problem", Some("urn:ietf:rfc:7807")));
        assert_eq!(problem["status"], status);
        let text = self.text();
        let places = ["<type>", "<title>", "<detail>", "<status>"].map(|tag| text.find(tag).expect(tag));
        assert!(places.is_sorted(), "{text}");
        problem
    }

    /// Checks that this is the problem of a job that is not there.
    #[track_caller]
    pub(crate) fn job_not_found(&self, id: &str) {
        assert_eq!(self.problem(404), format!("The job with ID '{id}' could not be found"));
        let problem = self.json();
        assert_eq!(problem["type"], "http://www.pdf-tools.com/service/rest/errors/jobNotFound");
        assert_eq!(problem["title"], "Job not found.");
    }
}

/// A finished job.
pub(crate) struct Finished {
    /// Its identifier.
    pub(crate) job: String,
    /// jobResult.
    pub(crate) result: Value,
    /// Its first file, if there is one.
    pub(crate) file: Option<Answer>,
}

impl Finished {
    /// Its PDF; panics when the job failed.
    #[track_caller]
    pub(crate) fn pdf(&self) -> lopdf::Document {
        let file = self.file.as_ref().unwrap_or_else(|| panic!("no file: {}", self.result));
        lopdf::Document::load_mem(&file.body).unwrap()
    }

    /// Its error code and message; panics when it has none.
    #[track_caller]
    pub(crate) fn error(&self) -> (String, String) {
        let error = &self.result["error"];
        let text = |name: &str| error[name].as_str().unwrap_or_else(|| panic!("no error: {}", self.result)).to_owned();
        (text("code"), text("message"))
    }
}

impl Client {
    /// Makes a client for an address.
    pub(crate) fn new(base: &str) -> Self {
        // The client wants cryptography to be chosen even for plain HTTP; a second choice of the same is harmless.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().timeout(Duration::from_secs(150)).no_proxy().build().unwrap();
        Self { http, base: base.trim_end_matches('/').to_owned() }
    }

    /// Begins a request to a path under the base path.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Self::try_send(request).await.unwrap()
    }

    /// Sends a request to a service that may be away.
    pub(crate) async fn try_send(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await? })
    }

    /// `GET`.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST` without a body.
    pub(crate) async fn post(&self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    /// `POST` with a body.
    pub(crate) async fn post_body(&self, path: &str, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
        self.send(self.request(Method::POST, path).header(CONTENT_TYPE, content_type).body(body)).await
    }

    /// `DELETE`.
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Creates a job with options and gives its identifier.
    pub(crate) async fn create_with(&self, query: &str, options: &[(&str, &str)]) -> String {
        let list: Vec<_> =
            options.iter().map(|(name, value)| serde_json::json!({ "name": name, "value": value })).collect();
        let answer = self.post_body(&format!("/jobs{query}"), "application/json", Value::from(list).to_string()).await;
        answer.expect(201).json()["jobId"].as_str().unwrap().to_owned()
    }

    /// Creates a job and gives its identifier.
    pub(crate) async fn create(&self) -> String {
        self.create_with("", &[]).await
    }

    /// Adds a document with options and gives its identifier.
    pub(crate) async fn add_with(&self, job: &str, document: &Document, options: &[(&str, &str)]) -> String {
        let list: Vec<_> =
            options.iter().map(|(name, value)| serde_json::json!({ "name": name, "value": value })).collect();
        let data = Part::file(&document.name, document.bytes.clone());
        let (content_type, body) = multipart(&[data, Part::options(&Value::from(list).to_string())]);
        let answer = self.post_body(&format!("/jobs/{job}/data"), &content_type, body).await;
        answer.expect(201).json()["dataId"].as_str().unwrap().to_owned()
    }

    /// Adds a document and gives its identifier.
    pub(crate) async fn add(&self, job: &str, document: &Document) -> String {
        let (content_type, body) = multipart(&[Part::file(&document.name, document.bytes.clone())]);
        let answer = self.post_body(&format!("/jobs/{job}/data"), &content_type, body).await;
        answer.expect(201).json()["dataId"].as_str().unwrap().to_owned()
    }

    /// Starts a job.
    pub(crate) async fn start(&self, job: &str) {
        self.post(&format!("/jobs/{job}:start")).await.expect(204);
    }

    /// Waits for the result of a started job.
    pub(crate) async fn result(&self, job: &str) -> Value {
        self.get(&format!("/jobs/{job}/result")).await.expect(200).json()
    }

    /// Creates a job, adds documents, and starts it.
    pub(crate) async fn begin(&self, documents: &[Document]) -> String {
        let job = self.create().await;
        for document in documents {
            self.add(&job, document).await;
        }
        self.start(&job).await;
        job
    }

    /// Waits for a started job and fetches its first file.
    pub(crate) async fn finish(&self, job: &str) -> Finished {
        let result = self.result(job).await;
        let file = match result["dataList"][0]["resultId"].as_str() {
            Some(id) => Some(self.get(&format!("/jobs/{job}/result/{id}")).await.expect(200)),
            None => None,
        };
        Finished { job: job.to_owned(), result, file }
    }

    /// Converts documents with job options.
    pub(crate) async fn convert_with(&self, query: &str, options: &[(&str, &str)], documents: &[Document]) -> Finished {
        let job = self.create_with(query, options).await;
        for document in documents {
            self.add(&job, document).await;
        }
        self.start(&job).await;
        self.finish(&job).await
    }

    /// Converts documents.
    pub(crate) async fn convert(&self, documents: &[Document]) -> Finished {
        self.convert_with("", &[], documents).await
    }
}

/// One part of a multipart body, its headers written by hand.
pub(crate) struct Part {
    headers: String,
    bytes: Vec<u8>,
}

impl Part {
    /// A part with headers as given, separated by line ends.
    pub(crate) fn raw(headers: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { headers: headers.replace('\n', "\r\n"), bytes: bytes.into() }
    }

    /// The document.
    pub(crate) fn file(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self::raw(&format!("Content-Disposition: form-data; name=\"data\"; filename=\"{name}\""), bytes)
    }

    /// The options, as a plain form field.
    pub(crate) fn options(json: &str) -> Self {
        Self::raw("Content-Disposition: form-data; name=\"options\"", json)
    }

    /// The options in XML.
    pub(crate) fn options_in_xml(xml: impl Into<Vec<u8>>) -> Self {
        Self::raw("Content-Disposition: form-data; name=\"options\"\nContent-Type: application/xml", xml)
    }
}

/// A multipart body with its content type.
pub(crate) fn multipart(parts: &[Part]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "bindery-test-5a1f0c";
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(format!("--{BOUNDARY}\r\n{}\r\n\r\n", part.headers).as_bytes());
        body.extend_from_slice(&part.bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
