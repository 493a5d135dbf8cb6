//! A way to a server that can be cut, as a network is: to PostgreSQL by a Unix socket, to an API by TCP.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Mutex,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    task::{JoinHandle, JoinSet},
};

/// The file name of a socket of PostgreSQL on its usual port.
pub(crate) const SOCKET: &str = ".s.PGSQL.5432";

/// Both ends of a way.
#[derive(Debug, Clone)]
enum Ends {
    Unix { from: PathBuf, to: PathBuf },
    Tcp { from: SocketAddr, to: SocketAddr },
}

/// A way that is open until it is cut.
pub(crate) struct Proxy {
    /// What it is called in the log of the run.
    pub(crate) name: String,
    ends: Ends,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

impl Proxy {
    /// A way to the socket of a PostgreSQL, from a socket in a folder of its own.
    pub(crate) async fn to_postgres(name: &str, folder: &Path, server: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        Self::open(name, Ends::Unix { from: folder.join(SOCKET), to: server.join(SOCKET) }).await
    }

    /// A way to an API.
    pub(crate) async fn to_api(name: &str, from: SocketAddr, to: SocketAddr) -> anyhow::Result<Self> {
        Self::open(name, Ends::Tcp { from, to }).await
    }

    async fn open(name: &str, ends: Ends) -> anyhow::Result<Self> {
        let proxy = Self { name: name.to_owned(), ends, accepting: Mutex::new(None) };
        proxy.restore().await?;
        Ok(proxy)
    }

    /// Cuts every connection and lets no new one through.
    pub(crate) fn cut(&self) {
        if let Some(accepting) = self.accepting.lock().unwrap().take() {
            accepting.abort();
        }
        if let Ends::Unix { from, .. } = &self.ends {
            drop(std::fs::remove_file(from));
        }
    }

    /// Lets connections through again; does nothing when it does already.
    pub(crate) async fn restore(&self) -> anyhow::Result<()> {
        if self.accepting.lock().unwrap().is_some() {
            return Ok(());
        }
        let task = match self.ends.clone() {
            Ends::Unix { from, to } => {
                let listener = UnixListener::bind(from)?;
                tokio::spawn(forward_unix(listener, to))
            }
            Ends::Tcp { from, to } => {
                let listener = bind(from).await?;
                tokio::spawn(forward_tcp(listener, to))
            }
        };
        *self.accepting.lock().unwrap() = Some(task);
        Ok(())
    }
}

/// Listens as soon as the listener that was cut has gone.
async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let mut tries = 0;
    loop {
        match TcpListener::bind(address).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries < 100 => {
                tries += 1;
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            bound => return bound,
        }
    }
}

// The connections are dropped with these tasks. How one ends is for its two ends to say.

async fn forward_unix(listener: UnixListener, to: PathBuf) {
    let mut connections = JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let to = to.clone();
        connections.spawn(async move {
            let mut server = UnixStream::connect(to).await?;
            copy_bidirectional(&mut client, &mut server).await
        });
    }
}

async fn forward_tcp(listener: TcpListener, to: SocketAddr) {
    let mut connections = JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(async move {
            let mut server = TcpStream::connect(to).await?;
            server.set_nodelay(true)?;
            client.set_nodelay(true)?;
            copy_bidirectional(&mut client, &mut server).await
        });
    }
}
