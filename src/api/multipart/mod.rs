//! A `multipart/form-data` body, read part by part while it arrives.
//!
//! Real clients write more than the standard has (RFC 7578, RFC 2046): boundaries that should be quoted and are not, folded
//! headers, file names in bytes that are no UTF-8, line feeds alone. All of that is read here; what is left is an error that
//! says what is wrong with the body.
//!
//! 1. Whatever the body holds, memory holds one piece of it: preamble, headers, and parts that nobody asked for are limited.
//! 2. A part is whole only when the boundary behind it has come; a body that ends before is broken.
//! 3. A body that stands still is ended by who serves the connection ([`super::server`]), as a body that broke off.
//!
//! # Why
//!
//! axum's own reader (multer) refuses the above and limits neither preamble nor headers. The rest of it would be this file.

use std::{pin::Pin, time::Duration};

use axum::{
    extract::Request,
    http::{HeaderMap, header},
};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use memchr::{memchr, memmem};
use tokio::time::Instant;

use super::{
    Problem,
    disposition::{self, Disposition},
};
use crate::domain::limits;

#[cfg(test)]
mod tests;

/// Most bytes of a boundary. The standard has 70.
const BOUNDARY_BYTES_MAX: usize = 256;
/// Most bytes between a boundary and the end of its line; the standard allows white space there.
const PADDING_BYTES_MAX: usize = 256;
/// Most bytes of a refused body that are read before the answer: a client that still sends often never sees an answer that
/// comes earlier, since the connection is reset under it.
const DRAIN_BYTES_MAX: usize = 64 << 20;
/// How long that goes on at most.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(3);

/// What is wrong with a body.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// The content type names no boundary.
    #[error("its content type names no boundary")]
    NoBoundary,
    /// The boundary that the content type names is not in the body.
    #[error("the boundary that its content type names does not occur in it")]
    WrongBoundary,
    /// It ends before the last boundary.
    #[error("it ends in the middle, without the closing boundary")]
    Cut,
    /// The connection broke.
    #[error("the connection broke before its end")]
    Connection(#[source] axum::Error),
    /// Something else stands behind a boundary.
    #[error("there is text behind a boundary on the same line")]
    Boundary,
    /// A header line is none.
    #[error("a part has a header line without a colon")]
    Header,
    /// The headers of a part are too long.
    #[error("the headers of a part have more than {} bytes", limits::PART_HEADER_BYTES_MAX)]
    LongHeader,
    /// There is too much besides the document and its options.
    #[error("more than {} bytes of it are neither the document nor its options", limits::FORM_OVERHEAD_BYTES_MAX)]
    Overhead,
    /// A part is encoded, which forms are not (RFC 7578, 4.7).
    #[error("a part has the Content-Transfer-Encoding '{0}'; send it as binary")]
    Encoded(String),
}

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        Self::bad_request(format!("The multipart body cannot be read: {broken}"))
    }
}

/// Whether a body is declared as a form.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let declared = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let essence = declared.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"multipart/form-data")
}

/// Where in the body the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the first boundary.
    Preamble,
    /// Behind a boundary, before the headers of a part.
    Headers,
    /// In the content of a part.
    Content,
    /// Behind the last boundary.
    End,
}

/// A body that is being read.
pub(super) struct Multipart {
    body: Pin<Box<dyn Stream<Item = Result<Bytes, axum::Error>> + Send>>,
    buffer: BytesMut,
    /// Two dashes and the boundary.
    marker: Vec<u8>,
    /// What ends a part: the marker behind a line end of the kind that the body has.
    delimiter: memmem::Finder<'static>,
    at: At,
    /// Bytes so far that are neither the document nor its options.
    overhead: usize,
    /// Whether the client waits to be told that the body is wanted (`Expect: 100-continue`).
    waits: bool,
}

/// One part. Dropped before its end, the rest of it is skipped.
pub(super) struct Part<'a> {
    multipart: &'a mut Multipart,
    disposition: Disposition,
    content_type: Option<String>,
}

impl Multipart {
    /// Begins to read the body of a request.
    pub(super) fn new(request: Request) -> Result<Self, Broken> {
        let boundary = boundary(request.headers()).ok_or(Broken::NoBoundary)?;
        let waits = request.headers().contains_key(header::EXPECT);
        let body = request.into_body().into_data_stream();
        Ok(Self { waits, ..Self::of(body, &boundary) })
    }

