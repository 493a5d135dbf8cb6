//! Time stamps between two hosts: neither has a network, and the second one has no key.
//!
//! Until the attempt is settled nothing of it is visible, so a worker that is killed anywhere in between leaves a job that is signed
//! and stamped anew.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::Path,
};

use super::{Work, convert::unwritable};
use crate::{
    domain::{ErrorCode, limits},
    egress::{self, Question, Target},
    engines::{
        host::Ran,
        protocol::{Answer, Assemble, Refusal, Request, Step},
        signing::{Asked, TimeStamps},
    },
    workflows::Error,
};

impl Work {
    /// Has the steps of a job done: by one host, or by two with a server of time stamps between them.
    pub(super) async fn run_steps(&self, folder: &Path, mut assemble: Assemble) -> Result<(Answer, Ran), Error> {
        let at = assemble.steps.iter().position(|step| matches!(step, Step::TimeStamp(_)));
        let mut later = at.map(|at| assemble.steps.split_off(at)).unwrap_or_default();
        let request = Request::Assemble(assemble);
        let (answer, first) = self.hosts.run(folder, &request).await;
        let (Request::Assemble(assemble), Some(Step::TimeStamp(stamps))) = (request, later.first_mut()) else {
            return Ok((answer, first));
        };
        let Answer::Assembled { files, events: told, requests } = answer else { return Ok((answer, first)) };
        let is_asked = |request: &Vec<u8>| request.len() <= limits::TIME_STAMP_REQUEST_BYTES_MAX;
        // A host may say anything; there are never more files to sign than documents.
        let is_each = requests.len() == files.len() && files.len() <= assemble.inputs.len();
        if !is_each || !requests.iter().all(is_asked) {
            let what = "the engine did not say what to ask the time stamp server for each file";
            return Ok((Answer::Failed(refusal(ErrorCode::Internal, what.to_owned(), true)), first));
        }
        if let Err(refusal) = self.ask(folder, stamps, requests).await? {
            return Ok((Answer::Failed(refusal), first));
        }
        let (mut answer, ran) =
            self.hosts.run(folder, &Request::Assemble(Assemble { made: files, steps: later, ..assemble })).await;
        if let Answer::Assembled { events, .. } = &mut answer {
            events.splice(..0, told);
        }
        Ok((answer, Ran { peak_memory_bytes: ran.peak_memory_bytes.max(first.peak_memory_bytes), ..ran }))
    }

    /// Asks for a time stamp for each file, one after the other; after one that is not to be had no more are asked for. The
    /// answers go into files, as nothing in them is looked at here.
    async fn ask(
        &self,
        folder: &Path,
        stamps: &mut TimeStamps,
        requests: Vec<Vec<u8>>,
    ) -> Result<Result<(), Refusal>, Error> {
        let mut down = None;
        for (place, request) in requests.into_iter().enumerate() {
            let reply = match &down {
                Some(error) => Err(egress::Error::clone(error)),
                None => self.reply(&stamps.url, request.clone()).await,
            };
            let answer = match reply {
                Ok(bytes) => {
                    let name = format!("time-stamp-{place}");
                    put(&folder.join(&name), &bytes).map_err(|error| unwritable("keep a time stamp", &error))?;
                    Ok(name.into())
                }
                Err(error) if !stamps.may_lack => return Ok(Err(refused(&error))),
                Err(error) => {
                    let why = error.to_string();
                    down = Some(error);
                    Err(why)
                }
            };
            stamps.asked.push(Asked { request, answer });
        }
        Ok(Ok(()))
    }

    async fn reply(&self, url: &str, request: Vec<u8>) -> Result<bytes::Bytes, egress::Error> {
        let question = Question {
            media_type: "application/timestamp-query",
            answer_type: "application/timestamp-reply",
            bytes: request.into(),
            answer_bytes_max: limits::TIME_STAMP_ANSWER_BYTES_MAX,
            time_max: limits::TIME_STAMP_TIME_MAX,
        };
        self.ctx.egress.ask(&url.parse::<Target>()?, &question).await
    }
}

/// Makes a file, and not through a link that a host may have left under its name.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)
}

/// What it means for the job that a server gave no answer, and whether it may give one later.
fn refused(error: &egress::Error) -> Refusal {
    let (code, passing) = match error {
        egress::Error::Url { .. } | egress::Error::NotAllowed { .. } => (ErrorCode::Configuration, false),
        egress::Error::Status { code } => (ErrorCode::External, *code == 429 || *code >= 500),
        egress::Error::CannotResolve
        | egress::Error::CannotConnect
        | egress::Error::Stalled { .. }
        | egress::Error::TooSlow { .. }
        | egress::Error::BrokenOff => (ErrorCode::External, true),
        egress::Error::Unusable { .. } | egress::Error::TooLarge { .. } | egress::Error::TooManyRedirects { .. } => {
            (ErrorCode::External, false)
        }
    };
    refusal(code, format!("there is no time stamp: {error}"), passing)
}

fn refusal(code: ErrorCode, message: String, passing: bool) -> Refusal {
    let fault = if code == ErrorCode::Internal { "internal" } else { "unavailable" };
    let code = code.as_str().to_owned();
    Refusal { code, message, passing, fault: fault.to_owned(), stderr_tail: String::new() }
}
