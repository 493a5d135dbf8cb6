//! The JSON of a structured call, read while it arrives: contents of documents are handed on piece by piece, and only the rest of it is
//! kept.
//!
//! This looks no closer than it has to: it finds the items of the list `data` and their members `content`. Whether the whole is JSON
//! at all is found out when the rest is parsed, with empty texts in place of contents.

use std::pin::Pin;

use axum::body::Body;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use memchr::memchr2;

use super::base64::{Decoder, NotBase64};
use crate::domain::limits;

/// What is wrong with a body.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    /// It ends within a content.
    #[error("it ends in the middle of a text")]
    Cut,
    /// The connection broke.
    #[error("the connection broke before its end")]
    Connection(#[source] axum::Error),
    /// It has too much besides contents.
    #[error("without the contents it has more than {} bytes", limits::STRUCTURED_BYTES_MAX)]
    TooLong,
    /// A content is not what it should be.
    #[error(transparent)]
    Base64(#[from] NotBase64),
}

/// What was found in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// An item of `data` begins.
    Item,
    /// The text of its member `content` begins.
    Content,
    /// The body has ended.
    End,
}

/// A body that is being read.
pub(super) struct Scan {
    body: Pin<Box<dyn Stream<Item = Result<Bytes, axum::Error>> + Send>>,
    buffer: BytesMut,
    outline: Outline,
    decoder: Decoder,
}

impl Scan {
    /// Begins to read.
    pub(super) fn new(body: Body) -> Self {
        Self::of(body.into_data_stream())
    }

    fn of(body: impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static) -> Self {
        Self { body: Box::pin(body), buffer: BytesMut::new(), outline: Outline::default(), decoder: Decoder::default() }
    }

    /// Reads to what comes next. A content that was found is to be read first.
    pub(super) async fn next(&mut self) -> Result<Found, Broken> {
        loop {
            while let Some(byte) = self.buffer.first().copied() {
                self.buffer.advance(1);
                if let Some(found) = self.outline.take(byte)? {
                    return Ok(found);
                }
            }
            if !self.read_more().await? {
                return Ok(Found::End);
            }
        }
    }

    /// The bytes of the content that was found.
    pub(super) fn content(&mut self) -> impl Stream<Item = Result<Bytes, Broken>> + Send {
        stream::try_unfold(Some(self), |scan| async move {
            let Some(scan) = scan else { return Ok(None) };
            let (bytes, is_last) = scan.piece().await?;
            Ok(Some((bytes, (!is_last).then_some(scan))))
        })
    }

    /// All but the contents, once the end was found.
    pub(super) fn into_rest(self) -> Vec<u8> {
        self.outline.rest
    }

    /// The next bytes of a content, and whether they are its last.
    async fn piece(&mut self) -> Result<(Bytes, bool), Broken> {
        loop {
            let plain = memchr2(b'"', b'\\', &self.buffer).unwrap_or(self.buffer.len());
            if plain > 0 {
                let bytes = self.decoder.decode(&self.buffer.split_to(plain))?;
                if !bytes.is_empty() {
                    return Ok((bytes, false));
                }
            }
            match self.buffer.first() {
                Some(b'"') => {
                    self.buffer.advance(1);
                    return Ok((self.decoder.finish()?, true));
                }
                Some(_) => {
                    let symbol = self.escaped().await?;
                    let bytes = self.decoder.decode(&[symbol])?;
                    if !bytes.is_empty() {
                        return Ok((bytes, false));
                    }
                }
                None => self.need(1).await?,
            }
        }
    }

    /// Reads a sign that is escaped: some libraries do that with every slash or plus.
    async fn escaped(&mut self) -> Result<u8, Broken> {
        self.need(2).await?;
        let kind = self.buffer.get(1).copied().unwrap_or_default();
        if kind != b'u' {
            self.buffer.advance(2);
            return match kind {
                b'/' => Ok(b'/'),
                b'n' | b'r' | b't' => Ok(b' '),
                _ => Err(NotBase64.into()),
            };
        }
        self.need(6).await?;
        let escape = self.buffer.split_to(6);
        let digits = escape.get(2..).and_then(|digits| std::str::from_utf8(digits).ok());
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or_else(|| NotBase64.into())
    }

