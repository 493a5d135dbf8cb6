use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::DefaultBodyLimit,
    http::{HeaderMap, Method, Response, StatusCode, header},
    response::Redirect,
    routing::any,
};
use bindery::egress::{Egress, Error, Parcel, SendError};
use bytes::Bytes;
use futures_util::stream;
use tokio::io::AsyncWriteExt;

use super::target;
use crate::support::remote::{Remote, SHORT, chunks, egress};

const CHUNK_BYTES: u64 = 64 << 10;

/// A host that keeps what it is sent, and answers it.
async fn keeping(code: u16) -> (Remote, Arc<Mutex<Vec<Bytes>>>) {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = {
        let kept = Arc::clone(&kept);
        move |bytes: Bytes| async move {
            kept.lock().unwrap().push(bytes);
            Response::builder().status(code).body(Body::from("thank you")).unwrap()
        }
    };
    let router = Router::new().route("/kept", any(keep)).layer(DefaultBodyLimit::disable());
    (Remote::serving(router).await, kept)
}

fn parcel(method: Method, bytes: u64) -> Parcel {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, "application/pdf".parse().unwrap())]);
    Parcel { method, headers, bytes }
}

/// Sends so many chunks.
async fn send(out: &Egress, url: &str, method: Method, count: usize) -> Result<(), Error> {
    let parcel = parcel(method, count as u64 * CHUNK_BYTES);
    let sent = out.send(&target(url), &parcel, || async { Ok::<_, io::Error>(chunks(count)) }).await;
    sent.map_err(|error| match error {
        SendError::Target(error) => error,
        SendError::Source(error) => panic!("{error}"),
    })
}

#[tokio::test]
async fn a_parcel_arrives_whole_with_its_header() {
    let out = egress("127.0.0.1");
    for (method, code) in [(Method::PUT, 201), (Method::POST, 200), (Method::PUT, 204), (Method::POST, 202)] {
        let (remote, kept) = keeping(code).await;
        send(&out, &remote.url("/kept?a=b"), method.clone(), 20).await.unwrap();
        let arrived = &remote.arrived()[0];
        assert_eq!((&arrived.method, arrived.uri.to_string().as_str()), (&method, "/kept?a=b"));
        assert_eq!(arrived.header("content-length"), (20 * CHUNK_BYTES).to_string());
        assert_eq!(arrived.header("content-type"), "application/pdf");
        assert_eq!(arrived.header("transfer-encoding"), "");
        let kept = kept.lock().unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].len() as u64, 20 * CHUNK_BYTES);
        assert!(kept[0].iter().all(|byte| *byte == 0x5a));
    }
}

#[tokio::test]
async fn every_answer_but_success_is_a_refusal() {
    let out = egress("127.0.0.1");
    for code in [400, 401, 404, 409, 413, 500, 503] {
        let (remote, _) = keeping(code).await;
        assert_eq!(send(&out, &remote.url("/kept"), Method::PUT, 1).await.unwrap_err(), Error::Status { code });
    }
}