    fn of(body: impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static, boundary: &[u8]) -> Self {
        let marker = [b"--", boundary].concat();
        Self {
            body: Box::pin(body),
            // The first boundary may be the very beginning; a line end before it makes it like the others.
            buffer: BytesMut::from(&b"\r\n"[..]),
            delimiter: finder(b"\r\n", &marker),
            marker,
            at: At::Preamble,
            overhead: 0,
            waits: false,
        }
    }

    /// The next part, or `None` behind the last one.
    pub(super) async fn next_part(&mut self) -> Result<Option<Part<'_>>, Broken> {
        if self.at == At::Preamble {
            self.skip_preamble().await?;
        }
        while self.at == At::Content {
            let skipped = self.chunk().await?.map_or(0, |bytes| bytes.len());
            self.spend(skipped)?;
        }
        if self.at == At::End {
            return Ok(None);
        }
        let headers = self.headers().await?;
        self.at = At::Content;
        let of = |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_slice());
        let text = |wanted| of(wanted).map(|value| String::from_utf8_lossy(value).into_owned());
        if let Some(encoding) = text("content-transfer-encoding")
            && !["7bit", "8bit", "binary"].iter().any(|plain| encoding.eq_ignore_ascii_case(plain))
        {
            return Err(Broken::Encoded(encoding));
        }
        let disposition = of("content-disposition").map(Disposition::parse).unwrap_or_default();
        let content_type = text("content-type").filter(|declared| !declared.is_empty());
        Ok(Some(Part { multipart: self, disposition, content_type }))
    }

    /// Reads on, into nothing, so that the client comes to read the answer. It gives up soon enough.
    pub(super) async fn drain(&mut self) {
        // To read would be to tell the client that its body is wanted.
        if self.waits {
            return;
        }
        let until = Instant::now() + DRAIN_TIME_MAX;
        let mut left = DRAIN_BYTES_MAX;
        while let Ok(Some(Ok(bytes))) = tokio::time::timeout_at(until, self.body.next()).await {
            let Some(less) = left.checked_sub(bytes.len()) else { break };
            left = less;
        }
    }

    /// Waits for more of the body; false at its end.
    async fn read_more(&mut self) -> Result<bool, Broken> {
        self.waits = false;
        let Some(bytes) = self.body.next().await.transpose().map_err(Broken::Connection)? else { return Ok(false) };
        self.buffer.extend_from_slice(&bytes);
        Ok(true)
    }

    async fn skip_preamble(&mut self) -> Result<(), Broken> {
        let first = finder(b"\n", &self.marker);
        while first.find(&self.buffer).is_none() {
            if self.buffer.len() > limits::PART_HEADER_BYTES_MAX || !self.read_more().await? {
                return Err(Broken::WrongBoundary);
            }
        }
        let begin = first.find(&self.buffer).unwrap_or_default();
        self.buffer.advance(begin + 1 + self.marker.len());
        // The first line says how lines end. In the middle of a document only that kind may count as a line end.
        if self.line_ends_bare().await? {
            self.delimiter = finder(b"\n", &self.marker);
        }
        self.pass_boundary().await
    }

    /// Whether the line that the buffer begins with ends with a line feed alone.
    async fn line_ends_bare(&mut self) -> Result<bool, Broken> {
        loop {
            if let Some(end) = memchr(b'\n', &self.buffer) {
                return Ok(end.checked_sub(1).and_then(|before| self.buffer.get(before)) != Some(&b'\r'));
            }
            if self.buffer.len() > PADDING_BYTES_MAX || !self.read_more().await? {
                return Ok(false);
            }
        }
    }

    /// Reads what is left of the line of a boundary.
    async fn pass_boundary(&mut self) -> Result<(), Broken> {
        while self.buffer.len() < 2 {
            if !self.read_more().await? {
                return Err(Broken::Cut);
            }
        }
        if self.buffer.starts_with(b"--") {
            self.at = At::End;
            return Ok(());
        }
        let padding = self.line(PADDING_BYTES_MAX, || Broken::Boundary).await?;
        self.at = At::Headers;
        if padding.trim_ascii().is_empty() { Ok(()) } else { Err(Broken::Boundary) }
    }

    /// The headers of a part with their names in lower case.
    async fn headers(&mut self) -> Result<Vec<(String, Vec<u8>)>, Broken> {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let mut left = limits::PART_HEADER_BYTES_MAX;
        loop {
            let line = self.line(left, || Broken::LongHeader).await?;
            let whole = line.len() + 2;
            self.spend(whole)?;
            left = left.saturating_sub(whole);
            if line.is_empty() {
                break;
            }
            match lines.last_mut() {
                // A line that begins with white space goes on with the last one.
                Some(last) if line.starts_with(b" ") || line.starts_with(b"\t") => {
                    last.push(b' ');
                    last.extend_from_slice(line.trim_ascii());
                }
                _ => lines.push(line.to_vec()),
            }
        }
        let header = |line: &Vec<u8>| {
            let (name, value) = line.split_at(memchr(b':', line)?);
            let name = String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase();
            Some((name, value.get(1..)?.trim_ascii().to_vec()))
        };
        lines.iter().map(|line| header(line).ok_or(Broken::Header)).collect()
    }

    /// One line without its end.
    async fn line(&mut self, bytes_max: usize, too_long: impl Fn() -> Broken) -> Result<Bytes, Broken> {
        loop {
            if let Some(end) = memchr(b'\n', &self.buffer) {
                let line = self.buffer.split_to(end + 1).freeze();
                let line = line.slice(..end);
                let line = if line.ends_with(b"\r") { line.slice(..end - 1) } else { line };
                return if line.len() > bytes_max { Err(too_long()) } else { Ok(line) };
            }
            if self.buffer.len() > bytes_max + 1 {
                return Err(too_long());
            }
            if !self.read_more().await? {
                return Err(Broken::Cut);
            }
        }
    }

    /// The next piece of the content of the part, or `None` at its end.
    async fn chunk(&mut self) -> Result<Option<Bytes>, Broken> {
        let delimiter_bytes = self.delimiter.needle().len();
        while self.at == At::Content {
            let safe = match self.delimiter.find(&self.buffer) {
                Some(0) => {
                    self.buffer.advance(delimiter_bytes);
                    self.pass_boundary().await?;
                    break;
                }
                Some(end) => end,
                // The last bytes may be the first ones of the delimiter.
                None => (self.buffer.len() + 1).saturating_sub(delimiter_bytes),
            };
            if safe > 0 {
                return Ok(Some(self.buffer.split_to(safe).freeze()));
            }
            if !self.read_more().await? {
                return Err(Broken::Cut);
            }
        }
        Ok(None)
    }

    /// Counts what is neither the document nor its options.
    fn spend(&mut self, bytes: usize) -> Result<(), Broken> {
        self.overhead += bytes;
        if self.overhead > limits::FORM_OVERHEAD_BYTES_MAX { Err(Broken::Overhead) } else { Ok(()) }
    }
}

