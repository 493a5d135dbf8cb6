use crate::support::{Site, documents, until, wait::seconds};

const ROWS: &str =
    "select (select count(*) from jobs) + (select count(*) from documents) + (select count(*) from job_options)
                         + (select count(*) from events) + (select count(*) from results) + (select count(*) from tasks)
                         + (select count(*) from attempts)";

async fn nothing_is_left(site: &Site) {
    until("no row and no blob is left", seconds(30), async || {
        (site.db.count(ROWS).await == 0 && site.blob_files().is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_deleted_job_leaves_no_blob_and_no_row() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let done =
        client.convert_with("", &[("META.TITLE", "x")], &[documents::text("a.txt"), documents::png("b.png")]).await;
    assert!(site.blob_files().len() >= 5, "two originals, two conversions, one result");
    client.delete(&format!("/jobs/{}", done.job)).await.expect(204);
    nothing_is_left(&site).await;
}

#[tokio::test]
async fn jobs_past_their_time_are_purged_whether_completed_or_never_started() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let done = client.convert(&[documents::text("a.txt")]).await;
    let idle = client.create().await;
    client.add(&idle, &documents::text("b.txt")).await;
    let kept = client.create().await;
    sqlx::query(
        "update jobs set expires_at = now() - interval '1 s' where created_at < (select max(created_at) from jobs)",
    )
    .execute(&mut site.db.connect().await)
    .await
    .unwrap();
    until("the expired jobs are gone", seconds(30), async || {
        (client.get(&format!("/jobs/{}", done.job)).await.status == 404
            && client.get(&format!("/jobs/{idle}")).await.status == 404)
            .then_some(())
    })
    .await;
    client.delete(&format!("/jobs/{kept}")).await.expect(204);
    nothing_is_left(&site).await;
}

#[tokio::test]
async fn adding_keeps_an_idle_job_and_completing_gives_it_the_time_of_retention() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_RETENTION", "3h")]).await;
    let _work = site.start("work", &[("BINDERY_RETENTION", "3h")]);
    let job = client.create().await;
    site.db.execute("update jobs set expires_at = now() + interval '2 minutes'").await;
    client.add(&job, &documents::text("a.txt")).await;
    assert_eq!(site.db.count("select count(*) from jobs where expires_at > now() + interval '50 minutes'").await, 1);
    client.start(&job).await;
    client.result(&job).await;
    let kept = "select count(*) from jobs where expires_at between completed_at + interval '179 min' and completed_at + interval '181 min'";
    assert_eq!(site.db.count(kept).await, 1);
}
