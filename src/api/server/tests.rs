use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    routing::{get, post},
};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::{interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Pace, serve};

/// A pace at which a test does not take long.
const HASTY: Pace = Pace {
    head: Duration::from_millis(400),
    body: Duration::from_millis(400),
    answer: Duration::from_millis(400),
    idle: Duration::from_millis(400),
    linger: Duration::from_secs(5),
};

/// Long enough for all that is expected to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Times that the large answer says its word; more than the kernel buffers.
const LARGE: usize = 4 << 20;

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(pace: Pace, routes: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let task =
            tokio::spawn(serve(listener, crate::api::framed(routes, &crate::api::Origins::Any), pace, stop.clone()));
        Self { address, stop, task }
    }

    /// One that says hello, and what it is told.
    async fn polite(pace: Pace) -> Self {
        let routes = Router::new()
            .route("/hello", get(async || "hello"))
            .route("/large", get(async || "large ".repeat(LARGE)))
            .route("/panic", get(async || if true { panic!("as the test wants it") } else { "calm" }))
            .route("/echo", post(async |body: Bytes| body));
        Self::start(pace, routes).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes on a new connection and gives all that comes back.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        rest(&mut stream).await
    }

    async fn stopped(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.task).await.expect("it stops").unwrap();
    }
}

/// All that comes on a connection until it is closed.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the connection is closed").unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Checks that an answer is a problem of a status and nothing else follows it.
#[track_caller]
fn check_problem(answer: &str, status: u16) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    for header in ["content-type: application/problem+json", &format!("content-length: {}", body.len())] {
        assert!(head.lines().any(|line| line.eq_ignore_ascii_case(header)), "{header}: {head}");
    }
    for name in ["date", "x-request-id"] {
        assert!(head.lines().any(|line| line.starts_with(&format!("{name}: "))), "{name}: {head}");
    }
    let problem: Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["status"], status);
}

/// The same where the connection cannot be used any further.
#[track_caller]
fn check_last_problem(answer: &str, status: u16) {
    check_problem(answer, status);
    assert!(answer.contains("connection: close\r\n"), "{answer}");
}

const HELLO: &str = "GET /hello HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test]
async fn a_head_that_does_not_come_to_its_end_is_refused_however_busily_it_drips() {
    let server = Server::polite(HASTY).await;
    check_last_problem(&server.exchange(b"GET /hello HTTP/1.1\r\nho").await, 408);
    let (mut reading, mut writing) = server.connect().await.into_split();
    let dripping = tokio::spawn(async move {
        let mut clock = interval(Duration::from_millis(20));
        while writing.write_all(b"G").await.is_ok() {
            clock.tick().await;
        }
    });
    let mut answer = Vec::new();
    // What drips in after the answer may reset the connection.
    drop(timeout(PATIENCE, reading.read_to_end(&mut answer)).await.expect("the connection is closed"));
    check_last_problem(&String::from_utf8(answer).unwrap(), 408);
    dripping.abort();
    server.stopped().await;
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed_without_an_answer() {
    let server = Server::polite(HASTY).await;
    assert_eq!(server.exchange(b"").await, "");
    let answers = server.exchange(HELLO.repeat(2).as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 2, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    server.stopped().await;
}

#[tokio::test]
async fn a_connection_may_idle_for_longer_than_a_head_may_take() {
    let server = Server::polite(Pace { idle: PATIENCE, ..HASTY }).await;
    let mut stream = server.connect().await;
    let mut clock = interval(2 * HASTY.head);
    clock.tick().await;
    for _ in 0..2 {
        stream.write_all(HELLO.as_bytes()).await.unwrap();
        clock.tick().await;
    }
    stream.write_all(b"GET /hello HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    assert_eq!(rest(&mut stream).await.matches("HTTP/1.1 200 OK").count(), 3);
    server.stopped().await;
}

#[tokio::test]
async fn a_body_that_stops_coming_is_refused_and_one_that_comes_slowly_is_not() {
    let server = Server::polite(HASTY).await;
    let head = "POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 8\r\n\r\n";
    check_last_problem(&server.exchange(format!("{head}1234").as_bytes()).await, 408);
    check_last_problem(&server.exchange(head.as_bytes()).await, 408);
    let mut stream = server.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut clock = interval(HASTY.body / 4);
    for digit in b"12345678" {
        clock.tick().await;
        stream.write_all(&[*digit]).await.unwrap();
    }
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("12345678"), "{answer}");
    server.stopped().await;
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_left() {
    let (dropped, left) = oneshot::channel::<()>();
    let dropped = Arc::new(Mutex::new(Some(dropped)));
    let routes = Router::new().route(
        "/endless",
        get(move || {
            // Goes with the body.
            let sender = dropped.lock().unwrap().take();
            std::future::ready(Body::from_stream(futures_util::stream::unfold(sender, async |sender| {
                Some((Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 1 << 16])), sender))
            })))
        }),
    );
    let server = Server::start(HASTY, routes).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(timeout(PATIENCE, left).await.expect("the answer is given up").is_err());
    server.stopped().await;
}