#[tokio::test]
async fn a_redirect_that_asks_for_the_same_again_gets_it_whole_and_another_is_a_refusal() {
    let (remote, kept) = keeping(200).await;
    let out = egress("127.0.0.1");
    let place = remote.url("/kept");
    let moved = |code: u16| {
        let place = place.clone();
        move || async move { Response::builder().status(code).header(header::LOCATION, place).body(Body::empty()).unwrap() }
    };
    let mut router = Router::new();
    for code in [301, 302, 303, 307, 308] {
        router = router.route(&format!("/{code}"), any(moved(code)));
    }
    let first = Remote::serving(router).await;
    for code in [307, 308] {
        send(&out, &first.url(&format!("/{code}")), Method::PUT, 3).await.unwrap();
        let kept = kept.lock().unwrap().pop().unwrap();
        assert_eq!(kept.len() as u64, 3 * CHUNK_BYTES, "{code}");
    }
    for code in [301, 302, 303] {
        let refused = send(&out, &first.url(&format!("/{code}")), Method::POST, 1).await.unwrap_err();
        assert_eq!(refused, Error::Status { code });
    }
    assert!(kept.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_parcel_goes_nowhere_inside_without_leave() {
    let (inside, kept) = keeping(200).await;
    let refused = send(&egress(""), &inside.url("/kept"), Method::PUT, 1).await.unwrap_err();
    assert_eq!(refused, Error::NotAllowed { redirected: false });
    let place = inside.url("/kept");
    let router = Router::new().route("/", any(|| async move { Redirect::temporary(&place) }));
    let first = Remote::serving(router).await;
    let refused = send(&egress(&first.entry()), &first.url("/"), Method::PUT, 1).await.unwrap_err();
    assert_eq!(refused, Error::NotAllowed { redirected: true });
    assert!(kept.lock().unwrap().is_empty() && inside.arrived().is_empty());
}

#[tokio::test]
async fn a_host_that_takes_nothing_is_given_up() {
    let remote = Remote::by_hand(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
        Ok(())
    })
    .await;
    let error = send(&egress("127.0.0.1"), &remote.url("/"), Method::PUT, 4096).await.unwrap_err();
    assert_eq!(error, Error::Stalled { within: SHORT.idle_time_max });
}

#[tokio::test]
async fn a_host_that_thanks_before_it_has_everything_has_not_stored_it() {
    let remote = Remote::by_hand(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
        std::future::pending::<()>().await;
        drop(stream);
        Ok(())
    })
    .await;
    let error = send(&egress("127.0.0.1"), &remote.url("/"), Method::PUT, 4096).await.unwrap_err();
    assert_eq!(error, Error::BrokenOff);
}

#[tokio::test]
async fn a_host_that_hangs_up_broke_off() {
    let remote = Remote::by_hand(|stream| async move {
        drop(stream);
        Ok(())
    })
    .await;
    let error = send(&egress("127.0.0.1"), &remote.url("/"), Method::PUT, 64).await.unwrap_err();
    assert_eq!(error, Error::BrokenOff);
}

#[tokio::test]
async fn trouble_of_the_source_is_not_that_of_the_host() {
    let (remote, kept) = keeping(200).await;
    let out = egress("127.0.0.1");
    let parcel = parcel(Method::PUT, 2 * CHUNK_BYTES);
    let broken = || async {
        let chunk = Ok(Bytes::from(vec![0x5a; usize::try_from(CHUNK_BYTES).unwrap()]));
        Ok(stream::iter([chunk, Err(io::Error::other("the disk is gone"))]))
    };
    let sent = out.send(&target(&remote.url("/kept")), &parcel, broken).await;
    let Err(SendError::Source(error)) = sent else { panic!("{sent:?}") };
    assert_eq!(error.to_string(), "the disk is gone");
    assert!(kept.lock().unwrap().is_empty());
    // One that cannot even be opened calls nobody.
    let opened = AtomicUsize::new(0);
    let unopened = || async {
        opened.fetch_add(1, Ordering::SeqCst);
        Err::<stream::Empty<Result<Bytes, io::Error>>, _>(io::Error::other("not there"))
    };
    let before = remote.arrived().len();
    let sent = out.send(&target(&remote.url("/kept")), &parcel, unopened).await;
    assert!(matches!(sent, Err(SendError::Source(_))), "{sent:?}");
    assert_eq!((opened.load(Ordering::SeqCst), remote.arrived().len()), (1, before));
}

#[tokio::test]
async fn a_host_may_answer_before_it_has_read_all_when_it_refuses() {
    let refuse = || async { StatusCode::INSUFFICIENT_STORAGE };
    let remote = Remote::serving(Router::new().route("/", any(refuse))).await;
    let refused = send(&egress("127.0.0.1"), &remote.url("/"), Method::PUT, 1).await.unwrap_err();
    assert_eq!(refused, Error::Status { code: 507 });
}
