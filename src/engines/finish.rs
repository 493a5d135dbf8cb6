//! The end of a host's work: what was made is brought to its target, and every file that claims PDF/A goes through the [gate].

use std::path::Path;

use time::OffsetDateTime;

use super::{
    Error,
    ghostscript::Ghostscript,
    given,
    protocol::{Answer, Target, Validate, Verdict},
    serve::{Pdf, read, write},
};
use crate::{
    domain::{Event, Rung, metadata::Metadata},
    pdf::{
        self, Document, Shape,
        fonts::FontFolder,
        gate::{self, Wanted},
        validate::{File, Flavour},
    },
};

/// What a PDF is brought to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Goal<'a> {
    /// What it is to be.
    pub(super) target: Target,
    /// What it is to say of itself; none leaves that to a later step.
    pub(super) metadata: Option<&'a Metadata>,
    /// Passwords to try.
    pub(super) passwords: &'a [String],
    /// Fonts for those that it lacks.
    pub(super) fonts: &'a FontFolder,
    /// Now, in seconds since 1970.
    pub(super) now: i64,
}

/// A file that is there.
#[derive(Debug)]
pub(super) struct Finished {
    /// Its pages.
    pub(super) pages: usize,
    /// What happened.
    pub(super) events: Vec<Event>,
    /// What it conforms to, and how far it had to go for that.
    pub(super) archived: Option<(Flavour, Rung)>,
}

/// Brings a PDF to its goal and writes it.
pub(super) fn finish(made: Pdf, goal: &Goal<'_>, output: &Path) -> Result<Finished, Error> {
    if goal.target == Target::Given {
        return given::take(made, output);
    }
    let (bytes, given) = match made {
        Pdf::Document(document) => return to_target(*document, Vec::new(), goal, output),
        Pdf::Written(bytes) => (bytes, false),
        Pdf::Given(bytes) => (bytes, true),
    };
    if given
        && goal.metadata.is_none_or(|asked| *asked == Metadata::default())
        && let Some(flavour) = goal.target.part().and_then(|part| gate::conforming(&bytes, &[part]))
    {
        let pages = pdf::page_count(&pdf::read(bytes.clone(), &[])?.document);
        write(output, &bytes)?;
        return Ok(Finished { pages, events: Vec::new(), archived: Some((flavour, Rung::Unchanged)) });
    }
    let opened = pdf::read(bytes, goal.passwords)?;
    to_target(opened.document, opened.events, goal, output)
}

fn to_target(
    mut document: Document,
    mut events: Vec<Event>,
    goal: &Goal<'_>,
    output: &Path,
) -> Result<Finished, Error> {
    let now = moment(goal.now);
    let Some(part) = goal.target.part() else {
        let pages = pdf::page_count(&document);
        if let Some(asked) = goal.metadata {
            pdf::metadata::write(&mut document, asked, None, now)?;
        }
        write(output, &pdf::write(&mut document, Shape::Packed)?)?;
        return Ok(Finished { pages, events, archived: None });
    };
    let nothing = Metadata::default();
    let metadata = goal.metadata.unwrap_or(&nothing);
    let wanted = Wanted { part, metadata, now, fonts: goal.fonts, writer: Some(&Ghostscript) };
    let passed = gate::pass(document, &wanted)?;
    write(output, &passed.bytes)?;
    events.extend(passed.events);
    Ok(Finished { pages: passed.pages, events, archived: Some((passed.flavour, passed.rung)) })
}

impl Finished {
    /// The answer about the one document that was converted, with what happened before.
    pub(super) fn answer(self, mut events: Vec<Event>) -> Answer {
        events.extend(self.events);
        let (conformance, rung) = words(self.archived);
        Answer::Done { pages: self.pages, events: events.into_iter().map(Into::into).collect(), conformance, rung }
    }
}

/// What a file conforms to and how far it had to go, in words for an answer.
pub(super) fn words(archived: Option<(Flavour, Rung)>) -> (Option<String>, Option<String>) {
    archived.map(|(flavour, rung)| (flavour.to_string(), rung.as_str().to_owned())).unzip()
}

/// Says whether a file is PDF/A.
pub(super) fn verdict(wanted: &Validate) -> Result<Verdict, Error> {
    let bytes = read(&wanted.input)?;
    let file = File::open(&bytes);
    let claimed = file.claimed();
    let named = wanted.flavour.as_deref().and_then(|flavour| flavour.parse().ok());
    let flavour = named.or(claimed).unwrap_or(Flavour::A2B);
    let report = file.validate(flavour);
    Ok(Verdict {
        flavour: flavour.as_str().to_owned(),
        claimed: claimed.map(|claimed| claimed.as_str().to_owned()),
        failed: report.failed.into_iter().map(Into::into).collect(),
    })
}

/// A moment of the pipe.
pub(super) fn moment(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