#[tokio::test]
async fn what_is_no_request_is_answered_with_a_problem_also_after_a_request() {
    let server = Server::polite(HASTY).await;
    for (bytes, status) in [
        ("nonsense\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nno colon\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n", 400),
        ("GET /hello HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n", 400),
        ("GET /hel lo HTTP/1.1\r\nhost: a\r\n\r\n", 400),
        ("GET /hello HTTP/2.0\r\nhost: a\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (&format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(20_000)), 414),
        (&format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(100_000)), 414),
        (&format!("GET /hello HTTP/1.1\r\nhost: a\r\n{}\r\n", "a: b\r\n".repeat(200)), 431),
        (&format!("GET /hello HTTP/1.1\r\nhost: a\r\na: {}\r\n\r\n", "x".repeat(100_000)), 431),
    ] {
        check_problem(&server.exchange(bytes.as_bytes()).await, status);
        let both = server.exchange(format!("{HELLO}{bytes}").as_bytes()).await;
        let (first, second) = both.split_once("hello").unwrap();
        assert!(first.starts_with("HTTP/1.1 200 OK"), "{both}");
        assert!(second.starts_with(&format!("HTTP/1.1 {status} ")) && second.ends_with('}'), "{both}");
    }
    server.stopped().await;
}

#[tokio::test]
async fn a_problem_does_not_get_into_an_answer_that_is_still_being_read() {
    let server = Server::polite(HASTY).await;
    let answers = server.exchange(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\nnonsense\r\n\r\n").await;
    let (large, problem) = answers.rsplit_once("large ").unwrap();
    assert_eq!(large.matches("large ").count(), LARGE - 1);
    check_last_problem(problem, 400);
    server.stopped().await;
}

#[tokio::test]
async fn a_handler_that_panics_ends_its_own_request_alone() {
    let server = Server::polite(HASTY).await;
    for (accept, content_type) in [("*/*", "application/problem+json"), ("text/xml", "application/problem+xml")] {
        let answers = server
            .exchange(format!("GET /panic HTTP/1.1\r\nhost: a\r\naccept: {accept}\r\n\r\n{HELLO}").as_bytes())
            .await;
        assert!(answers.starts_with("HTTP/1.1 500 ") && answers.ends_with("hello"), "{answers}");
        assert!(
            answers.contains(&format!("content-type: {content_type}\r\n")) && !answers.contains("as the test"),
            "{answers}"
        );
    }
    server.stopped().await;
}

/// Checks that answers follow each other to the end, and that each that is an error is a problem.
fn check_answers(mut answers: &str) -> Result<(), TestCaseError> {
    while !answers.is_empty() {
        let (head, rest) = answers.split_once("\r\n\r\n").ok_or_else(|| TestCaseError::fail(answers.to_owned()))?;
        let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).unwrap_or_default();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        let (body, next) = rest.split_at_checked(length).ok_or_else(|| TestCaseError::fail(answers.to_owned()))?;
        match status {
            "100" | "200" | "204" => {}
            // The only handler with a rejection that is axum's own is that of this test.
            "413" => {}
            _ => prop_assert_eq!(
                &serde_json::from_str::<Value>(body).unwrap()["status"].to_string(),
                status,
                "{}",
                answers
            ),
        }
        answers = next;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_sent_is_answered_with_whole_answers_or_not_at_all(
        scraps in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    HELLO, "GET ", "POST ", "OPTIONS ", "/hello", "/echo", "*", " HTTP/1.1\r\n", " HTTP/1.0\r\n", " HTTP/2\r\n", "\r\n", "\r\n\r\n",
                    "host: a\r\n", "content-length: 3\r\n", "transfer-encoding: chunked\r\n", "expect: 100-continue\r\n", "3\r\nabc\r\n", "0\r\n\r\n",
                    "connection: close\r\n", "upgrade: h2c\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "abc", ":", "%",
                ]).prop_map(|scrap| scrap.as_bytes().to_vec()),
                prop::collection::vec(any::<u8>(), 0..8),
            ],
            0..12,
        ),
    ) {
        let soon = Duration::from_millis(30);
        let pace = Pace { head: soon, body: soon, answer: PATIENCE, idle: soon, linger: soon };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answers = runtime.block_on(async {
            let server = Server::polite(pace).await;
            let answers = server.exchange(&scraps.concat()).await;
            server.stopped().await;
            answers
        });
        check_answers(&answers)?;
    }
}

