//! Creating a job.

use super::{Context, Error, lists};
use crate::{
    domain::{
        JobId, TenantId, limits,
        options::{self, JobOption},
    },
    queue,
};

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
}

/// Creates a job and its options together.
///
/// # Errors
/// `UnknownWorkflow`, `UnknownProfile`, `Options`, `TooManyJobs`.
pub async fn create(ctx: &Context, tenant: TenantId, new: &NewJob) -> Result<JobId, Error> {
    let workflow = lists::workflow(new.workflow.as_deref())?;
    let profile = workflow.profile(new.profile.as_deref())?;
    options::check(&new.options)?;
    let name = new.name.as_deref().map(label);
    let job = queue::NewJob {
        id: JobId::new(),
        tenant,
        workflow: workflow.name,
        profile,
        name: name.filter(|name| !name.is_empty()),
        idle_max: ctx.settings.creating_idle_max,
        options: new.options.clone(),
    };
    Context::again(|| commit(ctx, &job)).await?;
    tracing::info!(job.id = %job.id, workflow = workflow.name, "job created");
    Ok(job.id)
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
