//! A large upload streams through: memory does not grow with it.

use bytes::Bytes;
use reqwest::{
    Body,
    multipart::{Form, Part},
};

use crate::support::Site;

const CHUNK_BYTES: usize = 256 << 10;
const CHUNKS: u64 = 1024;

#[tokio::test]
async fn a_quarter_of_a_gibibyte_does_not_raise_the_memory_of_the_api_by_64_mib() {
    let site = Site::new().await;
    let (serve, client) = site.serve().await;
    let job = client.create().await;
    client.add(&job, &crate::support::documents::text("a.txt")).await;
    let before = serve.peak_kib();
    let chunk = Bytes::from(vec![0x5a; CHUNK_BYTES]);
    let stream = futures_util::stream::iter((0..CHUNKS).map(move |_| Ok::<_, std::io::Error>(chunk.clone())));
    let form = Form::new().part("data", Part::stream(Body::wrap_stream(stream)).file_name("large.bin"));
    let request = client.request(reqwest::Method::POST, &format!("/jobs/{job}/data")).multipart(form);
    client.send(request).await.expect(201);
    let grown_mib = (serve.peak_kib() - before) / 1024;
    assert!(grown_mib < 64, "grown by {grown_mib} MiB");
    assert_eq!(site.db.count("select max(bytes) from documents").await, 256 << 20);
}
