//! A careful client: it asks again until it is answered, knows what a lost answer leaves open, and checks what it gets.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use crate::{
    caller::{Answer, Caller},
    documents::{self, Document},
    journal::Journal,
    ledger::{End, Entry, Fate, Ledger},
    random::Random,
};

/// What all clients share.
pub(crate) struct Clients {
    /// The APIs.
    pub(crate) caller: Caller,
    /// What happened.
    pub(crate) journal: Arc<Journal>,
    /// The jobs.
    pub(crate) ledger: Ledger,
    /// Seed of the run.
    pub(crate) seed: u64,
    /// Number of the next job.
    pub(crate) next: AtomicU64,
    /// No more jobs are begun.
    pub(crate) enough: CancellationToken,
    /// Nobody waits any longer: what is not done by now is stuck.
    pub(crate) give_up: CancellationToken,
}

/// Something that ends the work on a job: it was gone, refused, or there was no more time. It was written down.
struct Broken;

/// One job in the hands of its client.
struct Work<'a> {
    clients: &'a Clients,
    random: Random,
    entry: Entry,
}

impl Clients {
    /// Has one job after the other converted until it is enough.
    pub(crate) async fn run(self: Arc<Self>) {
        while !self.enough.is_cancelled() {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let mut random = Random::new(self.seed, 1_000 + number);
            let fate = fate(&mut random);
            let Some(id) = self.create(&mut random, number).await else { return };
            let mut work = Work { clients: &self, random, entry: Entry::new(number, id, fate) };
            if work.go().await.is_err() {
                self.journal.note(&format!("job {number} ({}) was given up by its client", work.entry.id));
            }
            let entry = work.entry;
            self.ledger.add(entry);
        }
    }

    /// Creates a job; what was created without an answer stays behind and is never started.
    async fn create(&self, random: &mut Random, number: u64) -> Option<String> {
        let options = json!([{ "name": "META.TITLE", "value": title(self.seed, number) }]).to_string();
        while !self.give_up.is_cancelled() {
            let sent = self.caller.create(random, options.clone()).await;
            match sent {
                Some(answer) if answer.status == 201 => return Some(answer.json()["jobId"].as_str()?.to_owned()),
                Some(answer) => {
                    self.journal.violation(format!("create of job {number} answered {}", answer.show()));
                    return None;
                }
                // Nobody was told about it, so it is never started, and retention takes it if it is there.
                None => self.journal.count("jobs perhaps created without an answer"),
            }
        }
        None
    }
}

fn fate(random: &mut Random) -> Fate {
    match random.within(0..100) {
        0..72 => Fate::Finish,
        72..78 => Fate::AddLate,
        78..82 => Fate::Break,
        82..84 => Fate::Empty,
        84..91 => Fate::Cancel,
        91..97 => Fate::Delete,
        _ => Fate::Abandon,
    }
}

fn title(seed: u64, number: u64) -> String {
    format!("chaos {seed} job {number}")
}

