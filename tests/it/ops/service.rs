//! Switches thrown while real processes serve and work.

use std::time::Instant;

use super::{operator, rows, value};
use crate::support::{Site, documents, service::hosts, until, wait::seconds};

#[tokio::test]
async fn an_operator_cancels_a_running_job_and_its_engine_is_killed_and_its_client_answered_within_two_seconds() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work();
    let job = client.begin(&[documents::long_text()]).await;
    site.engine_runs(&work).await;
    let mut conn = operator(&site.db).await;
    let began = Instant::now();
    let said: String = value(&mut conn, &format!("select ops.cancel('{job}')")).await;
    assert!(said.contains("told to stop"), "{said}");
    assert_eq!(client.result(&job).await["error"]["code"], "canceled");
    until("the engine is gone", seconds(2), async || hosts(&work).is_empty().then_some(())).await;
    assert!(began.elapsed() < seconds(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_canceled_job_that_is_retried_gives_its_result_to_whoever_asks_again() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let mut conn = operator(&site.db).await;
    let job = client.begin(&[documents::text("a.txt"), documents::png("b.png")]).await;
    rows(&mut conn, &format!("select ops.cancel('{job}')")).await;
    assert_eq!(client.result(&job).await["error"]["code"], "canceled");
    let _work = site.work();
    rows(&mut conn, &format!("select ops.retry('{job}')")).await;
    let done = client.finish(&job).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    assert!(!done.result["events"].to_string().contains("\"error\""), "{}", done.result);
}

#[tokio::test]
async fn a_failed_job_that_is_retried_is_converted_anew_and_fails_anew_for_the_same_reason() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let failed = client.convert(&[documents::noise("noise.bin", 300), documents::text("a.txt")]).await;
    let mut conn = operator(&site.db).await;
    let said: String = value(&mut conn, &format!("select ops.retry('{}')", failed.job)).await;
    assert!(said.contains("1 of 2 documents"), "{said}");
    let again = client.finish(&failed.job).await;
    assert_eq!(again.error(), failed.error());
    assert_eq!(again.result["events"], failed.result["events"], "what was told of the first time is not told twice");
    let attempts = format!("select attempts from ops.failures where job = '{}'", failed.job);
    assert!(value::<String>(&mut conn, &attempts).await.contains("failed"));
}

#[tokio::test]
async fn a_paused_lane_and_a_drained_worker_hold_work_back_and_lose_none() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let mut conn = operator(&site.db).await;
    client.convert(&[documents::text("first.txt")]).await;
    rows(&mut conn, "select ops.pause('native')").await;
    let job = client.begin(&[documents::text("second.txt")]).await;
    let waits = async |conn: &mut sqlx::PgConnection| {
        value::<i64>(conn, "select ready from ops.queue where lane = 'native'").await
    };
    // Longer than a worker needs to look by itself.
    let patience = Instant::now();
    until("the pause has been tried", seconds(5), async || (patience.elapsed() > seconds(2)).then_some(())).await;
    assert_eq!(waits(&mut conn).await, 1);
    rows(&mut conn, "select ops.drain(id) from ops.workers").await;
    rows(&mut conn, "select ops.resume('native')").await;
    let patience = Instant::now();
    until("the drain has been tried", seconds(5), async || (patience.elapsed() > seconds(2)).then_some(())).await;
    assert_eq!(waits(&mut conn).await, 1);
    rows(&mut conn, "select ops.undrain(id) from ops.workers").await;
    assert_eq!(client.finish(&job).await.result["status"], "success");
}
