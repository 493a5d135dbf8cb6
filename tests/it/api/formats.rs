//! JSON and XML: how the form of an answer is chosen, and that both say the same.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Site,
    client::{Part, multipart},
    documents, xml,
};

const XML: &str = "application/xml";

fn accepting(client: &Client, method: Method, path: &str, accept: &str) -> RequestBuilder {
    client.request(method, path).header("accept", accept)
}

async fn get(client: &Client, path: &str, accept: &str) -> Answer {
    client.send(accepting(client, Method::GET, path, accept)).await
}

/// Checks that an answer is XML under a root, and gives its content.
#[track_caller]
fn check_xml(answer: &Answer, root: &str) -> Value {
    assert_eq!(answer.header("content-type"), XML, "{}", answer.text());
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    assert_eq!(answer.header("vary"), "accept");
    let read = xml::read(&answer.text());
    assert_eq!((read.root.as_str(), read.namespace), (root, None));
    read.content
}

/// Checks that a path answers the same in both forms.
async fn check_image(client: &Client, path: &str, root: &str) {
    let told = get(client, path, "application/json").await.expect(200);
    assert_eq!(told.header("content-type"), "application/json");
    assert_eq!(told.header("vary"), "accept");
    let in_xml = get(client, path, XML).await.expect(200);
    assert_eq!(check_xml(&in_xml, root), told.json(), "{path}");
}

#[tokio::test]
async fn every_answer_in_xml_is_an_image_of_the_json() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    check_image(&client, "/jobs", "jobInfos").await;
    let created = client.send(accepting(&client, Method::POST, "/jobs?name=a%26b", XML)).await.expect(201);
    let info = check_xml(&created, "jobInfo");
    let job = info["jobId"].as_str().unwrap();
    assert_eq!(created.header("location"), format!("/conversion/v1.0/rest/jobs/{job}"));
    assert_eq!(info["status"]["code"], "creating");
    for document in [documents::text("<a&b>.txt"), documents::noise("broken \"&\".docx", 3000)] {
        let (content_type, body) = multipart(&[Part::file(&document.name.replace('"', "%22"), document.bytes)]);
        let add = accepting(&client, Method::POST, &format!("/jobs/{job}/data"), XML);
        let added = client.send(add.header("content-type", content_type).body(body)).await.expect(201);
        let data = check_xml(&added, "data");
        assert!(data["dataId"].as_str().unwrap().starts_with("doc_") && data.as_object().unwrap().len() == 1, "{data}");
    }
    for (path, root) in [
        ("/", "serviceStatus"),
        ("/workflows", "workflows"),
        ("/jobs", "jobInfos"),
        (&format!("/jobs/{job}"), "jobInfo"),
    ] {
        check_image(&client, path, root).await;
    }
    let empty = client.send(accepting(&client, Method::POST, &format!("/jobs/{job}:start"), XML)).await.expect(204);
    assert_eq!((empty.body.len(), empty.header("vary")), (0, ""));
    let _work = site.work_with_office();
    client.result(job).await;
    check_image(&client, &format!("/jobs/{job}/result"), "jobResult").await;
    let failed = check_xml(&get(&client, &format!("/jobs/{job}/result"), XML).await, "jobResult");
    assert_eq!((&failed["status"], &failed["success"]), (&json!("error"), &json!(false)));
    assert_eq!(failed["events"][0]["severity"], "error", "{failed}");
    assert!(failed["error"]["message"].as_str().unwrap().contains("broken"), "{failed}");
    let done = client.convert(&[documents::text("<a&b>.txt")]).await.job;
    check_image(&client, &format!("/jobs/{done}/result"), "jobResult").await;
    let result = check_xml(&get(&client, &format!("/jobs/{done}/result"), XML).await, "jobResult");
    assert_eq!(result["dataList"][0]["fileName"], "<a&b>.pdf");
    assert_eq!(result["dataList"][0]["properties"][0]["name"], "pages", "{result}");
}

#[tokio::test]
async fn every_problem_in_xml_is_an_image_of_the_json() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    for (method, path, status) in [
        (Method::POST, "/jobs?workflow=%3CPrint%3E".to_owned(), 400),
        (Method::POST, "/jobs?name=%".to_owned(), 400),
        (Method::GET, "/jobs/job_1".to_owned(), 404),
        (Method::GET, "/nothing&nowhere".to_owned(), 404),
        (Method::PUT, "/jobs".to_owned(), 405),
        (Method::POST, format!("/jobs/{job}/data"), 415),
        (Method::GET, format!("/jobs/{job}/result"), 409),
        (Method::GET, format!("/jobs/{job}/result/res_1"), 409),
    ] {
        for accept in [
            XML,
            "text/xml",
            "application/problem+xml",
            "application/json;q=0.1, */xml, text/*",
            "*/*;q=0.1, application/problem+xml",
        ] {
            let told = client.send(client.request(method.clone(), &path)).await;
            told.problem(status);
            assert_eq!(told.header("vary"), "accept");
            let answer = client.send(accepting(&client, method.clone(), &path, accept)).await;
            if accept.contains("*/xml") {
                assert_eq!(answer.problem(status), told.problem(status), "what is malformed counts as absent");
                continue;
            }
            assert_eq!(answer.problem_in_xml(status), told.json(), "{method} {path} {accept}");
            assert_eq!((answer.header("vary"), answer.header("allow")), ("accept", told.header("allow")));
        }
    }
}

