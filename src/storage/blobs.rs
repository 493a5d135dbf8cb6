//! The blob store: documents and results as immutable objects under names that the database holds.
//!
//! 1. `put` answers after the bytes are durable (synced, with their folder), so a row committed later never names less.
//! 2. A name is written once: names of engine output carry the fence of the attempt, so a late writer overwrites nothing.
//! 3. Everything of a job lives under `jobs/<id>/`, so a purge is one prefix.

use std::{
    fmt,
    path::{Path as FsPath, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt, PutMode, PutOptions, WriteMultipart,
    local::LocalFileSystem, path::Path,
};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::Error;
use crate::domain::{DocumentId, JobId};

/// Bytes of one part while streaming; at most [`PARTS_IN_FLIGHT`] of them are held.
const PART_BYTES: usize = 4 << 20;
/// Parts that may be under way at once.
const PARTS_IN_FLIGHT: usize = 2;

/// The blob that names the service a store belongs to.
const OWNER: &str = "installation";

/// Where documents and results are kept.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// The folder, when the store is one: it can hold halves of uploads, which the store itself does not show.
    folder: Option<PathBuf>,
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blobs({})", self.store)
    }
}

/// What was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Name in the store.
    pub blob: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
}

/// Why an upload did not end in a blob; nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum PutError<E> {
    /// The stream that was to be stored broke.
    #[error("the source broke off")]
    Source(E),
    /// It is longer than allowed.
    #[error("more than {max} bytes")]
    TooLarge {
        /// The limit in bytes.
        max: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(Error),
}

/// The name of an uploaded document.
pub fn document_name(job: JobId, document: DocumentId) -> String {
    format!("jobs/{job}/{document}/original")
}

/// The name of a converted document, unique to the attempt.
pub fn converted_name(job: JobId, document: DocumentId, fence: i64) -> String {
    format!("jobs/{job}/{document}/converted-{fence}.pdf")
}

/// The name of the words of a page, unique to the attempt.
pub fn words_name(job: JobId, document: DocumentId, page: i32, fence: i64) -> String {
    format!("jobs/{job}/{document}/words-{page}-{fence}.json")
}

/// The name of a piece of a TIFF by its first page, unique to the attempt.
pub fn piece_name(job: JobId, first_page: i32, fence: i64) -> String {
    format!("jobs/{job}/pages/{first_page}-{fence}")
}

/// The name of a result by its place and its extension, unique to the attempt.
pub fn result_name(job: JobId, fence: i64, place: usize, extension: &str) -> String {
    format!("jobs/{job}/results/{fence}-{place}.{extension}")
}

/// The prefix of everything of a job.
pub fn job_prefix(job: JobId) -> String {
    format!("jobs/{job}")
}

/// Reads bytes that are stored under a name already, and gives what storing them would: whether they are the same shows in it.
///
/// # Errors
/// When the source breaks or is longer than `bytes_max`.
pub async fn measure<S, E>(blob: &str, source: S, bytes_max: u64) -> Result<Stored, PutError<E>>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let mut source = std::pin::pin!(source);
    let mut hasher = Sha256::new();
    let mut bytes = 0_u64;
    while let Some(chunk) = source.try_next().await.map_err(PutError::Source)? {
        bytes += chunk.len() as u64;
        if bytes > bytes_max {
            return Err(PutError::TooLarge { max: bytes_max });
        }
        hasher.update(&chunk);
    }
    Ok(Stored { blob: blob.to_owned(), bytes, sha256: hasher.finalize().into() })
}

impl Blobs {
    /// Opens a store in a folder, which is made if it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made or used.
    pub fn in_folder(folder: &FsPath) -> Result<Self, Error> {
        std::fs::create_dir_all(folder)
            .map_err(|source| object_store::Error::Generic { store: "folder", source: source.into() })
            .and_then(|()| LocalFileSystem::new_with_prefix(folder))
            .map(|store| Self {
                store: Arc::new(store.with_automatic_cleanup(true).with_fsync(true)),
                folder: Some(folder.to_owned()),
            })
            .map_err(failed("open its folder"))
    }

