use std::time::Instant;

use crate::support::{Document, Site, documents, service::hosts, until, wait::seconds};

/// The document of the job of a number; small ones of several kinds.
fn document(number: usize) -> Document {
    match number % 3 {
        0 => documents::text("a.txt"),
        1 => documents::png("b.png"),
        _ => documents::pdf("c.pdf", &[300]),
    }
}

/// Every task of every completed job succeeded exactly once, whatever happened to other attempts of it.
async fn check_each_task_once(site: &Site, jobs: i64) {
    assert_eq!(site.db.count("select count(*) from jobs where state = 'completed' and outcome <> 'error'").await, jobs);
    assert_eq!(site.db.count("select count(*) from results").await, jobs);
    assert_eq!(site.db.count("select count(*) from attempts where ending = 'succeeded'").await, 2 * jobs);
    assert_eq!(
        site.db.count("select count(distinct task_id) from attempts where ending = 'succeeded'").await,
        2 * jobs
    );
    assert_eq!(site.db.count("select count(*) from tasks").await, 0);
    assert_eq!(site.db.count("select count(*) from jobs where documents_open <> 0").await, 0);
}

#[tokio::test]
async fn two_apis_and_three_workers_share_thirty_jobs_and_no_task_runs_twice() {
    let site = Site::new().await;
    let (_one, first) = site.serve().await;
    let (_two, second) = site.serve().await;
    let _workers = [site.work(), site.work(), site.work()];
    let mut jobs = Vec::new();
    for number in 0..30 {
        let job = first.create().await;
        first.add(&job, &document(number)).await;
        jobs.push(job);
    }
    for job in &jobs {
        second.start(job).await;
    }
    for job in &jobs {
        let done = second.finish(job).await;
        assert_eq!(done.pdf().get_pages().len(), 1, "{}", done.result);
        assert_eq!(first.result(job).await, done.result);
    }
    check_each_task_once(&site, 30).await;
    assert_eq!(site.db.count("select count(*) from attempts where attempt > 1 or ending <> 'succeeded'").await, 0);
    assert!(site.db.count("select count(distinct worker_id) from attempts").await > 1, "the work is shared");
}

#[tokio::test]
async fn when_one_of_three_workers_is_killed_every_job_completes_once() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let victim = site.work();
    let mut jobs = vec![client.begin(&[documents::long_text()]).await];
    site.engine_runs(&victim).await;
    let _others = [site.work(), site.work()];
    for number in 0..12 {
        jobs.push(client.begin(&[document(number)]).await);
    }
    victim.kill();
    for job in &jobs {
        let done = client.finish(job).await;
        assert!(done.result["error"].is_null(), "{}", done.result);
    }
    check_each_task_once(&site, 13).await;
    assert!(site.db.count("select count(*) from attempts where ending = 'lost'").await >= 1);
    let slowest = "select extract(epoch from max(completed_at - started_at))::bigint from jobs";
    assert!(site.db.count(slowest).await < 40, "they run elsewhere within 20 s, and then take their time");
}

#[tokio::test]
async fn an_api_that_is_killed_during_uploads_loses_nothing_that_it_accepted() {
    let site = Site::new().await;
    let (first, client) = site.serve().await;
    let (_second, other) = site.serve().await;
    let job = client.create().await;
    let uploads = tokio::spawn({
        let (client, job) = (client.clone(), job.clone());
        async move {
            let mut accepted = 0_i64;
            loop {
                let (content_type, body) =
                    crate::support::client::multipart(&[crate::support::client::Part::file("a.txt", "a")]);
                let request = client.request(reqwest::Method::POST, &format!("/jobs/{job}/data"));
                let request = request.header("content-type", content_type).body(body);
                match crate::support::Client::try_send(request).await {
                    Ok(answer) => {
                        answer.expect(201);
                        accepted += 1;
                    }
                    Err(_) => return accepted,
                }
            }
        }
    });
    until("uploads are under way", seconds(20), async || {
        (site.db.count("select count(*) from documents").await >= 10).then_some(())
    })
    .await;
    first.kill();
    let accepted = uploads.await.unwrap();
    let stored = site.db.count("select count(*) from documents").await;
    assert!(
        stored == accepted || stored == accepted + 1,
        "{accepted} accepted, {stored} stored; one may have lost its answer"
    );
    assert_eq!(site.db.count("select documents_open::bigint from jobs").await, stored);
    assert_eq!(site.db.count("select count(*) from tasks where kind = 'convert'").await, stored);
    assert_eq!(other.get(&format!("/jobs/{job}")).await.expect(200).json()["status"]["code"], "creating");
    other.delete(&format!("/jobs/{job}")).await.expect(204);
}

#[tokio::test]
async fn a_document_over_which_three_workers_die_ends_as_corrupt_and_no_other_job_waits_for_it() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let poison = client.begin(&[documents::long_text()]).await;
    for _ in 0..3 {
        let work = site.work();
        until("its engine runs", seconds(30), async || {
            // As if the wait after a crash were over.
            site.db.execute("update tasks set run_at = now() where state = 'later'").await;
            (!hosts(&work).is_empty()).then_some(())
        })
        .await;
        work.kill();
        // As if fifteen seconds had gone by.
        site.db.execute("update workers set alive_until = now() - interval '1 s'").await;
    }
    let _living = site.work();
    let began = Instant::now();
    assert_eq!(client.convert(&[documents::text("a.txt")]).await.result["status"], "success");
    assert!(began.elapsed() < seconds(10), "another job is not kept waiting: {:?}", began.elapsed());
    site.db.execute("update tasks set run_at = now() where state = 'later'").await;
    let (code, message) = client.finish(&poison).await.error();
    assert_eq!(code, "corrupt");
    assert!(message.contains("long.txt") && message.contains("3 workers died"), "{message}");
    assert_eq!(site.db.count("select count(*) from attempts where ending = 'lost' and fault = 'lost-lease'").await, 3);
}
