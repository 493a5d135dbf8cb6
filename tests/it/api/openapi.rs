//! The document of the API is what the API is: it is guarded by a snapshot, its operations are the routes that there are, and what
//! real processes answer is in it. `bindery openapi > tests/it/api/openapi.json` brings the snapshot up to date.

use std::{collections::BTreeSet, fs, path::Path};

use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Answer, Client, Site,
    client::{Part, multipart},
    documents,
    service::program,
};

const BASE: &str = "/conversion/v1.0/rest";
const UNKNOWN: &str = "job_0";

fn printed() -> String {
    let output = program().arg("openapi").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn document() -> Value {
    serde_json::from_str(&printed()).unwrap()
}

/// A client for what stands outside of the base path.
fn outside(client: &Client) -> Client {
    Client::new(client.base.strip_suffix(BASE).unwrap())
}

/// Every operation: its path, its method, what is told of it, and whether it stands outside of the base path.
fn operations(document: &Value) -> Vec<(String, String, Value, bool)> {
    let items = document["paths"].as_object().unwrap().iter();
    let each = items.flat_map(|(path, item)| {
        let is_outside = item["servers"][0]["url"] == "/";
        let methods = item.as_object().unwrap().iter().filter(|(name, _)| *name != "servers");
        methods.map(move |(method, told)| (path.clone(), method.to_ascii_uppercase(), told.clone(), is_outside))
    });
    each.collect()
}

#[test]
fn the_document_is_the_one_that_was_agreed_on() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/api/openapi.json");
    let printed = printed();
    let agreed = fs::read_to_string(&path).unwrap_or_default();
    let differing = printed.lines().zip(agreed.lines()).find(|(now, then)| now != then);
    assert!(
        printed == agreed,
        "the document has changed, first at {differing:?}; if that is meant, run `bindery openapi > tests/it/api/openapi.json`"
    );
}

#[tokio::test]
async fn the_service_gives_the_document_that_the_program_prints() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let outside = outside(&client);
    for path in ["/openapi.json", "/openapi.json/"] {
        let answer = outside
            .send(outside.request(Method::GET, path).header("origin", "https://a.example.com"))
            .await
            .expect(200);
        assert!(answer.text() == printed(), "they differ");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    let tag = outside.get("/openapi.json").await.header("etag").to_owned();
    let again =
        outside.send(outside.request(Method::GET, "/openapi.json").header("if-none-match", &tag)).await.expect(304);
    assert!(again.body.is_empty() && again.header("etag") == tag);
    outside.send(outside.request(Method::GET, "/openapi.json").header("if-none-match", "\"other\"")).await.expect(200);
}

#[tokio::test]
async fn a_page_tells_all_of_it_to_people_and_loads_nothing() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let outside = outside(&client);
    let answer = outside.get("/docs").await.expect(200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy").to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let page = answer.text();
    for (path, _, told, _) in operations(&document()) {
        let id = told["operationId"].as_str().unwrap();
        assert!(page.contains(&format!("id=\"{id}\"")) && page.contains(&path), "{id}");
    }
    let tag = answer.header("etag").to_owned();
    outside.send(outside.request(Method::GET, "/docs").header("if-none-match", &tag)).await.expect(304);
}

#[tokio::test]
async fn the_methods_of_each_path_are_those_of_the_document() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let outside = outside(&client);
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        let client = if item["servers"][0]["url"] == "/" { &outside } else { &client };
        let filled = path.replace("{jobId}", UNKNOWN).replace("{resultId}", "res_0").replace("{storeMethod}", "put");
        let answer = client.send(client.request(Method::OPTIONS, &filled)).await.expect(204);
        let allowed: BTreeSet<_> =
            answer.header("allow").split(',').map(|method| method.trim().to_ascii_lowercase()).collect();
        let mut told: BTreeSet<_> =
            item.as_object().unwrap().keys().filter(|name| *name != "servers").cloned().collect();
        told.insert("options".to_owned());
        if told.contains("get") {
            told.insert("head".to_owned());
        }
        assert_eq!(allowed, told, "{path}");
    }
}

