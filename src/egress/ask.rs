//! Asking: a few bytes there, a few bytes back.

use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use reqwest::{
    Response,
    header::{ACCEPT, CONTENT_TYPE},
};

use super::{Egress, Error, Journey, Limits, Target, download, pace::Pace};

/// A question.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its media type.
    pub media_type: &'static str,
    /// The media type of what is wanted for an answer; whether it is one is for the caller to see.
    pub answer_type: &'static str,
    /// Its bytes.
    pub bytes: Bytes,
    /// Most bytes of the answer.
    pub answer_bytes_max: u64,
    /// How long all of it may take, if that is less than requests may take anyway.
    pub time_max: Duration,
}

impl Egress {
    /// Puts a question to a URL (`POST`) and gives the whole answer. A redirect that asks for the same request again is
    /// followed.
    ///
    /// # Errors
    /// All but `Url` and `TooLarge`: too long an answer is `Unusable`.
    pub async fn ask(&self, target: &Target, question: &Question) -> Result<Bytes, Error> {
        let limits = Limits { time_max: self.0.limits.time_max.min(question.time_max), ..self.0.limits };
        let mut journey = Journey::begin(target, &limits);
        loop {
            let pace = Pace::new(limits, journey.ends);
            let answer = self.hop(&journey, &pace, |client, url| {
                let headed = client.post(url).header(CONTENT_TYPE, question.media_type);
                headed.header(ACCEPT, question.answer_type).body(question.bytes.clone())
            });
            let answer = answer.await?;
            match answer.status().as_u16() {
                200 => return whole(answer, &journey, pace, question.answer_bytes_max).await,
                307 | 308 => journey.turn(&answer, limits.redirects_max)?,
                code => return Err(Error::Status { code }),
            }
        }
    }
}

async fn whole(answer: Response, journey: &Journey, pace: Pace, bytes_max: u64) -> Result<Bytes, Error> {
    let too_long =
        |error| if matches!(error, Error::TooLarge { .. }) { Error::Unusable { what: "is too long" } } else { error };
    let body = download::open(answer, journey, pace, bytes_max).map_err(too_long)?.body;
    let bytes: Vec<Bytes> = body.try_collect().await.map_err(too_long)?;
    Ok(bytes.concat().into())
}
