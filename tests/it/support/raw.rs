//! Requests that no HTTP client sends: odd targets, and connections that stand still or break.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::Client;

/// The address and port of a service.
pub(crate) fn address(client: &Client) -> &str {
    client.base.strip_prefix("http://").unwrap().split('/').next().unwrap()
}

/// Opens a connection and sends the beginning of something.
pub(crate) async fn open(client: &Client, begin: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address(client)).await.unwrap();
    stream.write_all(begin).await.unwrap();
    stream
}

/// Begins to upload a form with the boundary `b`: announces more bytes than it sends.
pub(crate) async fn begin_upload(client: &Client, job: &str, sent: &[u8], announced: usize) -> TcpStream {
    let head = format!(
        "POST /conversion/v1.0/rest/jobs/{job}/data HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {announced}\r\n\r\n",
        address(client)
    );
    open(client, &[head.as_bytes(), sent].concat()).await
}

/// Reads what is answered until the connection is closed.
pub(crate) async fn read(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends a whole request without a body, its first line as given, and gives the first line of the answer.
pub(crate) async fn exchange(client: &Client, first_line: &str) -> String {
    let request =
        format!("{first_line}\r\nHost: {}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", address(client));
    let mut stream = open(client, request.as_bytes()).await;
    read(&mut stream).await.lines().next().unwrap_or_default().to_owned()
}
