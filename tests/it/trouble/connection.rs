use super::{answered, finish_all, stored, submit_all};
use crate::support::{Site, cut_proxy::CutProxy, until, wait::seconds};

#[tokio::test]
async fn back_ends_that_are_killed_again_and_again_under_load_cost_no_job() {
    let site = Site::new().await;
    let (mut serve, client) = site.serve().await;
    let mut work = site.work();
    work.says("working", seconds(20)).await;
    let trouble = async {
        let mut cut = 0;
        for round in 1..=5 {
            stored(&site.db, 3 * round).await;
            cut += site.db.cut_connections().await;
        }
        cut
    };
    let (jobs, cut) = tokio::join!(submit_all(&client, 0..20), trouble);
    assert!(cut >= 10, "{cut} connections were cut");
    finish_all(&client, &site.db, &jobs).await;
    assert!(serve.is_running() && work.is_running());
}

#[tokio::test]
async fn a_way_that_is_cut_and_restored_under_load_costs_no_job() {
    let site = Site::new().await;
    let mut way = CutProxy::open(&site.db);
    let url = way.url.clone();
    let (_serve, client) = site.serve_with(&[("DATABASE_URL", &url)]).await;
    let work = site.start("work", &[("DATABASE_URL", &url)]);
    work.says("working", seconds(20)).await;
    let trouble = async {
        for round in 1..=3 {
            stored(&site.db, 2 * round).await;
            way.cut();
            until("the API asks to try again", seconds(10), async || {
                answered(client.get("/jobs").await).is_none().then_some(())
            })
            .await;
            way.restore();
        }
    };
    let (jobs, ()) = tokio::join!(submit_all(&client, 0..12), trouble);
    finish_all(&client, &site.db, &jobs).await;
}