#[tokio::test]
async fn json_is_the_default_and_the_weights_of_accept_decide() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    for (accept, content_type) in [
        (vec![], "application/json"),
        (vec!["*/*"], "application/json"),
        (vec!["application/*"], "application/json"),
        (vec!["application/xml", "application/json"], "application/json"),
        (vec!["nonsense"], "application/json"),
        (vec!["application/json;q=0.3", "application/xml;q=0.4"], XML),
        (vec!["application/xml; charset=utf-8"], XML),
        (vec!["text/xml"], "text/xml"),
        (vec!["application/problem+xml"], XML),
        (vec!["text/html, application/xml;q=0.9, */*;q=0.8"], XML),
    ] {
        let mut request = client.request(Method::GET, "/workflows");
        for line in &accept {
            request = request.header("accept", *line);
        }
        let answer = client.send(request).await.expect(200);
        assert_eq!(answer.header("content-type"), content_type, "{accept:?}");
        assert_eq!(answer.body.starts_with(b"<?xml"), content_type != "application/json", "{accept:?}");
    }
}

#[tokio::test]
async fn who_accepts_neither_form_is_told_so_before_anything_is_done() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let html = "text/html, application/json;q=0";
    let detail = client.send(accepting(&client, Method::POST, "/jobs", html)).await.problem(406);
    assert!(detail.contains("application/json") && detail.contains("application/xml"), "{detail}");
    let (content_type, body) = multipart(&[Part::file("a.txt", "a")]);
    let add = accepting(&client, Method::POST, &format!("/jobs/{job}/data"), html).header("content-type", content_type);
    client.send(add.body(body)).await.problem(406);
    assert_eq!(site.db.count("select count(*) from jobs").await, 1);
    assert_eq!(site.db.count("select count(*) from documents").await, 0);
    assert!(site.blob_files().is_empty());
    for path in ["", "/workflows", "/jobs", &format!("/jobs/{job}")] {
        let answer = get(&client, path, html).await;
        answer.problem(406);
        assert_eq!(answer.header("vary"), "accept");
    }
    // What went wrong is told in any case, and where there is nothing to be told nothing has to be accepted.
    get(&client, "/jobs/job_1", html).await.job_not_found("job_1");
    get(&client, &format!("/jobs/{job}/result"), html).await.problem(409);
    get(&client, "/nothing", html).await.problem(404);
    client.send(accepting(&client, Method::PUT, "/jobs", html)).await.problem(405);
    client.send(accepting(&client, Method::POST, &format!("/jobs/{job}:start"), html)).await.expect(204);
    client.send(accepting(&client, Method::POST, &format!("/jobs/{job}:cancel"), html)).await.expect(202);
    get(&client, &format!("/jobs/{job}/result"), html).await.problem(406);
    client.send(accepting(&client, Method::DELETE, &format!("/jobs/{job}"), html)).await.expect(204);
}

#[tokio::test]
async fn a_file_is_given_whatever_is_accepted() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let done = client.convert(&[documents::text("a.txt")]).await;
    let path = format!("/jobs/{}/result/{}", done.job, done.result["dataList"][0]["resultId"].as_str().unwrap());
    for accept in ["*/*", "application/json", XML, "text/html", "application/pdf"] {
        let file = get(&client, &path, accept).await.expect(200);
        assert_eq!((file.header("content-type"), file.header("vary")), ("application/pdf", ""));
    }
    get(&client, &format!("/jobs/{}/result/res_1", done.job), XML).await.problem_in_xml(404);
}

#[tokio::test]
async fn a_head_request_tells_what_get_would_send_in_either_form() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.begin(&[]).await;
    for accept in ["application/json", XML] {
        for path in ["", "/workflows", "/jobs", &format!("/jobs/{job}"), &format!("/jobs/{job}/result"), "/nothing"] {
            let whole = get(&client, path, accept).await;
            let head = client.send(accepting(&client, Method::HEAD, path, accept)).await.expect(whole.status);
            assert!(head.body.is_empty());
            for name in ["content-type", "content-length", "vary"] {
                assert_eq!(head.header(name), whole.header(name), "{name} of {path} as {accept}");
            }
        }
    }
    let outside = Client::new(client.base.strip_suffix("/conversion/v1.0/rest").unwrap());
    for path in ["/healthz", "/readyz"] {
        outside.send(outside.request(Method::HEAD, path)).await.expect(200);
    }
}
