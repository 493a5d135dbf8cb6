//! Large bodies stream through in both directions: memory does not grow with them.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::{
    Body, Method,
    multipart::{Form, Part},
};

use super::{at_root, several::complete};
use crate::support::{Process, Site};

const CHUNK_BYTES: usize = 192 << 10;
const CHUNKS: usize = 1024;
const GROWTH_KIB_MAX: u64 = 64 << 10;

/// A body of 192 MiB.
fn large(chunk: impl Into<Bytes>) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> + Send + Sync {
    let chunk = chunk.into();
    stream::iter((0..CHUNKS).map(move |_| Ok(chunk.clone())))
}

fn check(what: &str, serve: &Process, before: u64) {
    let grown = serve.peak_kib() - before;
    assert!(grown < GROWTH_KIB_MAX, "{what}: grown by {grown} KiB");
}

#[tokio::test]
async fn a_document_of_192_mib_does_not_raise_the_memory_of_the_api_by_64_mib_whatever_way_it_comes() {
    let site = Site::new().await;
    let (serve, client) = site.serve().await;
    let simple = at_root(&client);
    site.db.execute("update connections set response = 'immediately'").await;
    simple.post_body("/http.input/convert-to-pdf", "", "a").await.expect(202);
    let before = serve.peak_kib();
    let post = |path: &str| simple.request(Method::POST, path).header("content-type", "application/json");
    let raw = post("/http.input/convert-to-pdf").body(Body::wrap_stream(large(vec![0x5a; CHUNK_BYTES])));
    simple.send(raw).await.expect(202);
    check("a bare body", &serve, before);
    let part = || Part::stream(Body::wrap_stream(large(vec![0x5a; CHUNK_BYTES / 2]))).file_name("large.bin");
    let form = Form::new().part("data", part()).part("data", part());
    simple.send(simple.request(Method::POST, "/http.input/convert-to-pdf").multipart(form)).await.expect(202);
    check("a form", &serve, before);
    let text = |text: &'static str| stream::iter([Ok::<_, std::io::Error>(Bytes::from(text))]);
    let json = text(r#"{"data":[{"content":""#)
        .chain(large(BASE64_STANDARD.encode(vec![0x5a; CHUNK_BYTES])))
        .chain(text(r#"","fileName":"large.bin"}]}"#));
    simple.send(post("/http.inputstructured/convert-to-pdf").body(Body::wrap_stream(json))).await.expect(202);
    check("a list", &serve, before);
    let stored = "select count(*) from documents where bytes in (192 << 20, 96 << 20)";
    assert_eq!(site.db.count(stored).await, 4);
}

#[tokio::test]
async fn a_result_of_128_mib_does_not_raise_the_memory_of_the_api_by_64_mib_whatever_way_it_goes() {
    let site = Site::new().await;
    let (serve, client) = site.serve().await;
    let body = r#"{"data":[{"fileName":"a.txt","content":"SGVsbG8="}]}"#;
    let large = Bytes::from(vec![0x5a; 128 << 20]);
    let mut before = None;
    for (path, count, least) in [
        ("/http.input/convert-to-pdf", 1, 128 << 20),
        ("/http.input/convert-to-pdf", 2, 100_000),
        ("/http.inputstructured/convert-to-pdf", 1, 170 << 20),
    ] {
        let simple = at_root(&client);
        let call = tokio::spawn(async move {
            let request = simple.request(Method::POST, path).header("content-type", "application/json").body(body);
            let mut pieces = request.send().await.unwrap().error_for_status().unwrap().bytes_stream();
            let mut bytes = 0;
            while let Some(piece) = pieces.next().await {
                bytes += piece.unwrap().len();
            }
            bytes
        });
        let results: Vec<_> = (0..count).map(|_| ("large.pdf", large.clone())).collect();
        complete(&site, &results).await;
        let before = *before.get_or_insert_with(|| serve.peak_kib());
        let bytes = call.await.unwrap();
        assert!(bytes >= least, "{bytes} bytes");
        check(path, &serve, before);
    }
}
