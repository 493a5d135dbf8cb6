//! The end of a host's work: what was made is brought to its target, and every file that claims PDF/A goes through the [gate].

use std::path::Path;

use time::OffsetDateTime;

use super::{
    Error,
    ghostscript::Ghostscript,
    given,
    protocol::{Answer, Convert, Target, Validate, Verdict},
    serve::{Pdf, read, write},
};
use crate::{
    domain::{Event, EventCode, Rung, metadata::Metadata},
    pdf::{
        self, Document, Shape,
        fonts::FontFolder,
        gate::{self, Wanted},
        validate::{File, Flavour, Part},
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
    /// Whether its first page is to show before all of it has arrived. A file that is what is wanted already stays as it is.
    pub(super) linearise: bool,
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
        let linearised = if goal.linearise { linearised(&mut document, Shape::Packed, &mut events)? } else { None };
        write(output, &linearised.map_or_else(|| pdf::write(&mut document, Shape::Packed), Ok)?)?;
        return Ok(Finished { pages, events, archived: None });
    };
    let nothing = Metadata::default();
    let metadata = goal.metadata.unwrap_or(&nothing);
    let wanted = Wanted { part, metadata, now, fonts: goal.fonts, writer: Some(&Ghostscript) };
    let mut passed = gate::pass(document, &wanted)?;
    events.append(&mut passed.events);
    if goal.linearise {
        let shape = if part == Part::One { Shape::Classic } else { Shape::Packed };
        let mut document = pdf::read(passed.bytes.clone(), &[])?.document;
        // Other bytes, so what they claim is looked at again.
        if let Some(bytes) = linearised(&mut document, shape, &mut events)?
            && File::open(&bytes).validate(passed.flavour).is_compliant()
        {
            passed.bytes = bytes;
        }
    }
    write(output, &passed.bytes)?;
    Ok(Finished { pages: passed.pages, events, archived: Some((passed.flavour, passed.rung)) })
}

/// The document as a linearised file, or an event when it cannot be one.
fn linearised(document: &mut Document, shape: Shape, events: &mut Vec<Event>) -> Result<Option<Vec<u8>>, Error> {
    match pdf::linearise(document, shape) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(pdf::Error::Limit { which }) => {
            let message = format!("The result is not linearised: {which}.");
            events.push(Event::info(EventCode::NotLinearized, message));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

impl Finished {
    /// The answer about the one document that was converted, with what happened before and the pages that are scans.
    pub(super) fn answer(self, mut events: Vec<Event>, scans: Vec<usize>) -> Answer {
        events.extend(self.events);
        let (conformance, rung) = words(self.archived);
        Answer::Done {
            pages: self.pages,
            events: events.into_iter().map(Into::into).collect(),
            conformance,
            rung,
            scans,
        }
    }
}

/// The pages of what was made that are pictures without text, if they are asked for. A document that cannot be looked through
/// goes on without.
pub(super) fn scans(convert: &Convert, events: &mut Vec<Event>) -> Result<Vec<usize>, Error> {
    if !convert.find_scans {
        return Ok(Vec::new());
    }
    let scans = pdf::text::scans(&read(&convert.output)?);
    Ok(scans.unwrap_or_else(|error| {
        let message = format!("No text was recognised, since the pages cannot be looked through: {error}.");
        events.push(Event::warning(EventCode::OcrIncomplete, message));
        Vec::new()
    }))
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
