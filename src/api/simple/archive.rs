//! Results as a ZIP archive that is written while it is sent.
//!
//! Entries are deflated although PDFs hardly shrink: what is stored as it is cannot be read from a stream by readers that do not
//! look at the directory at the end first, as those of Java do. Bytes are deflated here and not on a thread of their own: a piece at
//! a time, they take no longer than other work between two waits, and a slow client holds no thread.

use std::{
    collections::VecDeque,
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use zip::{
    CompressionMethod, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use super::{ending::Pieces, names};
use crate::storage::{self, blobs::Blobs, results::ResultRow};

/// Bytes that are deflated at once.
const PIECE_BYTES: usize = 64 << 10;
/// Files of more bytes than this are announced as large ones (ZIP64). Deflated, a file may grow a little.
const SMALL_BYTES_MAX: i64 = 0xf000_0000;

/// Archives results under their names.
pub(super) fn of(blobs: Blobs, results: Vec<ResultRow>) -> Pieces {
    let names = names::side_by_side(results.iter().map(|result| result.file_name.as_str()));
    let shelf = Shelf::default();
    let writing = Writing {
        blobs,
        waiting: names.into_iter().zip(results).collect(),
        open: None,
        archive: Some(ZipWriter::new_stream(shelf.clone())),
        shelf,
    };
    stream::try_unfold(writing, |mut writing| async move { Ok(writing.next().await?.map(|bytes| (bytes, writing))) })
        .boxed()
}

/// An archive that is half-way written.
struct Writing {
    blobs: Blobs,
    waiting: VecDeque<(String, ResultRow)>,
    open: Option<(BoxStream<'static, Result<Bytes, storage::Error>>, Bytes)>,
    /// None when it is finished.
    archive: Option<ZipWriter<StreamWriter<Shelf>>>,
    shelf: Shelf,
}

impl Writing {
    /// The next piece of the archive, or `None` behind the last one.
    async fn next(&mut self) -> Result<Option<Bytes>, axum::BoxError> {
        loop {
            let piece = self.shelf.take();
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
            let Some(archive) = &mut self.archive else { return Ok(None) };
            match self.open.take() {
                Some((source, mut bytes)) if !bytes.is_empty() => {
                    archive.write_all(&bytes.split_to(bytes.len().min(PIECE_BYTES)))?;
                    self.open = Some((source, bytes));
                }
                Some((mut source, _)) => self.open = source.try_next().await?.map(|bytes| (source, bytes)),
                None => match self.waiting.pop_front() {
                    Some((name, file)) => {
                        let options = SimpleFileOptions::default()
                            .compression_method(CompressionMethod::Deflated)
                            .compression_level(Some(1))
                            .large_file(file.bytes > SMALL_BYTES_MAX);
                        archive.start_file(name, options)?;
                        self.open = Some((self.blobs.get(&file.blob, None).await?, Bytes::new()));
                    }
                    None => {
                        if let Some(archive) = self.archive.take() {
                            archive.finish()?;
                        }
                    }
                },
            }
        }
    }
}

/// Where an archive puts its bytes, to be fetched from there.
#[derive(Debug, Clone, Default)]
struct Shelf(Arc<Mutex<Vec<u8>>>);

impl Shelf {
    fn take(&self) -> Bytes {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Shelf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
