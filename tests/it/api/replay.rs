//! The call sequences of known clients, as the reference describes them, by a stock HTTP client.
//!
//! A sequence is a function of the form in which the client writes and reads bodies ([`Wire`]).

use reqwest::{
    Method, RequestBuilder,
    header::{ACCEPT, CONTENT_TYPE},
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Document, Site, documents, pdf, until, wait::seconds};

/// How a client writes lists of options and reads answers.
#[derive(Debug, Clone, Copy)]
enum Wire {
    Json,
}

impl Wire {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
        }
    }

    /// A list of options.
    fn options(self, options: &[(&str, &str)]) -> String {
        match self {
            Self::Json => {
                let list = options.iter().map(|(name, value)| json!({ "name": name, "value": value }));
                list.collect::<Value>().to_string()
            }
        }
    }

    /// An answer in the form that all checks are written for.
    #[track_caller]
    fn read(self, answer: &Answer) -> Value {
        let declared = answer.header("content-type");
        assert!(declared.starts_with(self.media_type()), "{declared}");
        match self {
            Self::Json => answer.json(),
        }
    }
}

/// A client of one form.
struct Caller {
    client: Client,
    wire: Wire,
}

impl Caller {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, path).header(ACCEPT, self.wire.media_type())
    }

    /// Reads an answer that has a body.
    async fn ask(&self, request: RequestBuilder, status: u16) -> Value {
        self.wire.read(&self.client.send(request).await.expect(status))
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(self.request(Method::GET, path), 200).await
    }

    /// A call that is answered without a body.
    async fn tell(&self, method: Method, path: &str, statuses: &[u16]) {
        let answer = self.client.send(self.request(method, path)).await;
        assert!(statuses.contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
        assert!(answer.body.is_empty(), "{path}: {}", answer.text());
    }

    /// Creates a job and gives its identifier.
    async fn create(&self, path: &str, body: String) -> String {
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, self.wire.media_type()).body(body);
        let created = self.ask(request, 201).await;
        assert_eq!(created["status"]["code"], "creating");
        assert!(created["status"]["message"].is_string());
        created["jobId"].as_str().unwrap().to_owned()
    }

    /// Adds a document and gives its identifier.
    async fn add(&self, path: &str, document: Document, options: Option<&str>) -> String {
        let mut form = Form::new().part("data", Part::bytes(document.bytes).file_name(document.name));
        if let Some(options) = options {
            form = form.text("options", options.to_owned());
        }
        let added = self.ask(self.request(Method::POST, path).multipart(form), 201).await;
        added["dataId"].as_str().unwrap().to_owned()
    }

    /// Fetches a file, for which every type is welcome.
    async fn fetch(&self, path: &str) -> lopdf::Document {
        let request = self.client.request(Method::GET, path).header(ACCEPT, "*/*");
        lopdf::Document::load_mem(&self.client.send(request).await.expect(200).body).unwrap()
    }
}

/// What the browser extension does: it polls, and takes the first file.
async fn polling_client(wire: Wire) {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let caller = Caller { client, wire };
    until("the service has a worker", seconds(20), async || {
        (caller.get("/").await["status"] == "running").then_some(())
    })
    .await;
    let workflows = caller.get("/workflows").await;
    let workflow = workflows.as_array().unwrap().iter().find(|workflow| workflow["isDefault"] == true).unwrap();
    assert_eq!(workflow["name"], "Archive PDF/A-2");
    assert!(workflow["profiles"].as_array().unwrap().iter().any(|profile| profile["name"] == "default"));
    let job = caller.create("/jobs?workflow=Archive+PDF%2FA-2&profile=default", wire.options(&[])).await;
    for document in [documents::text("a.txt"), documents::png("b.png"), documents::pdf("c.pdf", &[300, 301])] {
        caller.add(&format!("/jobs/{job}/data"), document, None).await;
    }
    caller.tell(Method::POST, &format!("/jobs/{job}:start"), &[204]).await;
    until("the job is completed", seconds(60), async || {
        let info = caller.get(&format!("/jobs/{job}")).await;
        assert_eq!(info["jobId"], job.as_str());
        let code = info["status"]["code"].as_str().unwrap();
        assert!(["pending", "processing", "completed"].contains(&code), "{code}");
        (code == "completed").then_some(())
    })
    .await;
    let result = caller.get(&format!("/jobs/{job}/result")).await;
    check_success(&result, "a.pdf", "4", true);
    let id = result["dataList"][0]["resultId"].as_str().unwrap();
    let document = caller.fetch(&format!("/jobs/{job}/result/{id}")).await;
    assert_eq!(pdf::page_count(&document), 4);
    assert!(pdf::claims_pdfa2b(&document));
    deleted(&caller, &site, &job).await;
}

