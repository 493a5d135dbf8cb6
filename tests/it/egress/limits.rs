use std::{io, time::Duration};

use bindery::egress::Error;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Instant, interval},
};

use super::fetch;
use crate::support::remote::{Remote, SHORT, egress};

const STALLED: Error = Error::Stalled { within: SHORT.idle_time_max };
const TOO_SLOW: Error = Error::TooSlow { within: SHORT.time_max };

/// A host that writes a text and closes.
async fn saying(text: &'static [u8]) -> Remote {
    Remote::by_hand(move |mut stream| async move { stream.write_all(text).await }).await
}

/// A host that writes a head, then some bytes at every tick.
async fn dripping(bytes: usize, every: Duration) -> Remote {
    Remote::by_hand(move |mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n").await?;
        let mut clock = interval(every);
        loop {
            clock.tick().await;
            stream.write_all(&vec![b'a'; bytes]).await?;
        }
    })
    .await
}

/// Keeps a connection open and says nothing.
async fn silence(stream: TcpStream) -> io::Result<()> {
    std::future::pending::<()>().await;
    drop(stream);
    Ok(())
}

async fn error_of(remote: &Remote) -> Error {
    fetch(&egress("127.0.0.1"), &remote.url("/")).await.unwrap_err()
}

#[tokio::test]
async fn a_host_that_never_answers_is_given_up() {
    let remote = Remote::by_hand(silence).await;
    let began = Instant::now();
    assert_eq!(error_of(&remote).await, STALLED);
    assert!(began.elapsed() < SHORT.time_max, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_host_that_stops_in_the_middle_is_given_up() {
    let remote = Remote::by_hand(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345").await?;
        silence(stream).await
    })
    .await;
    assert_eq!(error_of(&remote).await, STALLED);
}

#[tokio::test]
async fn a_slow_drip_is_given_up_long_before_its_end() {
    assert_eq!(error_of(&dripping(1, Duration::from_millis(20)).await).await, STALLED);
}

#[tokio::test]
async fn a_host_that_goes_on_and_on_is_given_up_at_last() {
    assert_eq!(error_of(&dripping(2048, Duration::from_millis(100)).await).await, TOO_SLOW);
}

#[tokio::test]
async fn a_document_that_is_shorter_than_it_says_broke_off() {
    for text in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n123",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfive\r\n12345\r\n0\r\n\r\n",
    ] {
        assert_eq!(error_of(&saying(text).await).await, Error::BrokenOff, "{}", String::from_utf8_lossy(text));
    }
}

#[tokio::test]
async fn a_document_of_an_old_server_ends_with_its_connection() {
    let remote = saying(b"HTTP/1.0 200 OK\r\n\r\nall of it").await;
    assert_eq!(fetch(&egress("127.0.0.1"), &remote.url("/")).await.unwrap(), "all of it");
}

#[tokio::test]
async fn an_answer_that_is_none_broke_off() {
    for text in [
        &b""[..],
        b"HTTP/1.1 200 O",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"220 ftp ready\r\n",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\r\n\r\n",
    ] {
        assert_eq!(error_of(&saying(text).await).await, Error::BrokenOff, "{}", String::from_utf8_lossy(text));
    }
}

#[tokio::test]
async fn a_head_has_a_limit() {
    for (fields, expected) in [(4, None), (20, Some("too long a head"))] {
        let remote = Remote::by_hand(move |mut stream| async move {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n").await?;
            for number in 0..fields {
                stream.write_all(format!("x-{number}: {}\r\n", "a".repeat(1000)).as_bytes()).await?;
            }
            stream.write_all(b"\r\nok").await
        })
        .await;
        let fetched = fetch(&egress("127.0.0.1"), &remote.url("/")).await;
        match expected {
            None => assert_eq!(fetched.unwrap(), "ok"),
            Some(said) => assert!(fetched.unwrap_err().to_string().contains(said)),
        }
    }
}

#[tokio::test]
async fn an_endless_head_ends_the_request() {
    let remote = Remote::by_hand(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
        loop {
            stream.write_all(format!("x: {}\r\n", "a".repeat(1000)).as_bytes()).await?;
        }
    })
    .await;
    let began = Instant::now();
    assert_eq!(error_of(&remote).await, Error::BrokenOff);
    assert!(began.elapsed() < SHORT.time_max, "{:?}", began.elapsed());
}
