//! A way to the service on which answers get lost.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{convert, put, widths};
use crate::support::{Client, Site, documents, raw, until, wait::seconds};

/// What happens to a request on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The connection breaks before the service has the request.
    Broken,
    /// It breaks before the client has the answer.
    Lost,
    /// It breaks in the middle of the answer.
    Half,
    /// Somebody on the way answers with a status.
    Answered(&'static str),
}

/// The faults of a call, one a try; and the heads of all requests that came.
#[derive(Debug, Default)]
struct Way {
    faults: HashMap<&'static str, Vec<Fault>>,
    heads: Vec<(&'static str, String)>,
}

/// The call that a request is.
fn call(first_line: &str) -> &'static str {
    let (method, rest) = first_line.split_once(' ').unwrap();
    let path = rest.split([' ', '?']).next().unwrap();
    let tail = path.rsplit("/jobs").next().unwrap();
    match (method, tail) {
        ("POST", "") => "create",
        ("POST", _) if tail.ends_with("/data") => "add",
        ("POST", _) if tail.ends_with(":start") => "start",
        ("GET", _) if tail.ends_with("/result") => "result",
        ("GET", _) if tail.contains("/result/") => "fetch",
        ("DELETE", _) => "delete",
        _ => "other",
    }
}

/// Opens a way to a service and gives its address.
async fn open(client: &Client, way: Arc<Mutex<Way>>) -> String {
    let upstream = raw::address(client).to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (upstream, way) = (upstream.clone(), Arc::clone(&way));
            tokio::spawn(async move { pass(stream, &upstream, &way).await });
        }
    });
    format!("http://{address}/conversion/v1.0/rest")
}

/// Passes one request on, and its answer back, as far as its fault allows.
async fn pass(mut client: TcpStream, upstream: &str, way: &Mutex<Way>) -> Option<()> {
    let mut request = Vec::new();
    let head_end = loop {
        if client.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8(request.get(..head_end)?.to_vec()).unwrap().to_ascii_lowercase();
    let first_line = String::from_utf8(request.split(|byte| *byte == b'\r').next()?.to_vec()).unwrap();
    let call = call(&first_line);
    let fault = {
        let mut way = way.lock().unwrap();
        way.heads.push((call, head.clone()));
        way.faults.get_mut(call).and_then(Vec::pop)
    };
    if fault == Some(Fault::Broken) {
        return None;
    }
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.parse().unwrap());
    while request.len() < head_end + 4 + length {
        if client.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
    if let Some(Fault::Answered(status)) = fault {
        let answer = format!("HTTP/1.1 {status}\r\nRetry-After: 0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        return client.write_all(answer.as_bytes()).await.ok();
    }
    let mut server = TcpStream::connect(upstream).await.unwrap();
    let (before, after) = request.split_at(head_end);
    server.write_all(&[before, b"\r\nConnection: close", after].concat()).await.ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await.ok()?;
    let passed = match fault {
        Some(Fault::Lost) => 0,
        Some(Fault::Half) => answer.len() / 2,
        _ => answer.len(),
    };
    client.write_all(answer.get(..passed)?).await.ok()
}

/// The different values of a header of a call, and how often the call was made.
fn values(way: &Mutex<Way>, call: &str, header: &str) -> (Vec<String>, usize) {
    let way = way.lock().unwrap();
    let heads: Vec<_> = way.heads.iter().filter(|(other, _)| *other == call).collect();
    let of =
        |head: &str| head.lines().find_map(|line| line.strip_prefix(header)?.strip_prefix(": ").map(str::to_owned));
    let mut values: Vec<_> = heads.iter().filter_map(|(_, head)| of(head)).collect();
    values.dedup();
    (values, heads.len())
}

#[tokio::test]
async fn what_gets_lost_on_the_way_is_sent_again_under_the_same_key() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let folder = put(&site, &[documents::pdf("a.pdf", &[300]), documents::pdf("b.pdf", &[301])]);
    let faults = HashMap::from([
        // The last one comes first.
        ("create", vec![Fault::Broken, Fault::Answered("503 Service Unavailable")]),
        // The first try of a call may still be under way when the second comes.
        ("add", vec![Fault::Broken, Fault::Answered("409 Conflict"), Fault::Answered("504 Gateway Timeout")]),
        ("start", vec![Fault::Lost]),
        ("result", vec![Fault::Half, Fault::Answered("502 Bad Gateway"), Fault::Answered("504 Gateway Timeout")]),
        ("fetch", vec![Fault::Answered("503 Service Unavailable"), Fault::Half]),
        ("delete", vec![Fault::Lost]),
    ]);
    let way = Arc::new(Mutex::new(Way { faults, heads: Vec::new() }));
    let url = open(&client, Arc::clone(&way)).await;
    let called = convert(&folder, &url, &["-v", "a.pdf", "b.pdf", "-o", "all.pdf"]).await.expect(0);
    assert!(called.stderr.contains("trying again"), "{}", called.stderr);
    assert_eq!(widths(&folder.join("all.pdf")), [300, 301]);
    let (create_keys, creates) = values(&way, "create", "idempotency-key");
    assert_eq!((create_keys.len(), creates), (1, 3), "{create_keys:?}");
    let (add_keys, adds) = values(&way, "add", "idempotency-key");
    assert_eq!((add_keys.len(), adds), (2, 5), "{add_keys:?}");
    assert!(!add_keys.contains(&create_keys[0]));
    let (add_types, _) = values(&way, "add", "content-type");
    assert_eq!(add_types.len(), 2, "two tries are alike to the last byte: {add_types:?}");
    assert_eq!(values(&way, "start", "host").1, 2);
    assert_eq!(values(&way, "fetch", "host").1, 3);
    assert_eq!(values(&way, "delete", "host").1, 2);
    assert_eq!(site.db.count("select count(*) from jobs where deleted_at is null").await, 0);
}

#[tokio::test]
async fn a_service_that_is_restarted_in_the_middle_is_waited_for() {
    let site = Site::new().await;
    let (mut serve, client) = site.serve().await;
    let folder = put(&site, &[documents::pdf("a.pdf", &[300])]);
    let url = client.base.clone();
    let address = raw::address(&client).to_owned();
    let calling = tokio::spawn(async move {
        let called = convert(&folder, &url, &["a.pdf", "-o", "out.pdf"]).await;
        (called, widths(&folder.join("out.pdf")))
    });
    until("the job is started", seconds(20), async || {
        (site.db.count("select count(*) from jobs where state = 'pending'").await == 1).then_some(())
    })
    .await;
    serve.stop(seconds(10)).await;
    let _again = site.serve_with(&[("BINDERY_LISTEN", &address)]).await;
    let _work = site.work();
    let (called, widths) = calling.await.unwrap();
    called.expect(0);
    assert_eq!(widths, [300]);
}