    /// Streams bytes into the store, hashing them on the way, never more than a few parts in memory.
    ///
    /// # Errors
    /// When the source breaks, is longer than `bytes_max`, or the store fails; the upload is then abandoned.
    pub async fn put<S, E>(&self, blob: &str, source: S, bytes_max: u64) -> Result<Stored, PutError<E>>
    where
        S: Stream<Item = Result<Bytes, E>>,
    {
        let store_failed = |source| PutError::Store(failed("store a file")(source));
        let upload = self.store.put_multipart(&Path::from(blob)).await.map_err(store_failed)?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let mut source = std::pin::pin!(source);
        let mut hasher = Sha256::new();
        let mut bytes = 0_u64;
        let failure = loop {
            match source.next().await {
                None => break None,
                Some(Err(error)) => break Some(PutError::Source(error)),
                Some(Ok(chunk)) => {
                    bytes += chunk.len() as u64;
                    if bytes > bytes_max {
                        break Some(PutError::TooLarge { max: bytes_max });
                    }
                    hasher.update(&chunk);
                    if let Err(error) = writer.wait_for_capacity(PARTS_IN_FLIGHT).await {
                        break Some(store_failed(error));
                    }
                    writer.put(chunk);
                }
            }
        };
        if let Some(failure) = failure {
            if let Err(error) = writer.abort().await {
                tracing::warn!(%error, blob, "could not abandon an upload");
            }
            return Err(failure);
        }
        self.publish(blob, writer).await.map_err(store_failed)?;
        Ok(Stored { blob: blob.to_owned(), bytes, sha256: hasher.finalize().into() })
    }

    /// Ends an upload, which cannot be stopped half-way; when nobody waits for it any more, what came of it is removed.
    async fn publish(&self, blob: &str, writer: WriteMultipart) -> Result<(), object_store::Error> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let (store, name) = (Arc::clone(&self.store), Path::from(blob));
        tokio::spawn(async move {
            let finished = writer.finish().await.map(|_| ());
            if let Err(Ok(())) = tell.send(finished)
                && let Err(error) = store.delete(&name).await
            {
                tracing::warn!(%error, blob = %name, "could not remove a file that nobody waits for");
            }
        });
        let ended = |_| object_store::Error::Generic { store: "folder", source: "the upload came to no end".into() };
        told.await.map_err(ended)?
    }

    /// Stores a file of the local disk.
    ///
    /// # Errors
    /// When the file cannot be read or the store fails.
    pub async fn put_file(&self, blob: &str, path: &FsPath) -> Result<Stored, Error> {
        let broken = |source: std::io::Error| {
            failed("read a file to store")(object_store::Error::Generic { store: "folder", source: source.into() })
        };
        // A link is not followed: an engine host that its document has taken over may leave one that leads anywhere.
        let mut options = tokio::fs::OpenOptions::new();
        let file = options.read(true).custom_flags(nix::libc::O_NOFOLLOW).open(path).await.map_err(broken)?;
        match self.put(blob, tokio_util::io::ReaderStream::with_capacity(file, 256 << 10), u64::MAX).await {
            Ok(stored) => Ok(stored),
            Err(PutError::Source(source)) => Err(broken(source)),
            Err(PutError::TooLarge { .. }) => Err(Error::Corrupt { what: "a file without end".to_owned() }),
            Err(PutError::Store(error)) => Err(error),
        }
    }

    /// Streams a blob out, whole or a range of it.
    ///
    /// # Errors
    /// `Corrupt` when it is not there: whoever asks has a row that names it.
    pub async fn get(
        &self,
        blob: &str,
        range: Option<std::ops::Range<u64>>,
    ) -> Result<BoxStream<'static, Result<Bytes, Error>>, Error> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.store.get_opts(&Path::from(blob), options).await.map_err(|source| missing(blob, source))?;
        Ok(found.into_stream().map_err(|source| failed("read a file")(source)).boxed())
    }

    /// Copies a blob into a file of the local disk.
    ///
    /// # Errors
    /// `Corrupt` when it is not there, `Blobs` when it cannot be read or written.
    pub async fn fetch(&self, blob: &str, path: &FsPath) -> Result<(), Error> {
        let broken = |source: std::io::Error| {
            failed("write a fetched file")(object_store::Error::Generic { store: "folder", source: source.into() })
        };
        let found = self.store.get(&Path::from(blob)).await.map_err(|source| missing(blob, source))?;
        let mut file = tokio::fs::File::create(path).await.map_err(broken)?;
        match found.payload {
            // The kernel copies by itself, for a tenth of what it costs to hand each piece from one to the other: each page of a
            // scan that is recognised takes the whole document.
            GetResultPayload::File(mut stored, _) => {
                let mut file = file.into_std().await;
                let copied = tokio::task::spawn_blocking(move || std::io::copy(&mut stored, &mut file)).await;
                copied.map_err(std::io::Error::other).flatten().map_err(broken)?;
            }
            GetResultPayload::Stream(mut stream) => {
                while let Some(chunk) = stream.try_next().await.map_err(failed("read a file"))? {
                    file.write_all(&chunk).await.map_err(broken)?;
                }
                file.flush().await.map_err(broken)?;
            }
        }
        Ok(())
    }

    /// Deletes one blob; one that is not there is no error.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete(&self, blob: &str) -> Result<(), Error> {
        match self.store.delete(&Path::from(blob)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("delete a file")(error)),
        }
    }

    /// Deletes everything under a prefix, halves of uploads included, and says how many blobs that were.
    ///
    /// # Errors
    /// When the store fails; calling again goes on.
    pub async fn delete_all(&self, prefix: &str) -> Result<u64, Error> {
        let mut found = self.store.list(Some(&Path::from(prefix)));
        let mut count = 0;
        while let Some(meta) = found.try_next().await.map_err(failed("list files"))? {
            match self.store.delete(&meta.location).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => count += 1,
                Err(error) => return Err(failed("delete a file")(error)),
            }
        }
        if let Some(folder) = &self.folder {
            match tokio::fs::remove_dir_all(folder.join(prefix)).await {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => {
                    let source = object_store::Error::Generic { store: "folder", source: source.into() };
                    return Err(failed("remove a folder")(source));
                }
            }
        }
        Ok(count)
    }

    /// Lists the jobs of which there are blobs.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list_jobs(&self) -> Result<Vec<JobId>, Error> {
        let found = self.store.list_with_delimiter(Some(&Path::from("jobs"))).await.map_err(failed("list files"))?;
        Ok(found.common_prefixes.iter().filter_map(|prefix| prefix.filename()?.parse().ok()).collect())
    }

    /// Whether the store belongs to a service; one without an owner becomes its own.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn belongs_to(&self, installation: Uuid) -> Result<bool, Error> {
        let name = Path::from(OWNER);
        let once = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(&name, installation.to_string().into(), once).await {
            Ok(_) => return Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => {}
            Err(error) => return Err(failed("name the owner of the store")(error)),
        }
        let owner = self.store.get(&name).await.map_err(failed("look up the owner of the store"))?;
        let owner = owner.bytes().await.map_err(failed("look up the owner of the store"))?;
        Ok(owner == installation.to_string())
    }

    /// Whether the store can be used.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn ping(&self) -> Result<(), Error> {
        match self.store.list(Some(&Path::from("ping"))).try_next().await {
            Ok(_) => Ok(()),
            Err(error) => Err(failed("list files")(error)),
        }
    }
}

