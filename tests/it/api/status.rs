use serde_json::json;

use crate::support::{Site, documents, until, wait::seconds};

#[tokio::test]
async fn workflows_are_listed_with_their_profiles_and_the_defaults_are_marked() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let profile = |name: &str, is_default: bool| json!({ "name": name, "isDefault": is_default });
    let default = || vec![profile("default", true)];
    let smaller = ["Ready for Email PDF/A-2", "Ready for Web PDF/A-2", "Ready to Print PDF/A-2"];
    let archive = default().into_iter().chain(smaller.map(|name| profile(name, false))).collect();
    let conversion = default().into_iter().chain([profile("Repair", false)]).collect();
    let expected: Vec<_> = [
        ("Archive PDF/A-2", archive),
        ("Archive PDF/A-1", default()),
        ("Archive PDF/A-3", default()),
        ("Conversion", conversion),
        ("Dossier", default()),
        ("Invoice", default()),
        ("Archive TIFF", default()),
        ("Extract XML", default()),
        ("Convert to XML", default()),
        ("Sign", default()),
    ]
    .into_iter()
    .map(|(name, profiles)| json!({ "name": name, "isDefault": name == "Archive PDF/A-2", "profiles": profiles }))
    .collect();
    assert_eq!(client.get("/workflows").await.expect(200).json(), json!(expected));
}

#[tokio::test]
async fn jobs_are_listed_oldest_first_on_every_instance() {
    let site = Site::new().await;
    let (_one, first) = site.serve().await;
    let (_two, second) = site.serve().await;
    assert_eq!(first.get("/jobs").await.expect(200).json(), json!([]));
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(first.create().await);
    }
    second.start(&jobs[1]).await;
    let list = second.get("/jobs/").await.expect(200).json();
    assert_eq!(list, first.get("/jobs").await.json());
    let told: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|job| (job["jobId"].as_str().unwrap(), job["status"]["code"].as_str().unwrap()))
        .collect();
    let expected: Vec<_> = jobs.iter().map(String::as_str).zip(["creating", "completed", "creating"]).collect();
    assert_eq!(told, expected);
    assert!(list[0]["status"]["message"].is_string());
}

#[tokio::test]
async fn the_service_tells_how_it_is() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let status = client.get("/").await.expect(200).json();
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["status"], "warning", "there is no worker");
    let start = status["startTime"].as_str().unwrap();
    assert!(time::OffsetDateTime::parse(start, &time::format_description::well_known::Rfc3339).is_ok(), "{start}");
    assert_eq!(status["isolation"], json!({ "processCount": 0, "queueLength": 0 }));
    assert_eq!(status["jobCounts"], json!({ "creating": 0, "processing": 0, "completed": 0, "total": 0 }));
    client.create().await;
    client.begin(&[documents::text("a.txt")]).await;
    let done = client.begin(&[]).await;
    assert_eq!(client.result(&done).await["error"]["code"], "generic");
    let status = client.get("/").await.json();
    assert_eq!(status["isolation"]["queueLength"], 1);
    // What has to wait anyway does not wait for a free worker.
    site.db.execute("update tasks set state = 'later', run_at = now() + interval '1 h'").await;
    assert_eq!(client.get("/").await.json()["isolation"]["queueLength"], 0);
    site.db.execute("update tasks set state = 'ready', run_at = null").await;
    assert_eq!(status["jobCounts"], json!({ "creating": 1, "processing": 1, "completed": 1, "total": 3 }));
    let _work = site.work_with_office();
    until("the worker is seen", seconds(30), async || {
        let status = client.get("/").await.json();
        (status["status"] == "running" && status["isolation"] == json!({ "processCount": 4, "queueLength": 0 }))
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_message_of_a_job_says_how_far_it_is() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    client.add(&job, &documents::text("a.txt")).await;
    client.add(&job, &documents::text("b.txt")).await;
    let message =
        async || client.get(&format!("/jobs/{job}")).await.json()["status"]["message"].as_str().unwrap().to_owned();
    assert!(message().await.contains("0 of 2"), "{}", message().await);
    let _work = site.work();
    until("conversion begins before the start", seconds(30), async || message().await.contains("2 of 2").then_some(()))
        .await;
    client.start(&job).await;
    client.result(&job).await;
    assert_eq!(message().await, "Completed.");
}