#[tokio::test]
async fn a_client_that_is_refused_while_it_is_sending_gets_to_read_why() {
    let server = Server::polite(HASTY).await;
    let mut request = b"POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 8000000\r\n\r\n".to_vec();
    request.resize(request.len() + 8_000_000, b'x');
    let answer = server.exchange(&request).await;
    check_last_problem(&answer, 404);
    server.stopped().await;
}

#[tokio::test]
async fn a_connection_goes_on_after_a_body_that_was_not_wanted_if_it_is_short() {
    let server = Server::polite(Pace { idle: PATIENCE, ..HASTY }).await;
    let head = "POST /nowhere HTTP/1.1\r\nhost: a\r\n";
    let last = "GET /hello HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    for body in ["content-length: 3\r\n\r\nabc", "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"] {
        let answers = server.exchange(format!("{head}{body}{last}").as_bytes()).await;
        assert!(answers.starts_with("HTTP/1.1 404 ") && answers.ends_with("hello"), "{answers}");
        assert_eq!(answers.matches("connection: close").count(), 1, "{answers}");
    }
    for body in [
        "content-length: 3\r\n\r\nab",
        "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "transfer-encoding: chunked\r\n\r\nx\r\n",
    ] {
        check_last_problem(&server.exchange(format!("{head}{body}").as_bytes()).await, 404);
    }
    server.stopped().await;
}

#[tokio::test]
async fn a_body_is_asked_for_only_when_it_is_wanted() {
    let server = Server::polite(HASTY).await;
    let head = "HTTP/1.1\r\nhost: a\r\nconnection: close\r\nexpect: 100-Continue\r\ncontent-length: 3\r\n\r\n";
    let mut stream = server.connect().await;
    stream.write_all(format!("POST /echo {head}").as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    timeout(PATIENCE, stream.read_exact(&mut interim)).await.unwrap().unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"abc").await.unwrap();
    assert!(rest(&mut stream).await.ends_with("abc"));
    let refused = server.exchange(format!("POST /nowhere {head}").as_bytes()).await;
    assert!(refused.starts_with("HTTP/1.1 404 "), "{refused}");
    server.stopped().await;
}

#[tokio::test]
async fn a_stop_closes_idle_connections_and_lets_requests_end() {
    let (begin, begun) = oneshot::channel::<()>();
    let (end, ended) = oneshot::channel::<()>();
    let both = Arc::new(Mutex::new(Some((begin, ended))));
    let routes = Router::new().route("/hello", get(async || "hello")).route(
        "/long",
        get(move || {
            let (begin, ended) = both.lock().unwrap().take().unwrap();
            async move {
                begin.send(()).unwrap();
                ended.await.unwrap();
                "done"
            }
        }),
    );
    let server = Server::start(Pace { idle: PATIENCE, head: PATIENCE, ..HASTY }, routes).await;
    let (mut silent, mut idle, mut busy) = (server.connect().await, server.connect().await, server.connect().await);
    idle.write_all(HELLO.as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with("hello") {
        answer.push(timeout(PATIENCE, idle.read_u8()).await.unwrap().unwrap().into());
    }
    busy.write_all(b"GET /long HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    begun.await.unwrap();
    server.stop.cancel();
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(rest(&mut idle).await, "");
    let refused = async { while TcpStream::connect(server.address).await.is_ok() {} };
    timeout(PATIENCE, refused).await.expect("nobody new is let in");
    end.send(()).unwrap();
    let answer = rest(&mut busy).await;
    assert!(answer.ends_with("done") && answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    server.stopped().await;
}
