//! A way to the database that can be cut, as a network is, and led elsewhere, as an address is.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncWrite, copy_bidirectional},
    net::{TcpStream, UnixListener, UnixStream},
    task::{JoinHandle, JoinSet},
};

use super::Database;

/// The file name of a socket of PostgreSQL on its usual port.
const SOCKET: &str = ".s.PGSQL.5432";

trait Pipe: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Pipe for T {}

/// A Unix socket that leads to the database until it is cut.
pub(crate) struct CutProxy {
    folder: TempDir,
    upstream: Arc<Mutex<PgConnectOptions>>,
    accepting: Option<JoinHandle<()>>,
    /// The database by this way, for processes.
    pub(crate) url: String,
}

impl CutProxy {
    /// Opens a way to a database.
    pub(crate) fn open(database: &Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (user, name) = (database.options.get_username(), database.options.get_database().unwrap());
        let url = format!("postgres://{user}@localhost:5432/{name}?host={}", folder.path().display());
        let upstream = Arc::new(Mutex::new(database.options.clone()));
        let mut proxy = Self { folder, upstream, accepting: None, url };
        proxy.restore();
        proxy
    }

    /// Leads new connections to another server; those that there are stay where they are.
    pub(crate) fn lead_to(&self, options: &PgConnectOptions) {
        *self.upstream.lock().unwrap() = options.clone();
    }

    /// Cuts every connection and lets no new one through.
    pub(crate) fn cut(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
        }
        std::fs::remove_file(self.folder.path().join(SOCKET)).unwrap();
    }

    /// Lets connections through again.
    pub(crate) fn restore(&mut self) {
        let listener = UnixListener::bind(self.folder.path().join(SOCKET)).unwrap();
        let upstream = Arc::clone(&self.upstream);
        self.accepting = Some(tokio::spawn(async move {
            // Dropped with this task, and every connection with it.
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let upstream = upstream.lock().unwrap().clone();
                connections.spawn(async move {
                    if let Ok(mut server) = connect(&upstream).await
                        && let Err(error) = copy_bidirectional(&mut client, &mut server).await
                    {
                        eprintln!("a connection through the proxy ended: {error}");
                    }
                });
            }
        }));
    }
}

async fn connect(options: &PgConnectOptions) -> std::io::Result<Box<dyn Pipe>> {
    match options.get_socket() {
        Some(folder) => {
            let socket: PathBuf = folder.join(format!(".s.PGSQL.{}", options.get_port()));
            Ok(Box::new(UnixStream::connect(socket).await?))
        }
        None => Ok(Box::new(TcpStream::connect((options.get_host(), options.get_port())).await?)),
    }
}
