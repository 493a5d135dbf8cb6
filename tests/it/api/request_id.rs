use reqwest::Method;

use crate::support::{Answer, Client, Site, cut_proxy::CutProxy, documents, wait::seconds};

async fn ask(client: &Client, path: &str, id: &[u8]) -> Answer {
    client.send(client.request(Method::GET, path).header("x-request-id", id)).await
}

#[tokio::test]
async fn an_id_that_a_request_brings_along_is_in_the_answer_and_in_the_log() {
    let site = Site::new().await;
    // Reads that go well are logged only for who asks for it.
    let (serve, client) = site.serve_with(&[("BINDERY_LOG", "bindery=debug")]).await;
    for id in ["claim-4711", "4bf92f35-77b3:(4da6)", &"r".repeat(64)] {
        assert_eq!(ask(&client, "/jobs", id.as_bytes()).await.expect(200).header("x-request-id"), id);
        serve.says(id, seconds(5)).await;
    }
}

#[tokio::test]
async fn an_id_that_is_not_fit_for_a_log_is_replaced() {
    let site = Site::new().await;
    // Reads that go well are logged only for who asks for it.
    let (serve, client) = site.serve_with(&[("BINDERY_LOG", "bindery=debug")]).await;
    for id in [&b""[..], b"two words", &[b'q'; 65], "schl\u{fc}ssel".as_bytes()] {
        let answer = ask(&client, "/jobs", id).await.expect(200);
        let made = answer.header("x-request-id");
        assert!(made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
        serve.says(made, seconds(5)).await;
    }
    assert!(!serve.output().contains("two words") && !serve.output().contains("qqqqq"));
}

#[tokio::test]
async fn an_error_of_the_service_names_the_request_and_one_of_the_client_does_not() {
    let site = Site::new().await;
    let mut way = CutProxy::open(&site.db);
    let (_serve, client) = site.serve_with(&[("DATABASE_URL", &way.url)]).await;
    let job = client.begin(&[documents::text("a.txt")]).await;
    let request = client.request(Method::GET, &format!("/jobs/{job}/result")).header("prefer", "wait=0");
    let answer = client.send(request.header("x-request-id", "mine")).await;
    answer.problem(504);
    assert_eq!(answer.json()["requestId"], "mine");
    let unknown = ask(&client, "/jobs/job_1", b"mine").await;
    unknown.job_not_found("job_1");
    assert_eq!(unknown.json().get("requestId"), None);
    way.cut();
    let answer = client.get(&format!("/jobs/{job}")).await;
    answer.problem(503);
    assert_eq!(answer.json()["requestId"], answer.header("x-request-id"));
    assert!(!answer.header("x-request-id").is_empty());
}
