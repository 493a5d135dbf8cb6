//! Where the Simple API is.

use reqwest::Method;

use super::{at_root, pdf, refused};
use crate::support::{Client, Site, documents, wait::seconds};

#[tokio::test]
async fn it_has_an_address_of_its_own_where_nothing_else_is() {
    let site = Site::new().await;
    let (serve, client) = site.serve().await;
    let _work = site.work();
    let alone = Client::new(&serve.simple_url().unwrap());
    assert_ne!(alone.base, at_root(&client).base);
    for simple in [&alone, &at_root(&client)] {
        for path in ["/http.input/convert-to-pdf", "/http.input/convert-to-pdf//?filename=a.pdf"] {
            pdf(&simple.post_body(path, "", documents::pdf("", &[300]).bytes).await);
        }
        for path in ["/healthz", "/readyz/"] {
            simple.get(path).await.expect(200);
        }
        let answer = simple.get("/http.input/convert-to-pdf").await;
        answer.problem(405);
        assert_eq!(answer.header("allow"), "POST,OPTIONS");
        simple.post("/http.input").await.problem(404);
        simple.post("/http.input/a/b").await.problem(404);
        let bad = simple
            .send(simple.request(Method::POST, "/http.input/convert-to-pdf").header("x-request-id", "mine"))
            .await;
        refused(&bad);
        assert_eq!(bad.header("x-request-id"), "mine");
    }
    for path in ["/conversion/v1.0/rest/jobs", "/conversion/v1.0/rest/"] {
        assert_eq!(at_root(&client).get(path).await.status, 200);
        alone.get(path).await.problem(404);
    }
}

#[tokio::test]
async fn pages_may_call_it_by_the_same_rules() {
    let site = Site::new().await;
    let (serve, _client) = site.serve_with(&[("BINDERY_CORS_ORIGINS", "https://app.example.com")]).await;
    let alone = Client::new(&serve.simple_url().unwrap());
    let from = |origin: &str| {
        let request = alone.request(Method::POST, "/http.input/convert-to-pdf").header("origin", origin);
        alone.send(request)
    };
    let answer = from("https://app.example.com").await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example.com");
    let exposed = answer.header("access-control-expose-headers");
    assert!(exposed.contains("x-job-id") && exposed.contains("x-job-status"), "{exposed}");
    assert_eq!(from("https://other.example.com").await.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn an_empty_address_leaves_it_at_the_other_one_alone() {
    let site = Site::new().await;
    let (serve, client) = site.serve_with(&[("BINDERY_SIMPLE_LISTEN", "")]).await;
    assert_eq!(serve.simple_url(), None);
    refused(&at_root(&client).post("/http.input/convert-to-pdf").await);
}

#[tokio::test]
async fn an_address_that_is_taken_is_said_with_the_flag_for_another() {
    let site = Site::new().await;
    let (first, _client) = site.serve().await;
    let taken = first.simple_url().unwrap();
    let taken = taken.strip_prefix("http://").unwrap();
    let mut second = site.start("serve", &[("BINDERY_SIMPLE_LISTEN", taken)]);
    assert!(!second.ended(seconds(20)).await.success());
    assert!(second.output().contains("--simple-listen"), "{}", second.output());
}
