//! Hosts that the service is sent to: some as they should be, some that misbehave, and ways out to them.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, Method, Uri},
    middleware::{self, Next},
    response::Response,
};
use bindery::egress::{Egress, EgressConfig, Limits, Resolve, SystemResolver};
use futures_util::future::BoxFuture;
use rustls::RootCertStore;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::{until, wait::seconds};

/// Limits that a test can wait for.
pub(crate) const SHORT: Limits = Limits {
    connect_time_max: Duration::from_secs(2),
    idle_time_max: Duration::from_secs(1),
    idle_bytes_min: 1024,
    time_max: Duration::from_secs(4),
    redirects_max: 3,
    header_bytes_max: 8 << 10,
};

/// A way out that asks the system for addresses.
pub(crate) fn egress(allow: &str) -> Egress {
    egress_by(allow, Arc::new(SystemResolver::new()))
}

/// A way out with a resolver of its own.
pub(crate) fn egress_by(allow: &str, resolver: Arc<dyn Resolve>) -> Egress {
    let allow = allow.parse().unwrap();
    Egress::new(EgressConfig { allow, limits: SHORT, roots: RootCertStore::empty(), resolver })
}

/// A resolver that gives one prepared answer after the other, whatever it is asked; the last one stays.
#[derive(Debug)]
pub(crate) struct Prepared {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Prepared {
    /// Prepares answers.
    pub(crate) fn answers(answers: &[&[&str]]) -> Arc<Self> {
        let read = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self { answers: Mutex::new(answers.iter().map(read).collect()), asked: AtomicUsize::new(0) })
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Resolve for Prepared {
    fn resolve(&self, _host: String) -> BoxFuture<'_, io::Result<Vec<IpAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(std::future::ready(Ok(answer.unwrap_or_default())))
    }
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

impl Arrived {
    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A host on a port of its own; gone when it is dropped.
pub(crate) struct Remote {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    pub(super) arrived: Arc<Mutex<Vec<Arrived>>>,
    pub(super) connections: Arc<AtomicUsize>,
    pub(super) serving: JoinHandle<()>,
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Remote {
    /// A host that serves routes.
    pub(crate) async fn serving(router: Router) -> Self {
        let (listener, address) = listen().await;
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let router = router.layer(middleware::from_fn_with_state(Arc::clone(&arrived), note));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, arrived, connections: Arc::default(), serving }
    }

    /// A host that does by hand what it does with each connection, after the head of the request has come.
    pub(crate) async fn by_hand<F>(behave: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let (listener, address) = listen().await;
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let serving = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                read_head(&mut stream).await;
                open.spawn(behave(stream));
            }
        });
        Self { address, arrived: Arc::default(), connections, serving }
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Its address as an entry of the allow-list.
    pub(crate) fn entry(&self) -> String {
        self.address.to_string()
    }

    /// The requests that have arrived at routes.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }

    /// Waits until a request has arrived at a route.
    pub(crate) async fn is_asked(&self) {
        until("the host is asked", seconds(10), async || (!self.arrived().is_empty()).then_some(())).await;
    }

    /// Connections that a host by hand has had.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// An address of this machine where nothing listens.
pub(crate) async fn nobody() -> SocketAddr {
    listen().await.1
}

pub(super) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn note(State(arrived): State<Arc<Mutex<Vec<Arrived>>>>, request: Request, next: Next) -> Response {
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    arrived.lock().unwrap().push(Arrived { method, uri, headers });
    next.run(request).await
}

pub(super) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
}

/// A body of so many chunks of 64 KiB.
pub(crate) fn chunks(count: usize) -> impl futures_util::Stream<Item = Result<Bytes, io::Error>> + Send + 'static {
    let chunk = Bytes::from(vec![0x5a; 64 << 10]);
    futures_util::stream::iter(std::iter::repeat_n(chunk, count).map(Ok))
}
