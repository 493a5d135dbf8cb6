//! What each call answers in each state of a job, as the design's table has it.

use crate::support::{
    Client, Site,
    client::{Part, multipart},
    documents, until,
    wait::seconds,
};

async fn add(client: &Client, job: &str) -> crate::support::Answer {
    let (content_type, body) = multipart(&[Part::file("a.txt", "a")]);
    client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await
}

#[tokio::test]
async fn while_creating_a_job_takes_documents_and_has_no_result() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let added = add(&client, &job).await.expect(201).json();
    assert!(added["dataId"].as_str().unwrap().starts_with("doc_"));
    assert_eq!(added.as_object().unwrap().len(), 1);
    client.post(&format!("/jobs/{job}:cancel")).await.expect(202);
    add(&client, &job).await.expect(201);
    assert_eq!(client.get(&format!("/jobs/{job}")).await.expect(200).json()["status"]["code"], "creating");
    client.get(&format!("/jobs/{job}/result")).await.problem(409);
    client.get(&format!("/jobs/{job}/result/res_1")).await.problem(409);
    client.delete(&format!("/jobs/{job}")).await.expect(204);
}

#[tokio::test]
async fn a_started_job_takes_no_documents_and_can_be_deleted() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    for state in ["pending", "processing"] {
        let job = client.begin(&[documents::text("a.txt")]).await;
        if state == "processing" {
            site.db.execute("update jobs set state = 'processing' where state = 'pending'").await;
        }
        let info = client.get(&format!("/jobs/{job}")).await.expect(200).json();
        assert_eq!(info["status"]["code"], state);
        let detail = add(&client, &job).await.problem(409);
        assert!(detail.contains(state), "{detail}");
        client.post(&format!("/jobs/{job}:start")).await.problem(409);
        client.get(&format!("/jobs/{job}/result/res_1")).await.problem(409);
        let waited = client
            .send(client.request(reqwest::Method::GET, &format!("/jobs/{job}/result")).header("prefer", "wait=0"))
            .await;
        waited.problem(504);
        client.delete(&format!("/jobs/{job}")).await.expect(202);
        client.get(&format!("/jobs/{job}")).await.job_not_found(&job);
    }
}

#[tokio::test]
async fn a_canceled_job_is_completed_with_the_error_canceled() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.begin(&[documents::text("a.txt")]).await;
    let answer = client.post(&format!("/jobs/{job}:cancel")).await.expect(202);
    assert!(answer.body.is_empty());
    let result = client.result(&job).await;
    assert_eq!(result["status"], "error");
    assert_eq!(result["success"], false);
    assert_eq!(result["error"]["code"], "canceled");
    assert_eq!(result.get("dataList"), None);
    assert_eq!(site.db.count("select count(*) from tasks").await, 0);
    // Canceling again changes nothing.
    client.post(&format!("/jobs/{job}:cancel")).await.expect(202);
    assert_eq!(client.result(&job).await, result);
}

#[tokio::test]
async fn a_completed_job_keeps_its_result_whatever_is_called_until_it_is_deleted() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let done = client.convert(&[documents::text("a.txt")]).await;
    let (job, file) = (&done.job, done.result["dataList"][0]["resultId"].as_str().unwrap());
    add(&client, job).await.problem(409);
    client.post(&format!("/jobs/{job}:start")).await.problem(409);
    client.post(&format!("/jobs/{job}:cancel")).await.expect(202);
    assert_eq!(client.get(&format!("/jobs/{job}")).await.expect(200).json()["status"]["code"], "completed");
    assert_eq!(client.result(job).await, done.result);
    assert_eq!(client.get(&format!("/jobs/{job}/result/{file}")).await.expect(200).body, done.file.unwrap().body);
    let unknown = client.get(&format!("/jobs/{job}/result/res_1")).await;
    assert!(unknown.problem(404).contains("res_1"));
    client.get(&format!("/jobs/{job}/result/nonsense")).await.problem(404);
    client.delete(&format!("/jobs/{job}")).await.expect(204);
}

#[tokio::test]
async fn a_deleted_job_is_gone_from_every_view_at_once() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.begin(&[documents::text("a.txt")]).await;
    client.delete(&format!("/jobs/{job}")).await.expect(202);
    add(&client, &job).await.job_not_found(&job);
    client.post(&format!("/jobs/{job}:start")).await.job_not_found(&job);
    client.post(&format!("/jobs/{job}:cancel")).await.job_not_found(&job);
    client.get(&format!("/jobs/{job}")).await.job_not_found(&job);
    client.get(&format!("/jobs/{job}/result")).await.job_not_found(&job);
    client.get(&format!("/jobs/{job}/result/res_1")).await.job_not_found(&job);
    client.delete(&format!("/jobs/{job}")).await.job_not_found(&job);
    assert_eq!(client.get("/jobs").await.json(), serde_json::json!([]));
}

#[tokio::test]
async fn a_waiter_of_a_job_that_is_deleted_is_not_left_waiting() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.begin(&[documents::text("a.txt")]).await;
    let waiter = tokio::spawn({
        let (client, path) = (client.clone(), format!("/jobs/{job}/result"));
        async move { client.get(&path).await }
    });
    // The wait has begun when the API has looked at the job once; asking for the job counts the calls before it.
    until("the job can be read", seconds(5), async || {
        (client.get(&format!("/jobs/{job}")).await.status == 200).then_some(())
    })
    .await;
    client.delete(&format!("/jobs/{job}")).await.expect(202);
    let answer = tokio::time::timeout(seconds(10), waiter).await.expect("the waiter is answered").unwrap();
    answer.job_not_found(&job);
}
