//! HTTP by hand: bytes out, bytes in.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{Answer, Process, wait::seconds};

/// Connects to an API process.
pub(crate) async fn connect(serve: &Process) -> TcpStream {
    let url = serve.url().unwrap();
    let authority = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap();
    TcpStream::connect(authority).await.unwrap()
}

/// Sends bytes on a new connection and reads one answer.
pub(crate) async fn exchange(serve: &Process, bytes: impl AsRef<[u8]>) -> Answer {
    let mut stream = connect(serve).await;
    stream.write_all(bytes.as_ref()).await.unwrap();
    answer(&mut stream).await
}

/// Reads one answer; its length must be declared.
pub(crate) async fn answer(stream: &mut TcpStream) -> Answer {
    timeout(seconds(30), read(stream)).await.expect("there is an answer")
}

async fn read(stream: &mut TcpStream) -> Answer {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let next = stream.read_u8().await;
        head.push(next.unwrap_or_else(|error| panic!("no answer: {error}: {}", String::from_utf8_lossy(&head))));
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let status = lines.next().unwrap().strip_prefix("HTTP/1.").unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: HeaderMap = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.to_str().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    Answer { status, headers, body: body.into() }
}