fn failed(doing: &'static str) -> impl FnOnce(object_store::Error) -> Error {
    move |source| Error::Blobs { doing, source: Arc::new(source) }
}

/// A blob that a row names and that is gone will not come back by trying again.
fn missing(blob: &str, source: object_store::Error) -> Error {
    if matches!(source, object_store::Error::NotFound { .. }) {
        Error::Corrupt { what: format!("the blob {blob} is missing") }
    } else {
        failed("open a file")(source)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::stream;

    use super::*;

    fn is_empty(folder: &FsPath) -> bool {
        std::fs::read_dir(folder).is_ok_and(|mut entries| entries.all(|entry| is_empty(&entry.unwrap().path())))
    }

    #[tokio::test]
    async fn an_upload_that_is_given_up_at_any_moment_leaves_nothing() {
        for polls in (0..16).map(|power| 1 << power) {
            let folder = tempfile::tempdir().unwrap();
            let blobs = Blobs::in_folder(folder.path()).unwrap();
            let source = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"some bytes"))]);
            let mut put = Box::pin(blobs.put("jobs/a/b/original", source, 100));
            for _ in 0..polls {
                if let std::task::Poll::Ready(stored) = futures_util::poll!(&mut put) {
                    assert_eq!(stored.unwrap().bytes, 10);
                    return;
                }
                tokio::task::yield_now().await;
            }
            drop(put);
            let gone = async {
                while !is_empty(folder.path()) {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap_or_else(|_| panic!("after {polls} polls"));
        }
        panic!("the upload came to no end");
    }
}
