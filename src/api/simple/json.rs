//! Results as a list in JSON, their bytes in Base64, written while it is sent.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future, stream};

use super::{base64, ending::Pieces};
use crate::storage::{blobs::Blobs, results::ResultRow};

/// Lists results, and says how many bytes the list has.
pub(super) fn list(blobs: Blobs, results: Vec<ResultRow>) -> (u64, Pieces) {
    let mut bytes = 0;
    let mut counted = |text: String| {
        bytes += text.len() as u64;
        Bytes::from(text)
    };
    let mut files = Vec::with_capacity(results.len());
    for (index, file) in results.into_iter().enumerate() {
        let before = if index == 0 { r#"{"data":["# } else { r#""},"# };
        // A string is always JSON.
        let name = serde_json::Value::from(file.file_name.as_str());
        files.push((counted(format!(r#"{before}{{"fileName":{name},"content":""#)), file));
    }
    let end = counted(if files.is_empty() { r#"{"data":[]}"# } else { r#""}]}"# }.to_owned());
    bytes += files.iter().map(|(_, file)| base64::encoded_bytes(file.bytes.unsigned_abs())).sum::<u64>();
    let pieces = stream::iter(files).flat_map(move |(text, file)| {
        let blobs = blobs.clone();
        let content = stream::once(async move { blobs.get(&file.blob, None).await }).try_flatten().boxed();
        said(text).chain(base64::encode(content)).boxed()
    });
    (bytes, pieces.chain(said(end)).boxed())
}

fn said(text: Bytes) -> Pieces {
    stream::once(future::ready(Ok(text))).boxed()
}