impl Work<'_> {
    async fn go(&mut self) -> Result<(), Broken> {
        let number = self.entry.number;
        let fate = self.entry.fate;
        if fate != Fate::Empty {
            for index in 0..self.random.within(1..4) {
                let document = documents::document(number, index, &mut self.random);
                self.add(&document).await?;
            }
        }
        if fate == Fate::Break {
            self.add(&documents::broken(number, 3)).await?;
        }
        if fate == Fate::Abandon {
            return self.delete().await;
        }
        self.start().await?;
        match fate {
            Fate::Finish | Fate::Break | Fate::Empty | Fate::Abandon => {}
            Fate::AddLate => self.add_late().await?,
            Fate::Cancel => {
                self.pause().await;
                self.cancel().await?;
            }
            Fate::Delete => {
                self.pause().await;
                return self.delete().await;
            }
        }
        self.finish().await
    }

    /// Somewhere in the life of the job.
    async fn pause(&mut self) {
        tokio::time::sleep(self.random.millis(0..3_000)).await;
    }

    /// Asks until there is an answer, and says whether an earlier try had none.
    async fn insist(&mut self, method: Method, path: &str) -> Result<(Answer, bool), Broken> {
        let mut unanswered = false;
        loop {
            let asked = self.clients.caller.ask(&mut self.random, method.clone(), path);
            match self.clients.give_up.run_until_cancelled(asked).await {
                Some(Some(answer)) => return Ok((answer, unanswered)),
                Some(None) => unanswered = true,
                None => return self.stuck(&format!("{method} {path}")),
            }
        }
    }

    async fn add(&mut self, document: &Document) -> Result<(), Broken> {
        let path = format!("/jobs/{}/data", self.entry.id);
        loop {
            let sent = self.clients.caller.upload(&mut self.random, &path, &document.name, &document.bytes);
            let answer = self.clients.give_up.run_until_cancelled(sent).await;
            // Its place in the order is taken when the upload begins, so one without an answer may stand before the next.
            let answered = matches!(answer, Some(Some(_)));
            self.entry.documents.push((document.pages.clone(), answered));
            match answer {
                Some(Some(answer)) if answer.status == 201 => return Ok(()),
                Some(Some(answer)) => return self.violation(&format!("add answered {}", answer.show())),
                Some(None) => self.clients.journal.count("documents perhaps added without an answer"),
                None => return self.stuck("add"),
            }
        }
    }

    async fn start(&mut self) -> Result<(), Broken> {
        let (answer, unanswered) = self.insist(Method::POST, &format!("/jobs/{}:start", self.entry.id)).await?;
        match answer.status {
            204 => {}
            // The start without an answer had happened.
            409 if unanswered => self.clients.journal.count("starts found to have happened without an answer"),
            _ => return self.violation(&format!("start answered {}", answer.show())),
        }
        self.entry.started = Some(Instant::now());
        Ok(())
    }

    async fn add_late(&mut self) -> Result<(), Broken> {
        let path = format!("/jobs/{}/data", self.entry.id);
        loop {
            let sent = self.clients.caller.upload(&mut self.random, &path, "late.txt", b"too late");
            match self.clients.give_up.run_until_cancelled(sent).await {
                Some(Some(answer)) if answer.status == 409 => return Ok(()),
                Some(Some(answer)) => return self.violation(&format!("a late add answered {}", answer.show())),
                Some(None) => {}
                None => return self.stuck("late add"),
            }
        }
    }

    async fn cancel(&mut self) -> Result<(), Broken> {
        let (answer, _) = self.insist(Method::POST, &format!("/jobs/{}:cancel", self.entry.id)).await?;
        if answer.status != 202 {
            return self.violation(&format!("cancel answered {}", answer.show()));
        }
        // A cancel that was answered has ended the job.
        let (answer, _) = self.insist(Method::GET, &format!("/jobs/{}", self.entry.id)).await?;
        if answer.json()["status"]["code"] != "completed" {
            return self.violation(&format!("after its cancel the job is {}", answer.show()));
        }
        Ok(())
    }

    async fn delete(&mut self) -> Result<(), Broken> {
        let path = format!("/jobs/{}", self.entry.id);
        let (answer, unanswered) = self.insist(Method::DELETE, &path).await?;
        match answer.status {
            202 | 204 => {}
            404 if unanswered => {}
            _ => return self.violation(&format!("delete answered {}", answer.show())),
        }
        self.entry.end = End::Deleted;
        let (answer, _) = self.insist(Method::GET, &path).await?;
        if answer.status != 404 {
            return self.violation(&format!("after its delete the job is {}", answer.show()));
        }
        Ok(())
    }

    /// Waits for the end of the job and checks what came of it.
    async fn finish(&mut self) -> Result<(), Broken> {
        let path = format!("/jobs/{}/result", self.entry.id);
        let (answer, _) = self.insist(Method::GET, &path).await?;
        if answer.status != 200 {
            return self.violation(&format!("result answered {}", answer.show()));
        }
        self.entry.took = self.entry.started.map(|started| started.elapsed());
        let result = answer.json();
        if let Value::String(code) = &result["error"]["code"] {
            let message = result["error"]["message"].as_str().unwrap_or_default().to_owned();
            self.entry.end = End::Error { code: code.clone(), message };
        } else {
            let Some([file]) = result["dataList"].as_array().map(Vec::as_slice) else {
                return self.violation(&format!("there is not one file in {result}"));
            };
            let file = format!("{path}/{}", file["resultId"].as_str().unwrap_or_default());
            let (answer, _) = self.insist(Method::GET, &file).await?;
            self.check_file(&answer)?;
        }
        if self.random.percent(30) {
            // Any API, any time: the same answer.
            let (again, _) = self.insist(Method::GET, &path).await?;
            if again.json() != result {
                return self.violation(&format!("the result was {result} and is {}", again.show()));
            }
        }
        Ok(())
    }

    fn check_file(&mut self, answer: &Answer) -> Result<(), Broken> {
        if answer.status != 200 {
            return self.violation(&format!("result data answered {}", answer.show()));
        }
        let sha256 = Sha256::digest(&answer.body).to_vec();
        let etag = answer.headers.get("etag").and_then(|etag| etag.to_str().ok()).unwrap_or_default();
        let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        if etag.trim_matches('"') != hex {
            return self.violation(&format!("the bytes have SHA-256 {hex} and the answer says {etag}"));
        }
        let read = match documents::read(&answer.body) {
            Ok(read) => read,
            Err(error) => return self.violation(&format!("{error:#}")),
        };
        let wanted = title(self.clients.seed, self.entry.number);
        if read.title != wanted || !documents::fits(&read.pages, &self.entry.documents) {
            let (pages, documents) = (&read.pages, &self.entry.documents);
            let found = &read.title;
            return self.violation(&format!("{pages:?} of {found:?} are not {documents:?} of {wanted:?}"));
        }
        self.entry.end = End::Result { sha256 };
        Ok(())
    }

    fn stuck<T>(&self, doing: &str) -> Result<T, Broken> {
        self.violation(&format!("stuck at {doing}"))
    }

    fn violation<T>(&self, what: &str) -> Result<T, Broken> {
        let Entry { number, id, fate, .. } = &self.entry;
        self.clients.journal.violation(format!("job {number} ({id}, {fate:?}): {what}"));
        Err(Broken)
    }
}
