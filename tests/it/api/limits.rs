use crate::support::{
    Site,
    client::{Part, multipart},
    until,
    wait::seconds,
};

#[tokio::test]
async fn an_upload_over_the_limit_is_refused_and_leaves_no_blob() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_MAX_UPLOAD", "64KiB")]).await;
    let job = client.create().await;
    let path = format!("/jobs/{job}/data");
    let (content_type, body) = multipart(&[Part::file("a.txt", vec![b'a'; 64 << 10])]);
    client.post_body(&path, &content_type, body).await.expect(201);
    let (content_type, body) = multipart(&[Part::file("b.txt", vec![b'b'; (64 << 10) + 1])]);
    let detail = client.post_body(&path, &content_type, body).await.problem(413);
    assert!(detail.contains("65536"), "{detail}");
    until("only the accepted blob is there", seconds(5), async || (site.blob_files().len() == 1).then_some(())).await;
    assert_eq!(site.db.count("select count(*) from documents").await, 1);
}

#[tokio::test]
async fn too_many_open_jobs_are_refused_until_one_is_gone() {
    let site = Site::new().await;
    let (_serve, client) = site.serve_with(&[("BINDERY_MAX_OPEN_JOBS", "2")]).await;
    let first = client.create().await;
    let second = client.create().await;
    let answer = client.post("/jobs").await;
    let detail = answer.problem(503);
    assert!(detail.contains('2'), "{detail}");
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    client.delete(&format!("/jobs/{first}")).await.expect(204);
    let third = client.create().await;
    client.post("/jobs").await.problem(503);
    // Completed jobs do not count.
    client.start(&second).await;
    client.create().await;
    client.get(&format!("/jobs/{third}")).await.expect(200);
}