/// What the request collection does: it sends empty bodies where it has nothing to say, slashes at the end, and waits for the result.
async fn blocking_client(wire: Wire) {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let caller = Caller { client, wire };
    let job = caller.create("/jobs/?workflow=Conversion&profile=default&name=claim-4711", String::new()).await;
    // The options of a document are JSON whatever the client reads.
    caller.add(&format!("/jobs/{job}/data/"), documents::pdf("a.pdf", &[300]), Some("[]")).await;
    caller.tell(Method::POST, &format!("/jobs/{job}:start"), &[204]).await;
    let result = caller.get(&format!("/jobs/{job}/result")).await;
    check_success(&result, "claim-4711.pdf", "1", false);
    let id = result["dataList"][0]["resultId"].as_str().unwrap();
    for _ in 0..2 {
        assert_eq!(pdf::page_count(&caller.fetch(&format!("/jobs/{job}/result/{id}")).await), 1);
    }
    deleted(&caller, &site, &job).await;
}

/// What both see of a job that fails.
async fn client_of_a_failing_job(wire: Wire) {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let caller = Caller { client, wire };
    let job = caller.create("/jobs", wire.options(&[("DOC.PASSWORD", "guess")])).await;
    let bad = caller.add(&format!("/jobs/{job}/data"), documents::noise("broken.docx", 3000), None).await;
    caller.add(&format!("/jobs/{job}/data"), documents::text("good.txt"), None).await;
    caller.tell(Method::POST, &format!("/jobs/{job}:start"), &[204]).await;
    let result = caller.get(&format!("/jobs/{job}/result")).await;
    assert_eq!((&result["status"], &result["success"]), (&json!("error"), &json!(false)));
    assert_eq!(result["error"]["code"], "corrupt", "{result}");
    assert!(result["error"]["message"].as_str().unwrap().contains("broken.docx"), "{result}");
    assert_eq!(result.get("dataList"), None);
    let event = &result["events"][0];
    assert_eq!((&event["severity"], &event["dataId"]), (&json!("error"), &json!(bad)));
    assert!(event["code"].is_string() && event["message"].is_string());
    deleted(&caller, &site, &job).await;
}

/// Checks a result field by field.
fn check_success(result: &Value, name: &str, pages: &str, conformance: bool) {
    assert_eq!(result["status"], "success", "{result}");
    assert_eq!(result["success"], true);
    assert_eq!(result.get("error"), None);
    assert!(result["events"].as_array().unwrap().iter().all(|event| event["severity"] == "info"), "{result}");
    let [file] = result["dataList"].as_array().unwrap().as_slice() else { panic!("one file: {result}") };
    assert_eq!(file["fileName"], name);
    assert!(file["resultId"].as_str().unwrap().starts_with("res_"));
    let mut properties = vec![json!({ "name": "pages", "value": pages })];
    properties.extend(conformance.then(|| json!({ "name": "conformance", "value": "PDF/A-2b" })));
    assert_eq!(file["properties"], json!(properties));
}

/// Deletes a job as both do it; afterwards nothing of it is left.
async fn deleted(caller: &Caller, site: &Site, job: &str) {
    caller.tell(Method::DELETE, &format!("/jobs/{job}"), &[202, 204]).await;
    caller.client.get(&format!("/jobs/{job}")).await.job_not_found(job);
    until("the purge has removed blobs and rows", seconds(20), async || {
        let rows = site
            .db
            .count(
                "select (select count(*) from jobs) + (select count(*) from documents) + (select count(*) from tasks)",
            )
            .await;
        (rows == 0 && site.blob_files().is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_browser_extension_polls_and_takes_the_first_file() {
    polling_client(Wire::Json).await;
}

#[tokio::test]
async fn the_request_collection_waits_for_the_result() {
    blocking_client(Wire::Json).await;
}

#[tokio::test]
async fn a_failed_job_has_an_error_events_and_no_files() {
    client_of_a_failing_job(Wire::Json).await;
}
