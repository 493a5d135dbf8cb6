//! What a call is answered with, and what stays of its job.

use bindery::domain::ErrorCode;

use super::{at_root, jobs_in, no_job, pdf, whole};
use crate::support::{Site, documents, until, wait::seconds};

const PATH: &str = "/http.input/convert-to-pdf";

#[tokio::test]
async fn a_document_that_cannot_be_converted_is_a_problem_by_the_error_of_its_job_which_can_be_looked_up() {
    let site = Site::new().await;
    let (_serve, _work, client, simple) = whole(&site).await;
    for (document, status, code) in [
        (documents::noise("noise.bin", 3000), 415, "unsupportedFormat"),
        (documents::encrypted_pdf("locked.pdf", "s3cret"), 422, "password"),
        (documents::file("broken.pdf", "%PDF-1.7\nnothing of one"), 422, "corrupt"),
    ] {
        let path = format!("{PATH}?filename={}", document.name);
        let answer = simple.post_body(&path, "application/octet-stream", document.bytes).await;
        let detail = answer.problem(status);
        assert!(detail.contains(&document.name), "{detail}");
        assert_eq!(answer.json()["code"], code);
        assert_eq!(answer.header("x-job-status"), "error");
        let result = client.result(answer.header("x-job-id")).await;
        assert_eq!(result["error"]["message"], detail);
    }
    let body = r#"{"data":[{"fileName":"b.bin","content":"AAECAwQFBgcICQ=="}]}"#;
    let answer = simple.post_body("/http.inputstructured/convert-to-pdf", "application/json", body).await;
    assert!(answer.problem(415).contains("b.bin"), "{}", answer.text());
    assert_eq!(answer.json()["code"], "unsupportedFormat");
}

/// No document makes some of these errors at will, so the jobs are ended by hand.
#[tokio::test]
async fn each_error_of_a_job_is_answered_with_the_status_that_the_reference_gives_it() {
    let statuses = [
        ("internal", 500),
        ("external", 500),
        ("configuration", 500),
        ("generic", 422),
        ("unsupportedFormat", 415),
        ("unsupportedFeature", 422),
        ("option", 422),
        ("canceled", 500),
        ("timeout", 500),
        ("password", 422),
        ("conformance", 422),
        ("corrupt", 422),
    ];
    let codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(statuses.map(|(code, _)| code).to_vec(), codes);
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let calls: Vec<_> = (0..codes.len())
        .map(|_| {
            let simple = at_root(&client);
            tokio::spawn(async move { simple.post_body(PATH, "text/plain", "a").await })
        })
        .collect();
    jobs_in(&site, "pending", codes.len().try_into().unwrap()).await;
    let mut conn = site.db.connect().await;
    for code in &codes {
        let ended = sqlx::query(
            "update jobs set state = 'completed', outcome = 'error', error_code = $1, error_message = 'It is ' || $1 || '.',
                 completed_at = now()
             where id = (select id from jobs where state = 'pending' limit 1)",
        );
        ended.bind(code).execute(&mut conn).await.unwrap();
    }
    let mut answered = Vec::new();
    for call in calls {
        let answer = call.await.unwrap();
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        assert_eq!(answer.problem(answer.status), format!("It is {code}."));
        answered.push((code, answer.status));
    }
    answered.sort_unstable();
    let mut expected = statuses.map(|(code, status)| (code.to_owned(), status));
    expected.sort_unstable();
    assert_eq!(answered, expected);
}

#[tokio::test]
async fn problems_are_in_xml_for_who_prefers_it() {
    let site = Site::new().await;
    let (_serve, _work, _client, simple) = whole(&site).await;
    let request = simple.request(reqwest::Method::POST, PATH).header("accept", "application/xml");
    let answer = simple.send(request.body(documents::encrypted_pdf("", "s3cret").bytes)).await;
    assert_eq!(answer.problem_in_xml(422)["code"], "password");
}

#[tokio::test]
async fn a_job_with_warnings_stays_for_who_wants_to_read_them() {
    let site = Site::new().await;
    let (_serve, _work, client, simple) = whole(&site).await;
    let answer = simple.post_body(&format!("{PATH}?filename=picture.pdf"), "", documents::png("").bytes).await;
    pdf(&answer);
    assert_eq!(answer.header("x-job-status"), "warning");
    let job = answer.header("x-job-id");
    let result = client.result(job).await;
    assert!(result["events"][0]["message"].as_str().unwrap().contains("PNG"), "{result}");
    client.delete(&format!("/jobs/{job}")).await.expect(204);
}

