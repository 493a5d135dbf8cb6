use reqwest::Method;
use serde_json::json;

use crate::support::Site;

#[tokio::test]
async fn a_created_job_is_answered_as_the_contract_says() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let answer = client
        .post_body("/jobs/?workflow=Archive%20PDF%2FA-2&profile=default&name=claim", "application/json", "[]")
        .await;
    let answer = answer.expect(201);
    assert!(answer.header("content-type").starts_with("application/json"));
    let info = answer.json();
    let id = info["jobId"].as_str().unwrap();
    assert!(
        id.starts_with("job_") && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
        "{id}"
    );
    assert_eq!(info["status"]["code"], "creating");
    assert!(info["status"]["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert_eq!(answer.header("location"), format!("/conversion/v1.0/rest/jobs/{id}"));
    assert!(!answer.header("x-request-id").is_empty());
    let told = client.get(&format!("/jobs/{id}")).await.expect(200).json();
    assert_eq!(told, info);
}

#[tokio::test]
async fn a_body_may_be_missing_empty_or_a_list_and_options_stay_as_sent() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    client.post("/jobs").await.expect(201);
    client.post_body("/jobs", "application/json", "").await.expect(201);
    client.post_body("/jobs", "application/json; charset=utf-8", " [ ] ").await.expect(201);
    client.post_body("/jobs", "application/xml", "").await.expect(201);
    let options = json!([
        { "name": "DOC.PASSWORD", "value": "first" },
        { "name": "DOC.PASSWORD", "value": "second" },
        { "name": "META.TITLE", "value": 4711 },
    ]);
    client.post_body("/jobs", "application/json", options.to_string()).await.expect(201);
    let kept = "select count(*) from job_options where (ordinal, name, value) in
                ((1, 'DOC.PASSWORD', 'first'), (2, 'DOC.PASSWORD', 'second'), (3, 'META.TITLE', '4711'))";
    let from_zero = "select count(*) from job_options where (ordinal, name, value) in
                ((0, 'DOC.PASSWORD', 'first'), (1, 'DOC.PASSWORD', 'second'), (2, 'META.TITLE', '4711'))";
    assert_eq!(site.db.count(kept).await.max(site.db.count(from_zero).await), 3);
}

#[tokio::test]
async fn options_that_are_no_list_are_a_bad_request() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let too_many: Vec<_> = (0..1001).map(|_| json!({ "name": "a", "value": "b" })).collect();
    let bodies = [
        "{".to_owned(),
        "{}".to_owned(),
        "[1]".to_owned(),
        r#"[{"name":"a"}]"#.to_owned(),
        r#"[{"name":"a","value":null}]"#.to_owned(),
        r#"[{"name":"","value":"x"}]"#.to_owned(),
        r#"[{"name":"a","value":"\u0000"}]"#.to_owned(),
        serde_json::Value::from(too_many).to_string(),
    ];
    for body in bodies {
        client.post_body("/jobs", "application/json", body.clone()).await.problem(400);
    }
    assert_eq!(site.db.count("select count(*) from jobs").await, 0);
}

#[tokio::test]
async fn another_content_type_is_unsupported() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    for declared in ["text/plain", "application/xhtml+xml", "application/x-www-form-urlencoded"] {
        client.post_body("/jobs", declared, "[]").await.problem(415);
    }
}

#[tokio::test]
async fn a_list_of_options_that_is_too_long_is_refused() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    client.post_body("/jobs", "application/json", vec![b' '; (1 << 20) + 1]).await.problem(413);
}

#[tokio::test]
async fn a_workflow_is_found_however_its_name_is_encoded_and_by_its_other_names() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    for name in [
        "Archive%20PDF%2FA-2",
        "Archive+PDF/A-2",
        "Archive%20PDF/A-2",
        "Archive+PDF%2FA-2",
        "archive%20pdf%2fa-2",
        "Archive+as+PDF/A-2",
        "Conversion",
        "Convert%20to%20PDF",
        "",
    ] {
        client.post(&format!("/jobs?workflow={name}")).await.expect(201);
    }
    assert_eq!(site.db.count("select count(*) from jobs where workflow = 'Archive PDF/A-2'").await, 7);
    assert_eq!(site.db.count("select count(*) from jobs where workflow = 'Conversion'").await, 2);
}

#[tokio::test]
async fn an_unknown_workflow_or_profile_is_answered_with_the_known_ones() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let detail = client.post("/jobs?workflow=Print").await.problem(400);
    assert!(
        detail.contains("Print") && detail.contains("Archive PDF/A-2") && detail.contains("Conversion"),
        "{detail}"
    );
    let detail = client.post("/jobs?workflow=Conversion&profile=best").await.problem(400);
    assert!(detail.contains("best") && detail.contains("default") && detail.contains("Conversion"), "{detail}");
    client.post("/jobs?name=%00").await.problem(400);
}

#[tokio::test]
async fn a_bad_option_is_not_a_bad_request() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let body = json!([{ "name": "NO.SUCH.OPTION", "value": "x" }]).to_string();
    let request = client.request(Method::POST, "/jobs").header("content-type", "application/json").body(body);
    client.send(request).await.expect(201);
}
