//! Fetching.

use bytes::Bytes;
use futures_util::{
    StreamExt,
    stream::{BoxStream, try_unfold},
};
use reqwest::{
    Response,
    header::{CONTENT_ENCODING, HeaderMap},
};

use super::{Egress, Error, Journey, Target, failed, pace::Pace, target::last_segment};

/// An answer whose head is there.
pub struct Download {
    /// Its header fields.
    pub headers: HeaderMap,
    /// What the URL calls it: the last segment of where it led, else of where it began.
    pub name: Option<String>,
    /// Its bytes. They end in an error when they end too early, go on for too long, or come too slowly.
    pub body: BoxStream<'static, Result<Bytes, Error>>,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Download(…)")
    }
}

impl Egress {
    /// Fetches what is at a URL, following redirects.
    ///
    /// # Errors
    /// All but `Url`.
    pub async fn get(&self, target: &Target, bytes_max: u64) -> Result<Download, Error> {
        let limits = &self.0.limits;
        let mut journey = Journey::begin(target, limits);
        loop {
            let pace = Pace::new(*limits, journey.ends);
            let answer = self.hop(&journey, &pace, |client, url| client.get(url)).await?;
            match answer.status().as_u16() {
                // 203 is 200 through a proxy that changes things; every other success is something else than the document.
                200 | 203 => return open(answer, &journey, pace, bytes_max),
                301..=303 | 307 | 308 => journey.turn(&answer, limits.redirects_max)?,
                code => return Err(Error::Status { code }),
            }
        }
    }
}

pub(super) fn open(answer: Response, journey: &Journey, pace: Pace, bytes_max: u64) -> Result<Download, Error> {
    // Asked for it as it is; unpacking what comes nevertheless would need limits of its own, for hosts that break a rule.
    let is_packed = |coding: &[u8]| !matches!(coding.trim_ascii(), b"" | b"identity");
    if answer.headers().get_all(CONTENT_ENCODING).iter().any(|coding| is_packed(coding.as_bytes())) {
        return Err(Error::Unusable { what: "is compressed, which was not asked for" });
    }
    if answer.content_length().is_some_and(|bytes| bytes > bytes_max) {
        return Err(Error::TooLarge { max: bytes_max });
    }
    let name = last_segment(journey.url()).or_else(|| last_segment(journey.first_url()));
    Ok(Download { headers: answer.headers().clone(), name, body: body(answer, pace, bytes_max) })
}

fn body(answer: Response, pace: Pace, bytes_max: u64) -> BoxStream<'static, Result<Bytes, Error>> {
    let begun = (answer, pace, bytes_max);
    try_unfold(begun, move |(mut answer, pace, left)| async move {
        pace.wait_again();
        let Some(chunk) = pace.keep(answer.chunk()).await?.map_err(failed)? else { return Ok(None) };
        pace.moved(chunk.len());
        let left = left.checked_sub(chunk.len() as u64).ok_or(Error::TooLarge { max: bytes_max })?;
        Ok(Some((chunk, (answer, pace, left))))
    })
    .boxed()
}