#[tokio::test]
async fn a_connection_may_answer_at_once_or_without_the_files() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let simple = at_root(&client);
    site.db.execute("update connections set response = 'immediately'").await;
    let body = r#"{"data":[{"fileName":"a.txt","content":"SGVsbG8="}]}"#;
    for answer in [
        simple.post_body(PATH, "text/plain", "a").await,
        simple.post_body("/http.inputstructured/convert-to-pdf", "application/json", body).await,
    ] {
        assert_eq!((answer.status, answer.body.len()), (202, 0), "{}", answer.text());
        let info = client.get(&format!("/jobs/{}", answer.header("x-job-id"))).await.expect(200).json();
        assert_eq!(info["status"]["code"], "pending");
    }
    site.db.execute("update connections set response = 'status'").await;
    let _work = site.work();
    let answer = simple.post_body(PATH, "text/plain", "a").await;
    assert_eq!(
        (answer.status, answer.body.len(), answer.header("x-job-status")),
        (200, 0, "success"),
        "{}",
        answer.text()
    );
    assert!(client.finish(answer.header("x-job-id")).await.file.is_some());
    let answer = simple.post_body(PATH, "text/plain", documents::encrypted_pdf("", "s3cret").bytes).await;
    answer.problem(422);
}

#[tokio::test]
async fn a_call_waits_for_as_long_as_its_job_takes() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_RESULT_WAIT", "0s")]).await;
    let simple = at_root(&client);
    let call = tokio::spawn(async move { simple.post_body(PATH, "text/plain", "a").await });
    jobs_in(&site, "pending", 1).await;
    let job = client.get("/jobs").await.json()[0]["jobId"].as_str().unwrap().to_owned();
    client.get(&format!("/jobs/{job}/result")).await.problem(504);
    assert!(!call.is_finished());
    let _work = site.work();
    pdf(&call.await.unwrap());
}

#[tokio::test]
async fn a_job_that_is_canceled_or_deleted_ends_its_call() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    for (deleted, status) in [(false, 500), (true, 404)] {
        let simple = at_root(&client);
        let call = tokio::spawn(async move { simple.post_body(PATH, "text/plain", "a").await });
        jobs_in(&site, "pending", 1).await;
        let jobs = client.get("/jobs?state=pending").await.json();
        let job = jobs[0]["jobId"].as_str().unwrap();
        if deleted {
            client.delete(&format!("/jobs/{job}")).await.expect(202);
        } else {
            client.post(&format!("/jobs/{job}:cancel")).await.expect(202);
        }
        let answer = call.await.unwrap();
        answer.problem(status);
        assert_eq!(answer.json()["code"] == "canceled", !deleted);
    }
}

#[tokio::test]
async fn a_service_that_stops_ends_its_calls_and_deletes_their_jobs() {
    let site = Site::new().await;
    let (mut serve, client) = site.serve().await;
    let simple = at_root(&client);
    let call = tokio::spawn(async move { simple.post_body(PATH, "text/plain", "a").await });
    jobs_in(&site, "pending", 1).await;
    let began = std::time::Instant::now();
    assert!(serve.stop(seconds(10)).await.success());
    assert!(began.elapsed() < seconds(4), "{:?}", began.elapsed());
    let answer = call.await.unwrap();
    answer.problem(503);
    assert_eq!(answer.header("retry-after"), "1");
    no_job(&site).await;
}

#[tokio::test]
async fn calls_that_wait_hold_no_connection_to_the_database() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_CONNECTIONS", "2")]).await;
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let simple = at_root(&client);
            tokio::spawn(async move { simple.post_body(PATH, "text/plain", "a").await })
        })
        .collect();
    jobs_in(&site, "pending", 20).await;
    let began = std::time::Instant::now();
    client.create().await;
    assert!(began.elapsed() < seconds(2), "{:?}", began.elapsed());
    let _work = site.work();
    for call in calls {
        pdf(&call.await.unwrap());
    }
    until("only the other job is left", seconds(10), async || {
        (site.db.count("select count(*) from jobs where deleted_at is null").await == 1).then_some(())
    })
    .await;
}
