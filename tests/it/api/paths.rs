use reqwest::Method;

use crate::support::{
    Client, Site,
    client::{Part, multipart},
    raw,
};

const UNKNOWN: &str = "job_0000000000000000000000000";

async fn send(client: &Client, method: &Method, path: &str) -> u16 {
    client.send(client.request(method.clone(), path)).await.status
}

#[tokio::test]
async fn every_route_answers_with_and_without_a_slash_at_its_end_and_never_redirects() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    assert_eq!((client.get("").await.status, client.get("/").await.status), (200, 200));
    for path in ["/workflows", "/jobs"] {
        assert_eq!((client.get(path).await.status, client.get(&format!("{path}/")).await.status), (200, 200), "{path}");
    }
    for create in ["/jobs", "/jobs/", "/jobs?name=a", "/jobs/?name=a"] {
        client.post(create).await.expect(201);
    }
    for slash in ["", "/"] {
        let job = client.create().await;
        client.get(&format!("/jobs/{job}{slash}")).await.expect(200);
        let (content_type, body) = multipart(&[Part::file("a.txt", "a")]);
        client.post_body(&format!("/jobs/{job}/data{slash}"), &content_type, body).await.expect(201);
        client.get(&format!("/jobs/{job}/result{slash}")).await.problem(409);
        client.get(&format!("/jobs/{job}/result/res_1{slash}")).await.problem(409);
        client.post(&format!("/jobs/{job}:start{slash}")).await.expect(204);
        client.post(&format!("/jobs/{job}:cancel{slash}")).await.expect(202);
        client.delete(&format!("/jobs/{job}{slash}")).await.expect(204);
    }
}

#[tokio::test]
async fn verbs_stand_behind_a_colon_and_nowhere_else() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let answer = client.post(&format!("/jobs/{job}:start")).await.expect(204);
    assert!(answer.body.is_empty());
    client.get(&format!("/jobs/{job}:start")).await.problem(405);
    client.post(&format!("/jobs/{job}:stop")).await.problem(404);
    client.post(&format!("/jobs/{job}/~start")).await.problem(404);
    client.post(&format!("/jobs/{job}/start")).await.problem(404);
    client.post(&format!("/jobs/{job}:")).await.problem(405);
}

#[tokio::test]
async fn the_colon_of_a_verb_may_be_encoded() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    client.post(&format!("/jobs/{job}%3Astart")).await.expect(204);
    let job = client.create().await;
    client.post(&format!("/jobs/{job}%3acancel")).await.expect(202);
}

#[tokio::test]
async fn a_target_may_be_a_whole_address_and_others_hurt_nothing() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let base = &client.base;
    let first_line = raw::exchange(&client, &format!("GET {base}/jobs/{job}/ HTTP/1.1")).await;
    assert!(first_line.contains(" 200 "), "{first_line}");
    let first_line = raw::exchange(&client, &format!("POST {base}/jobs/{job}:start HTTP/1.1")).await;
    assert!(first_line.contains(" 204 "), "{first_line}");
    let first_line = raw::exchange(&client, "OPTIONS * HTTP/1.1").await;
    assert!(first_line.contains(" 204 "), "{first_line}");
    for odd in ["CONNECT host:80", "GET http://host", "POST /:start", "GET /%"] {
        let first_line = raw::exchange(&client, &format!("{odd} HTTP/1.1")).await;
        assert!(first_line.starts_with("HTTP/1.1 4"), "{odd}: {first_line}");
    }
    client.get("/jobs").await.expect(200);
}

#[tokio::test]
async fn every_call_on_a_job_that_is_not_there_says_so_in_the_words_of_the_contract() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let (content_type, body) = multipart(&[Part::file("a.txt", "a")]);
    for id in [UNKNOWN, "job_1", "job3_ekdh4fjuwiv", "JOB_1", "x", "1234", "job_", "job_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]
    {
        client.post_body(&format!("/jobs/{id}/data"), &content_type, body.clone()).await.job_not_found(id);
        client.post(&format!("/jobs/{id}:start")).await.job_not_found(id);
        client.post(&format!("/jobs/{id}:cancel")).await.job_not_found(id);
        client.get(&format!("/jobs/{id}")).await.job_not_found(id);
        client.get(&format!("/jobs/{id}/result")).await.job_not_found(id);
        client.get(&format!("/jobs/{id}/result/res_1")).await.job_not_found(id);
        client.delete(&format!("/jobs/{id}")).await.job_not_found(id);
    }
}

#[tokio::test]
async fn a_path_that_no_route_has_and_a_method_that_a_route_lacks_are_problems() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    client.get("/nothing").await.problem(404);
    client.get("/jobs/a/b/c/d").await.problem(404);
    let outside = Client::new(client.base.strip_suffix("/conversion/v1.0/rest").unwrap());
    outside.get("/").await.problem(404);
    outside.get("/conversion").await.problem(404);
    for (method, path) in [
        (Method::PUT, "/jobs".to_owned()),
        (Method::DELETE, "/workflows".to_owned()),
        (Method::POST, "/workflows".to_owned()),
        (Method::PATCH, format!("/jobs/{job}")),
        (Method::GET, format!("/jobs/{job}/data")),
        (Method::POST, format!("/jobs/{job}/result")),
    ] {
        let answer = client.send(client.request(method.clone(), &path)).await;
        answer.problem(405);
        assert!(!answer.header("allow").is_empty(), "{method} {path} names the methods that there are");
    }
}

#[tokio::test]
async fn odd_paths_are_answered_and_hurt_nothing() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    for path in
        ["/jobs/%00", "/jobs/%ff", "/jobs/..%2f..", "/jobs/a%20b", "//jobs", "/jobs//", "/jobs/:start", "/%7Estart"]
    {
        let status = send(&client, &Method::GET, path).await;
        assert!(matches!(status, 200 | 400 | 404 | 405), "{path}: {status}");
    }
    client.get("/jobs").await.expect(200);
}

#[tokio::test]
async fn health_is_told_outside_the_base_path() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let outside = Client::new(client.base.strip_suffix("/conversion/v1.0/rest").unwrap());
    outside.get("/healthz").await.expect(200);
    outside.get("/readyz").await.expect(200);
}
