//! The load generator: connections that stay open, each with one call after the other.
//!
//! It is one thread on hyper's client, so that it takes as little as it can of the processors that it shares.

use std::{future::poll_fn, net::SocketAddr, pin::Pin, rc::Rc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use clap::{Parser, ValueEnum};
use hyper::{Request, body::Body as _, client::conn::http1};
use hyper_util::rt::TokioIo;
use nix::sys::resource::{UsageWho, getrusage};
use tokio::{net::TcpStream, task::LocalSet, time::Instant};

use crate::{BASE, say};

/// Bytes of a document.
pub(crate) const DOCUMENT_BYTES: usize = 10 * 1024;
const BOUNDARY: &str = "bindery-bench-5a1f0c";

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Call {
    /// `POST /jobs` with an empty list of options.
    Create,
    /// `POST /jobs/{id}/data` with a document.
    Add,
    /// `GET /jobs/{id}`.
    Status,
}

impl Call {
    /// Its name as an argument.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Add => "add",
            Self::Status => "status",
        }
    }
}

/// One round. The jobs stand on standard input, one a line.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    #[arg(long)]
    address: SocketAddr,
    #[arg(long)]
    call: Call,
    #[arg(long)]
    connections: usize,
    #[arg(long)]
    seconds: f64,
    /// Calls before the measurement.
    #[arg(long)]
    warm_seconds: f64,
}

/// What all connections share.
struct Plan {
    args: Args,
    jobs: Vec<String>,
    form: Bytes,
    begin: Instant,
    end: Instant,
}

/// Runs a round: says `begin` when the measurement begins, and then what it measured.
pub(crate) async fn run(args: Args) {
    let jobs: Vec<String> = std::io::stdin().lines().map(|line| line.expect("jobs are text")).collect();
    let begin = Instant::now() + Duration::from_secs_f64(args.warm_seconds);
    let end = begin + Duration::from_secs_f64(args.seconds);
    let plan = Rc::new(Plan { jobs, form: form(), begin, end, args });
    let callers = LocalSet::new();
    let called: Vec<_> =
        (0..plan.args.connections).map(|number| callers.spawn_local(call(Rc::clone(&plan), number))).collect();
    let began = callers.spawn_local(async move {
        tokio::time::sleep_until(begin).await;
        say("begin");
        processor_seconds()
    });
    let mut micros: Vec<u64> = Vec::new();
    let used = callers
        .run_until(async {
            for caller in called {
                micros.extend(caller.await.expect("no caller panics"));
            }
            processor_seconds() - began.await.expect("it only waits")
        })
        .await;
    micros.sort_unstable();
    let at = |share: usize| micros.get((micros.len() * share / 100).min(micros.len().saturating_sub(1))).copied();
    let (p50, p99) = (at(50).unwrap_or_default(), at(99).unwrap_or_default());
    say(&format!("end calls={} p50_us={p50} p99_us={p99} client_seconds={used}", micros.len()));
}

/// Calls until the time is over, and gives how long each call took that was made within the measurement.
async fn call(plan: Rc<Plan>, number: usize) -> Vec<u64> {
    let stream = TcpStream::connect(plan.args.address).await.expect("the server listens");
    stream.set_nodelay(true).expect("it is a socket");
    let (mut sender, connection) = http1::handshake::<_, Body>(TokioIo::new(stream)).await.expect("it speaks HTTP");
    tokio::task::spawn_local(connection);
    let mut micros = Vec::new();
    for turn in 0.. {
        let request = plan.request(number + turn * plan.args.connections);
        sender.ready().await.expect("the connection stays open");
        let began = Instant::now();
        if began >= plan.end {
            break;
        }
        let response = sender.send_request(request).await.expect("the call is answered");
        let status = response.status().as_u16();
        assert_eq!(status, if plan.args.call == Call::Status { 200 } else { 201 });
        let mut body = response.into_body();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            frame.expect("the answer comes to its end");
        }
        let ended = Instant::now();
        if began >= plan.begin && ended <= plan.end {
            micros.push(u64::try_from((ended - began).as_micros()).expect("a call is short"));
        }
    }
    micros
}

impl Plan {
    fn request(&self, turn: usize) -> Request<Body> {
        let job = || self.jobs.get(turn % self.jobs.len().max(1)).expect("there are jobs");
        let request =
            Request::builder().header("host", self.args.address.to_string()).header("accept", "application/json");
        let request = match self.args.call {
            Call::Status => request.uri(format!("{BASE}/jobs/{}", job())).body(Body::empty()),
            Call::Create => request
                .method("POST")
                .uri(format!("{BASE}/jobs"))
                .header("content-type", "application/json")
                .body(Body::from("[]")),
            Call::Add => request
                .method("POST")
                .uri(format!("{BASE}/jobs/{}/data", job()))
                .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
                .body(Body::from(self.form.clone())),
        };
        request.expect("all of it is valid")
    }
}

/// A form with one document.
fn form() -> Bytes {
    let head = "content-disposition: form-data; name=\"data\"; filename=\"a.txt\"\r\ncontent-type: text/plain";
    let document = "All work and no play. ".repeat(DOCUMENT_BYTES / 22 + 1);
    let document: String = document.chars().take(DOCUMENT_BYTES).collect();
    format!("--{BOUNDARY}\r\n{head}\r\n\r\n{document}\r\n--{BOUNDARY}--\r\n").into()
}

/// Processor seconds of this process.
fn processor_seconds() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("the kernel counts");
    let seconds = |time: nix::sys::time::TimeVal| {
        Duration::from_micros(u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or_default())
            .as_secs_f64()
    };
    seconds(usage.user_time()) + seconds(usage.system_time())
}