    /// Waits until so many bytes are there.
    async fn need(&mut self, count: usize) -> Result<(), Broken> {
        while self.buffer.len() < count {
            if !self.read_more().await? {
                return Err(Broken::Cut);
            }
        }
        Ok(())
    }

    /// Waits for more of the body; false at its end.
    async fn read_more(&mut self) -> Result<bool, Broken> {
        let Some(bytes) = self.body.next().await.transpose().map_err(Broken::Connection)? else { return Ok(false) };
        self.buffer.extend_from_slice(&bytes);
        Ok(true)
    }
}

/// Depth of the members of the whole.
const TOP: usize = 1;
/// Depth of the list of items.
const LIST: usize = 2;
/// Depth of the members of an item.
const ITEM: usize = 3;

/// Where in the whole a body stands, and what was read of it.
#[derive(Debug, Default)]
struct Outline {
    /// All but the contents.
    rest: Vec<u8>,
    depth: usize,
    /// How the first levels are opened: objects and lists.
    opened: [u8; ITEM + 1],
    /// Whether a name comes next, on the first levels.
    names_next: [bool; ITEM + 1],
    text: Text,
    /// Where in the rest the text began.
    text_from: usize,
    /// Whether the member of the whole is `data`.
    is_data: bool,
    /// Whether the member of the item is `content`.
    is_content: bool,
}

/// Whether the reader stands in a text.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Text {
    #[default]
    Outside,
    Name,
    Value,
    /// Behind a backslash in one of them.
    EscapeInName,
    EscapeInValue,
}

impl Outline {
    /// Takes one byte more.
    fn take(&mut self, byte: u8) -> Result<Option<Found>, Broken> {
        if self.rest.len() >= limits::STRUCTURED_BYTES_MAX {
            return Err(Broken::TooLong);
        }
        self.rest.push(byte);
        self.text = match (self.text, byte) {
            (Text::Outside, _) => return Ok(self.outside(byte)),
            (Text::Name, b'\\') => Text::EscapeInName,
            (Text::Value, b'\\') => Text::EscapeInValue,
            (Text::Name, b'"') => {
                self.named();
                Text::Outside
            }
            (Text::Value, b'"') => Text::Outside,
            (Text::Name | Text::EscapeInName, _) => Text::Name,
            (Text::Value | Text::EscapeInValue, _) => Text::Value,
        };
        Ok(None)
    }

    fn outside(&mut self, byte: u8) -> Option<Found> {
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth <= ITEM {
                    self.opened[self.depth] = byte;
                    self.names_next[self.depth] = byte == b'{';
                }
                let begins = byte == b'{' && self.is_in_item();
                self.is_content &= !begins;
                return begins.then_some(Found::Item);
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' | b':' if self.depth <= ITEM => {
                self.names_next[self.depth] = byte == b',' && self.opened[self.depth] == b'{';
            }
            b'"' if self.depth <= ITEM && self.names_next[self.depth] => {
                self.text_from = self.rest.len() - 1;
                self.text = Text::Name;
            }
            b'"' if self.is_in_item() && self.is_content => {
                self.rest.push(b'"');
                return Some(Found::Content);
            }
            b'"' => self.text = Text::Value,
            _ => {}
        }
        None
    }

    /// Whether the reader stands right in an item of `data`.
    fn is_in_item(&self) -> bool {
        self.depth == ITEM && self.is_data && self.opened == [self.opened[0], b'{', b'[', b'{']
    }

    /// Takes note of a name that was read.
    fn named(&mut self) {
        let name = self.rest.get(self.text_from..).and_then(|text| serde_json::from_slice::<String>(text).ok());
        let is = |wanted| name.as_deref() == Some(wanted);
        match self.depth {
            TOP => self.is_data = is("data"),
            ITEM => self.is_content = is("content"),
            // `LIST` has names only when it is no list.
            LIST.. | 0 => {}
        }
    }
}

#[cfg(test)]
mod tests;
