use crate::support::{Client, Site, cut_proxy::CutProxy, documents, until, wait::seconds};

#[tokio::test]
async fn while_the_database_is_away_the_api_says_when_to_try_again_and_recovers_by_itself() {
    let site = Site::new().await;
    let mut way = CutProxy::open(&site.db);
    let (_serve, client) = site.serve_with(&[("DATABASE_URL", &way.url)]).await;
    let job = client.create().await;
    way.cut();
    let answer = client.get(&format!("/jobs/{job}")).await;
    let detail = answer.problem(503);
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    assert!(detail.contains("try again") && !detail.contains("socket"), "nothing internal is told: {detail}");
    let health = Client::new(client.base.strip_suffix("/conversion/v1.0/rest").unwrap());
    health.get("/healthz").await.expect(200);
    health.get("/readyz").await.problem(503);
    way.restore();
    until("the API has recovered", seconds(20), async || {
        (client.get(&format!("/jobs/{job}")).await.status == 200).then_some(())
    })
    .await;
    client.add(&job, &documents::text("a.txt")).await;
}

#[tokio::test]
async fn what_a_worker_finished_while_the_database_was_away_is_settled_when_it_is_back() {
    let site = Site::new().await;
    let mut way = CutProxy::open(&site.db);
    let (_serve, client) = site.serve().await;
    let work = site.start("work", &[("DATABASE_URL", &way.url)]);
    let job = client.begin(&[documents::long_text()]).await;
    site.engine_runs(&work).await;
    way.cut();
    work.says("attempt ended", seconds(30)).await;
    assert_eq!(site.db.count("select count(*) from attempts where ending = 'succeeded'").await, 0);
    way.restore();
    let done = client.finish(&job).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    assert_eq!(site.db.count("select count(*) from attempts").await, 2, "one to convert and one to assemble");
}

#[tokio::test]
async fn a_result_call_that_waits_outlives_an_outage_and_one_that_comes_in_it_is_refused() {
    let site = Site::new().await;
    let mut way = CutProxy::open(&site.db);
    let (_serve, client) = site.serve_with(&[("DATABASE_URL", &way.url)]).await;
    let job = client.begin(&[documents::text("a.txt")]).await;
    let path = format!("/jobs/{job}/result");
    let waiting = tokio::spawn({
        let (client, path) = (client.clone(), path.clone());
        async move { client.get(&path).await }
    });
    // Answered after the look of the call before it.
    let request = client.request(reqwest::Method::GET, &path).header("prefer", "wait=1");
    client.send(request).await.problem(504);
    way.cut();
    client.get(&path).await.problem(503);
    site.db
        .execute(
            "update jobs set state = 'completed', outcome = 'error', error_code = 'canceled', error_message = 'Ended.',
                             completed_at = now()",
        )
        .await;
    way.restore();
    let answer = tokio::time::timeout(seconds(20), waiting).await.expect("it is answered").unwrap();
    assert_eq!(answer.expect(200).json()["error"]["code"], "canceled");
}

#[tokio::test]
async fn an_api_and_a_worker_that_start_without_a_database_wait_for_it() {
    let site = Site::new().await;
    let mut way = CutProxy::open(&site.db);
    way.cut();
    let serve = site.start("serve", &[("DATABASE_URL", &way.url)]);
    let work = site.start("work", &[("DATABASE_URL", &way.url)]);
    serve.says("the database is not there yet", seconds(20)).await;
    work.says("the database is not there yet", seconds(20)).await;
    way.restore();
    let client = serve.client().await;
    assert_eq!(client.convert(&[documents::text("a.txt")]).await.result["status"], "success");
}