/// Checks that an answer is one that the document tells of: its status, its type, its headers, and the kind of its problem.
fn check(document: &Value, id: &str, answer: &Answer) {
    let all = operations(document);
    let (.., told, _) = all.iter().find(|(_, _, told, _)| told["operationId"] == id).unwrap();
    let mut response = &told["responses"][answer.status.to_string()];
    if let Some(reference) = response["$ref"].as_str() {
        response = document.pointer(reference.trim_start_matches('#')).unwrap();
    }
    assert!(response.is_object(), "{id} answers {} {}", answer.status, answer.text());
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let header = header["$ref"]
            .as_str()
            .map_or(header, |reference| document.pointer(reference.trim_start_matches('#')).unwrap());
        assert!(header["required"] != true || answer.headers.contains_key(name), "{id} {}: no {name}", answer.status);
    }
    let media_type = answer.header("content-type").split(';').next().unwrap().to_owned();
    if answer.body.is_empty() {
        return;
    }
    let content = &response["content"][&media_type];
    assert!(content.is_object(), "{id} {}: {media_type}", answer.status);
    if media_type == "application/problem+json" {
        let kinds = content["schema"]["properties"]["type"]["enum"].as_array().unwrap();
        assert!(kinds.contains(&answer.json()["type"]), "{id}: {}", answer.text());
    }
}

#[tokio::test]
async fn what_a_job_is_answered_from_create_to_delete_is_in_the_document() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let document = document();
    let told = |id: &str, answer: &Answer| check(&document, id, answer);
    let created = client.post_body("/jobs", "application/json", "[]").await;
    told("createJob", &created);
    let job = created.json()["jobId"].as_str().unwrap().to_owned();
    told("createJob", &client.post("/jobs?workflow=Print").await);
    told("createJob", &client.post("/jobs?profile=fast").await);
    told("createJob", &client.post_body("/jobs", "text/plain", "x").await);
    told("createJob", &client.post_body("/jobs", "application/json", "x".repeat(2 << 20)).await);
    let get = |path: String| client.request(Method::GET, &path);
    for media_type in ["application/xml", "text/xml", "text/html"] {
        told("listJobs", &client.send(get("/jobs?limit=1".to_owned()).header("accept", media_type)).await);
        told("getJobInfo", &client.send(get(format!("/jobs/{job}")).header("accept", media_type)).await);
    }
    told("listJobs", &client.get("/jobs?limit=0").await);
    told("getJobResult", &client.get(&format!("/jobs/{job}/result")).await);
    told("getJobResultData", &client.get(&format!("/jobs/{job}/result/res_0")).await);
    let (content_type, body) = multipart(&[Part::file("a.txt", "Hello")]);
    let data = format!("/jobs/{job}/data");
    told("addData", &client.post_body(&data, &content_type, body.clone()).await);
    told("addData", &client.post_body(&data, "multipart/form-data; boundary=x", "--x--\r\n").await);
    told("addData", &client.post_body(&format!("{data}?url=http://127.0.0.1/"), "application/json", "").await);
    told("addData", &client.post_body(&data, "text/plain", "").await);
    told("startJob", &client.post(&format!("/jobs/{job}:start")).await);
    told("startJob", &client.post(&format!("/jobs/{job}:start")).await);
    told("addData", &client.post_body(&data, &content_type, body).await);
    let waited = client.send(get(format!("/jobs/{job}/result")).header("prefer", "wait=0")).await.expect(504);
    told("getJobResult", &waited);
    let _work = site.work();
    let result = client.get(&format!("/jobs/{job}/result")).await;
    told("getJobResult", &result);
    let id = result.json()["dataList"][0]["resultId"].as_str().unwrap().to_owned();
    let file = format!("/jobs/{job}/result/{id}");
    told("getJobResultData", &client.get(&file).await.expect(200));
    told("getJobResultData", &client.send(get(file.clone()).header("range", "bytes=0-9")).await.expect(206));
    told("getJobResultData", &client.send(get(file.clone()).header("range", "bytes=99999999-")).await.expect(416));
    told("getJobResultData", &client.send(get(file.clone()).header("if-none-match", "*")).await.expect(304));
    told("getJobResultData", &client.get(&format!("/jobs/{job}/result/res_0")).await.expect(404));
    told("storeJobResultData", &client.post(&format!("{file}:put?url=http://127.0.0.1/")).await.expect(400));
    told("storeJobResultData", &client.post(&format!("{file}:get?url=http://127.0.0.1/")).await.expect(400));
    told("getJobEvents", &client.get(&format!("/jobs/{job}/events")).await.expect(200));
    told("cancelJob", &client.post(&format!("/jobs/{job}:cancel")).await.expect(202));
    told("deleteJob", &client.delete(&format!("/jobs/{job}")).await.expect(204));
    told("deleteJob", &client.delete(&format!("/jobs/{job}")).await.expect(404));
}

