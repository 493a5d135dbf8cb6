//! Creating a job.

use super::{Context, Error, lists, once::Fingerprint};
use crate::{
    domain::{
        IdempotencyKey, JobId, Once, TenantId, limits,
        options::{self, JobOption},
    },
    queue::{self, submit::KEY_CONSTRAINT},
    storage,
};

/// How often a job is tried to be created whose key was taken a moment ago and is free again, since the other job is deleted.
const TRIES_MAX: usize = 3;

/// What a client asks for.
#[derive(Debug, Clone, Default)]
pub struct NewJob {
    /// Name of the workflow, or none for the default.
    pub workflow: Option<String>,
    /// Name of the profile, or none for the default.
    pub profile: Option<String>,
    /// Name of the job.
    pub name: Option<String>,
    /// Options of the job.
    pub options: Vec<JobOption>,
    /// The key under which the client may repeat this.
    pub key: Option<IdempotencyKey>,
}

/// Creates a job and its options together. The same request again under the same key gives the job that there is.
///
/// # Errors
/// `UnknownWorkflow`, `UnknownProfile`, `Options`, `TooManyJobs`; `KeyReused` when the key belongs to another request.
pub async fn create(ctx: &Context, tenant: TenantId, new: &NewJob) -> Result<JobId, Error> {
    let workflow = lists::workflow(new.workflow.as_deref())?;
    options::check(&new.options)?;
    let profile = ctx.profiles.find(ctx, workflow, new.profile.as_deref()).await?;
    let name = new.name.as_deref().map(label);
    let job = queue::NewJob {
        id: JobId::new(),
        tenant,
        workflow: workflow.name,
        profile: profile.name,
        profile_version: profile.version,
        name: name.filter(|name| !name.is_empty()),
        idle_max: ctx.settings.creating_idle_max,
        options: new.options.clone(),
        once: new.once(),
    };
    let Some(once) = &job.once else { return insert(ctx, &job).await };
    for _ in 0..TRIES_MAX {
        // Looked up before it is tried, although the constraint decides: a refused job holds up those that go along with it.
        if let Some(id) = created_before(ctx, tenant, once).await? {
            tracing::info!(job.id = %id, "job was created before");
            return Ok(id);
        }
        match insert(ctx, &job).await {
            Err(Error::Storage(storage::Error::Conflict { constraint })) if constraint == KEY_CONSTRAINT => {}
            inserted => return inserted,
        }
    }
    Err(Error::KeyUnderWay)
}

impl NewJob {
    /// The request as the client made it: what its words stand for may change between two versions of the program.
    fn once(&self) -> Option<Once> {
        let key = self.key.clone()?;
        let sum = Fingerprint::of("create")
            .text(self.workflow.as_deref())
            .text(self.profile.as_deref())
            .text(self.name.as_deref())
            .options(&self.options);
        Some(Once { key, request_sha256: sum.sum() })
    }
}

async fn insert(ctx: &Context, job: &queue::NewJob) -> Result<JobId, Error> {
    Context::again(|| commit(ctx, job)).await?;
    tracing::info!(job.id = %job.id, workflow = job.workflow, "job created");
    Ok(job.id)
}

/// The job that the same request has created.
async fn created_before(ctx: &Context, tenant: TenantId, once: &Once) -> Result<Option<JobId>, Error> {
    match storage::jobs::find_created(&mut *ctx.read().await?, tenant, &once.key).await? {
        Some(created) if created.request_sha256 == once.request_sha256 => Ok(Some(created.id)),
        Some(_) => Err(Error::KeyReused),
        None => Ok(None),
    }
}

async fn commit(ctx: &Context, job: &queue::NewJob) -> Result<(), Error> {
    let max = ctx.settings.open_jobs_max;
    if !ctx.open_jobs.admit(&ctx.pool, job.tenant, max).await? {
        return Err(Error::TooManyJobs { max });
    }
    Ok(ctx.intake.submit(job.clone(), None).await?)
}

/// A name from outside as it is kept: a label of bounded length, never a path. What would break a line of a log or deceive the
/// eye is left out: control characters, line separators, and the marks that turn the direction of writing, with which
/// `gpj.exe` is made to look like `exe.jpg`. A name that is too long loses its middle, for its end says what the file is.
pub fn label(name: &str) -> String {
    let shown: Vec<char> = name.chars().filter(|character| !deceives(*character)).collect();
    let Some(excess) = shown.len().checked_sub(limits::NAME_CHARS_MAX).filter(|excess| *excess > 0) else {
        return shown.into_iter().collect();
    };
    let dot = shown.iter().rposition(|character| *character == '.');
    let end = dot.filter(|dot| shown.len() - dot <= limits::EXTENSION_CHARS_MAX).unwrap_or(shown.len());
    let (head, tail) = shown.split_at(end);
    head.iter().take(end - excess).chain(tail).collect()
}

/// Whether something of a name is left as its [`label`].
pub fn is_name(name: &str) -> bool {
    !label(name).trim().is_empty()
}

/// Whether a character is not shown but changes how others are.
fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_holds_nothing_that_deceives_the_eye() {
        for (name, expected) in [
            ("Brief für Müller.docx", "Brief für Müller.docx"),
            ("a\0b\r\nc\td\u{7f}e\u{85}.pdf", "abcde.pdf"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("\u{2066}a\u{2069}\u{2028}b\u{feff}.pdf", "ab.pdf"),
            // These belong to how words are written.
            ("می\u{200c}خواهم.txt", "می\u{200c}خواهم.txt"),
            ("../../etc/passwd", "../../etc/passwd"),
            ("C:\\dir\\a.doc", "C:\\dir\\a.doc"),
            ("\u{1}\u{202e}", ""),
        ] {
            assert_eq!(label(name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_name_that_is_too_long_keeps_its_extension() {
        let long = "ä".repeat(2 * limits::NAME_CHARS_MAX);
        for (name, end) in [(format!("{long}.docx"), "ä.docx"), (long.clone(), "ä"), (format!("a.{long}"), "ä")] {
            let kept = label(&name);
            assert_eq!(kept.chars().count(), limits::NAME_CHARS_MAX);
            assert!(kept.ends_with(end), "{kept}");
        }
        let just = "a".repeat(limits::NAME_CHARS_MAX);
        assert_eq!(label(&just), just);
    }
}