impl Part<'_> {
    /// Name of the form field.
    pub(super) fn name(&self) -> Option<&str> {
        self.disposition.name.as_deref()
    }

    /// Name of the file, if the part is one.
    pub(super) fn file_name(&self) -> Option<&str> {
        self.disposition.file_name.as_deref()
    }

    /// The media type that the client declares.
    pub(super) fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The next piece of the content, or `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Broken> {
        self.multipart.chunk().await
    }

    /// The content as a stream.
    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Bytes, Broken>> + Send {
        stream::try_unfold(self, |mut part| async move { Ok(part.chunk().await?.map(|bytes| (bytes, part))) })
    }
}

/// The boundary that a content type names. Many do not quote one that has to be, as in `----=_Part_1.2`.
fn boundary(headers: &HeaderMap) -> Option<Vec<u8>> {
    let declared = headers.get(header::CONTENT_TYPE)?.as_bytes();
    let found = disposition::parameters(declared).into_iter().find(|parameter| parameter.name == "boundary")?;
    Some(found.value).filter(|boundary| (1..=BOUNDARY_BYTES_MAX).contains(&boundary.len()))
}

fn finder(line_end: &[u8], marker: &[u8]) -> memmem::Finder<'static> {
    memmem::Finder::new(&[line_end, marker].concat()).into_owned()
}
