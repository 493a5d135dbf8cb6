//! The call sequences of known clients, as the reference describes them, by a stock HTTP client.
//!
//! A sequence is a function of the form in which the client writes and reads bodies ([`Wire`]).

use reqwest::{
    Method, RequestBuilder,
    header::{ACCEPT, CONTENT_TYPE},
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Document, Site, documents, pdf, until, wait::seconds, xml};

/// How a client writes lists of options and reads answers.
#[derive(Debug, Clone, Copy)]
enum Wire {
    Json,
    Xml,
}

impl Wire {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Xml => "application/xml",
        }
    }

    /// A list of options.
    fn options(self, options: &[(&str, &str)]) -> String {
        match self {
            Self::Json => {
                let list = options.iter().map(|(name, value)| json!({ "name": name, "value": value }));
                list.collect::<Value>().to_string()
            }
            Self::Xml => xml::options(options),
        }
    }

    /// An answer, as the JSON that all checks are written for.
    #[track_caller]
    fn read(self, answer: &Answer, root: &str) -> Value {
        assert_eq!(answer.header("content-type"), self.media_type());
        match self {
            Self::Json => answer.json(),
            Self::Xml => {
                let read = xml::read(&answer.text());
                assert_eq!((read.root.as_str(), read.namespace), (root, None));
                read.content
            }
        }
    }

    /// Checks that an answer is the problem of a job that is not there.
    #[track_caller]
    fn job_not_found(self, answer: &Answer, id: &str) {
        match self {
            Self::Json => answer.job_not_found(id),
            Self::Xml => {
                let problem = answer.problem_in_xml(404);
                assert_eq!(problem["type"], "http://www.pdf-tools.com/service/rest/errors/jobNotFound");
                assert_eq!(problem["title"], "Job not found.");
                assert_eq!(problem["detail"], format!("The job with ID '{id}' could not be found"));
            }
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

    /// Reads an answer that has a body, with the name that it has in XML.
    async fn ask(&self, request: RequestBuilder, status: u16, root: &str) -> Value {
        self.wire.read(&self.client.send(request).await.expect(status), root)
    }

    async fn get(&self, path: &str, root: &str) -> Value {
        self.ask(self.request(Method::GET, path), 200, root).await
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
        let created = self.ask(request, 201, "jobInfo").await;
        assert_eq!(created["status"]["code"], "creating");
        assert!(created["status"]["message"].is_string());
        created["jobId"].as_str().unwrap().to_owned()
    }

    /// Adds a document and gives its identifier.
    async fn add(&self, path: &str, document: Document, options: Option<&[(&str, &str)]>) -> String {
        let mut form = Form::new().part("data", Part::bytes(document.bytes).file_name(document.name));
        if let Some(options) = options {
            let options = Part::text(self.wire.options(options));
            form = match self.wire {
                // A plain form field.
                Wire::Json => form.part("options", options),
                Wire::Xml => form.part("options", options.mime_str(self.wire.media_type()).unwrap()),
            };
        }
        let added = self.ask(self.request(Method::POST, path).multipart(form), 201, "data").await;
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
        (caller.get("/", "serviceStatus").await["status"] == "running").then_some(())
    })
    .await;
    let workflows = caller.get("/workflows", "workflows").await;
    let workflow = workflows.as_array().unwrap().iter().find(|workflow| workflow["isDefault"] == true).unwrap();
    assert_eq!(workflow["name"], "Archive PDF/A-2");
    assert!(workflow["profiles"].as_array().unwrap().iter().any(|profile| profile["name"] == "default"));
    let job = caller.create("/jobs?workflow=Archive+PDF%2FA-2&profile=default", wire.options(&[])).await;
    for document in [documents::text("a.txt"), documents::png("b.png"), documents::pdf("c.pdf", &[300, 301])] {
        caller.add(&format!("/jobs/{job}/data"), document, None).await;
    }
    caller.tell(Method::POST, &format!("/jobs/{job}:start"), &[204]).await;
    until("the job is completed", seconds(60), async || {
        let info = caller.get(&format!("/jobs/{job}"), "jobInfo").await;
        assert_eq!(info["jobId"], job.as_str());
        let code = info["status"]["code"].as_str().unwrap();
        assert!(["pending", "processing", "completed"].contains(&code), "{code}");
        (code == "completed").then_some(())
    })
    .await;
    let result = caller.get(&format!("/jobs/{job}/result"), "jobResult").await;
    check_success(&result, "a.pdf", "4", true);
    let id = result["dataList"][0]["resultId"].as_str().unwrap();
    let document = caller.fetch(&format!("/jobs/{job}/result/{id}")).await;
    assert_eq!(pdf::page_count(&document), 4);
    assert!(pdf::claims_pdfa2(&document));
    deleted(&caller, &site, &job).await;
}

/// What the request collection does: it sends empty bodies where it has nothing to say, slashes at the end, and waits for the result.
async fn blocking_client(wire: Wire) {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let caller = Caller { client, wire };
    let job = caller.create("/jobs/?workflow=Conversion&profile=default&name=claim-4711", String::new()).await;
    caller.add(&format!("/jobs/{job}/data/"), documents::pdf("a.pdf", &[300]), Some(&[])).await;
    caller.tell(Method::POST, &format!("/jobs/{job}:start"), &[204]).await;
    let result = caller.get(&format!("/jobs/{job}/result"), "jobResult").await;
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
    let _work = site.work_with_office();
    let caller = Caller { client, wire };
    let job = caller.create("/jobs", wire.options(&[("DOC.PASSWORD", "guess")])).await;
    let bad = caller.add(&format!("/jobs/{job}/data"), documents::noise("broken.docx", 3000), None).await;
    caller.add(&format!("/jobs/{job}/data"), documents::text("good.txt"), None).await;
    caller.tell(Method::POST, &format!("/jobs/{job}:start"), &[204]).await;
    let result = caller.get(&format!("/jobs/{job}/result"), "jobResult").await;
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
    properties.extend(conformance.then(|| json!({ "name": "conformance", "value": "PDF/A-2u" })));
    assert_eq!(file["properties"], json!(properties));
}

/// Deletes a job as both do it; afterwards nothing of it is left.
async fn deleted(caller: &Caller, site: &Site, job: &str) {
    caller.tell(Method::DELETE, &format!("/jobs/{job}"), &[202, 204]).await;
    let gone = caller.client.send(caller.request(Method::GET, &format!("/jobs/{job}"))).await;
    caller.wire.job_not_found(&gone, job);
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
async fn a_client_that_polls_in_xml_takes_the_first_file() {
    polling_client(Wire::Xml).await;
}

#[tokio::test]
async fn the_request_collection_waits_for_the_result() {
    blocking_client(Wire::Json).await;
}

#[tokio::test]
async fn a_client_in_xml_waits_for_the_result() {
    blocking_client(Wire::Xml).await;
}

#[tokio::test]
async fn a_failed_job_has_an_error_events_and_no_files() {
    client_of_a_failing_job(Wire::Json).await;
}

#[tokio::test]
async fn a_failed_job_has_an_error_events_and_no_files_in_xml_either() {
    client_of_a_failing_job(Wire::Xml).await;
}