#[tokio::test]
async fn what_the_simple_api_answers_is_in_the_document() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let (document, outside) = (document(), outside(&client));
    let _work = site.work();
    let told = |id: &str, status: u16, answer: Answer| check(&document, id, &answer.expect(status));
    let files = "/http.input/convert-to-pdf";
    let (content_type, form) = multipart(&[Part::file("a.txt", "Hello")]);
    told("httpInput", 200, outside.post_body(files, &content_type, form).await);
    told("httpInput", 200, outside.post_body(&format!("{files}?filename=a.txt"), "text/plain", "Hello").await);
    told("httpInput", 400, outside.post(files).await);
    told("httpInput", 404, outside.post_body("/http.input/none", "text/plain", "Hello").await);
    told("httpInput", 415, outside.post_body(files, "application/octet-stream", vec![0_u8, 1, 2]).await);
    site.db.execute("update connections set workflow = 'None' where id = 'repair-pdf'").await;
    told("httpInput", 500, outside.post_body("/http.input/repair-pdf", "text/plain", "Hello").await);
    let list = "/http.inputstructured/convert-to-pdf";
    let json = "application/json";
    let item = r#"{"data":[{"fileName":"a.txt","content":"SGVsbG8="}]}"#;
    told("httpInputStructured", 200, outside.post_body(list, json, item).await);
    let wrong = r#"{"data":[{"fileName":"a.txt","content":"SGVsbG8="}],"options":[{"name":"NONE","value":1}]}"#;
    told("httpInputStructured", 422, outside.post_body(list, json, wrong).await);
    told("httpInputStructured", 400, outside.post_body(list, json, "{}").await);
    told("httpInputStructured", 415, outside.post_body(list, "text/plain", item).await);
    site.db.execute("update connections set response = 'immediately' where id = 'convert-to-pdf'").await;
    told("httpInputStructured", 202, outside.post_body(list, json, item).await);
    told("httpInput", 202, outside.post_body(files, "text/plain", "Hello").await);
}

#[tokio::test]
async fn a_job_that_is_deleted_while_it_is_worked_on_and_the_service_as_a_whole_are_in_the_document() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_MAX_OPEN_JOBS", "1")]).await;
    let document = document();
    let job = client.begin(&[documents::text("a.txt")]).await;
    check(&document, "createJob", &client.post("/jobs").await.expect(503));
    check(&document, "deleteJob", &client.delete(&format!("/jobs/{job}")).await);
    check(&document, "listWorkflows", &client.get("/workflows").await.expect(200));
    check(&document, "getServiceStatus", &client.get("/").await.expect(200));
    let outside = outside(&client);
    for (id, path) in
        [("healthz", "/healthz"), ("readyz", "/readyz"), ("getDocs", "/docs"), ("getOpenapi", "/openapi.json")]
    {
        check(&document, id, &outside.get(path).await.expect(200));
    }
}
