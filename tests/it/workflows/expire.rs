use crate::support::{Site, documents, until, wait::seconds};

const ROWS: &str =
    "select (select count(*) from jobs) + (select count(*) from documents) + (select count(*) from job_options)
                         + (select count(*) from events) + (select count(*) from results) + (select count(*) from tasks)
                         + (select count(*) from attempts)";

async fn nothing_is_left(site: &Site) {
    until("no row and no blob is left", seconds(30), async || {
        (site.db.count(ROWS).await == 0 && left(site).is_empty()).then_some(())
    })
    .await;
}

/// What is in the store of jobs: files, halves of uploads, folders.
fn left(site: &Site) -> Vec<std::path::PathBuf> {
    let jobs = std::fs::read_dir(site.blobs().join("jobs")).into_iter().flatten().flatten();
    jobs.map(|entry| entry.path()).chain(site.blob_files()).collect()
}

/// Puts the half of an upload where an API that was killed leaves it.
fn leave_a_half(site: &Site, job: &str) {
    let folder = site.blobs().join("jobs").join(job).join("doc_1");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("original#1"), "half of an upl").unwrap();
}

#[tokio::test]
async fn a_purge_takes_halves_of_uploads_along() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let done = client.convert(&[documents::text("a.txt")]).await;
    leave_a_half(&site, &done.job);
    client.delete(&format!("/jobs/{}", done.job)).await.expect(204);
    nothing_is_left(&site).await;
}

#[tokio::test]
async fn what_no_job_names_is_swept_and_what_a_job_names_stays() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let kept = client.create().await;
    client.add(&kept, &documents::text("a.txt")).await;
    // Work of a job that was purged meanwhile, by a worker that was frozen until then.
    leave_a_half(&site, &bindery::domain::JobId::new().to_string());
    let late = site.blobs().join("jobs").join(bindery::domain::JobId::new().to_string()).join("results");
    std::fs::create_dir_all(&late).unwrap();
    std::fs::write(late.join("7.pdf"), "late").unwrap();
    std::fs::write(site.blobs().join("jobs").join("not-ours"), "not ours").unwrap();
    let _work = site.work();
    until("what no job names is gone", seconds(20), async || {
        (std::fs::read_dir(site.blobs().join("jobs")).unwrap().count() == 2).then_some(())
    })
    .await;
    client.start(&kept).await;
    client.finish(&kept).await;
}

#[tokio::test]
async fn a_store_that_belongs_to_another_database_is_not_swept() {
    let site = Site::new().await;
    let other = site.blobs().join("jobs").join(bindery::domain::JobId::new().to_string()).join("results");
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join("7.pdf"), "the result of another service").unwrap();
    std::fs::write(site.blobs().join("installation"), uuid::Uuid::new_v4().to_string()).unwrap();
    let work = site.work();
    work.says("belongs to another database", seconds(20)).await;
    assert!(other.join("7.pdf").exists());
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
