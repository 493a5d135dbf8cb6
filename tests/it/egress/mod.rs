//! The way out: whom it calls, whom it refuses, and what it bears with.

mod ask;
mod download;
mod limits;
mod send;
mod tls;
mod walls;

use bindery::egress::{Egress, Error, Target};
use bytes::Bytes;
use futures_util::TryStreamExt;

/// Most bytes of a download in these tests.
const BYTES_MAX: u64 = 1 << 20;

fn target(url: &str) -> Target {
    url.parse().unwrap()
}

/// Fetches all of a URL.
async fn fetch(egress: &Egress, url: &str) -> Result<Bytes, Error> {
    let download = egress.get(&target(url), BYTES_MAX).await?;
    let chunks: Vec<Bytes> = download.body.try_collect().await?;
    Ok(chunks.concat().into())
}
