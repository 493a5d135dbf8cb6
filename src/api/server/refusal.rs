//! What is answered to bytes that are no request.

use std::time::Duration;

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::Pace;
use crate::{api::Problem, domain::limits};

/// A date as HTTP has it (RFC 9110, 5.6.7).
const DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// The problem with a head that hyper cannot parse; `head` is what came of it, unless hyper has taken it apart already.
pub(super) fn of_head(error: &hyper::Error, head: &[u8]) -> Problem {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.len() > limits::REQUEST_TARGET_BYTES_MAX {
        Problem::target_too_long()
    } else if error.is_parse_too_large() {
        Problem::head_too_large()
    } else if error.is_parse_version_h2() || is_of_another_version(line) {
        Problem::version_not_supported()
    } else {
        Problem::bad_request(format!("The request cannot be read as HTTP/1.1: {error}"))
    }
}

/// Whether a request line ends with a version that is not spoken here.
fn is_of_another_version(line: &[u8]) -> bool {
    let last = line.trim_ascii_end().rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    let version = last.strip_prefix(b"HTTP/").filter(|version| version.first().is_some_and(u8::is_ascii_digit));
    version.is_some_and(|version| version != b"1.0" && version != b"1.1")
}

/// Answers with a problem where there is no request that could say how it likes it: in JSON.
pub(super) async fn send(stream: &mut TcpStream, problem: &Problem, pace: &Pace) {
    let (status, body, id) = (problem.status(), problem.json(), uuid::Uuid::new_v4().simple());
    let date = OffsetDateTime::now_utc().format(DATE).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nx-request-id: {id}\r\n\
         connection: close\r\ndate: {date}\r\n\r\n{body}",
        body.len(),
    );
    tracing::info!(request.id = %id, http.status = status.as_u16(), "refused what is no request");
    if !matches!(timeout(pace.answer, stream.write_all(answer.as_bytes())).await, Ok(Ok(()))) {
        tracing::debug!(request.id = %id, "the client did not wait for its answer");
    }
}

/// Ends a connection so that the client can read what was written to it. Closing one on which unread bytes have arrived
/// makes the kernel reset it, and a reset throws away what the client has not read yet.
pub(super) async fn linger(mut stream: TcpStream, longest: Duration, stop: &CancellationToken) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut unread = vec![0; 16 << 10];
    let drained = async { while matches!(stream.read(&mut unread).await, Ok(count) if count > 0) {} };
    if stop.run_until_cancelled(timeout(longest, drained)).await.is_none() {
        tracing::trace!("a connection was closed without waiting for its client");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_are_not_spoken_are_told_from_nonsense() {
        for other in ["GET / HTTP/2.0", "GET / HTTP/0.9\r", "PRI * HTTP/2.0\r", "GET / HTTP/1.2", "GET /a b HTTP/3"] {
            assert!(is_of_another_version(other.as_bytes()), "{other}");
        }
        for other in ["GET / HTTP/1.1\r", "GET / HTTP/1.0", "GET /", "GET / HTTP/", "GET / http/2.0", "", "HTTP"] {
            assert!(!is_of_another_version(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_date_is_written_as_http_has_it() {
        let date = time::macros::datetime!(1994-11-06 08:49:37 UTC);
        assert_eq!(date.format(DATE).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
