//! The end of a host's work: what an engine made is brought to the target, parts are put together, and every file that
//! claims PDF/A goes through the [gate].

use std::path::Path;

use time::OffsetDateTime;

use super::{
    Error,
    ghostscript::Ghostscript,
    protocol::{Answer, Assemble, Convert, Validate, Verdict},
    serve::{Pdf, read, write},
};
use crate::{
    domain::{Event, Rung, limits, metadata::Metadata},
    pdf::{
        self, Document, Shape,
        fonts::FontFolder,
        gate::{self, Wanted},
        validate::{File, Flavour, Part},
    },
};

/// Brings what an engine made of a document to the target and writes it.
pub(super) fn converted(
    convert: &Convert,
    made: Pdf,
    mut events: Vec<Event>,
    fonts: &FontFolder,
) -> Result<Answer, Error> {
    let bytes = match made {
        Pdf::Document(document) => return to_target(convert, *document, events, fonts),
        Pdf::Written(bytes) => bytes,
        Pdf::Given(bytes) => {
            if let Some(done) = unchanged(&bytes, convert.target.part(), &convert.output, &mut events)? {
                return Ok(done);
            }
            bytes
        }
    };
    let opened = pdf::read(bytes, &convert.passwords)?;
    events.extend(opened.events);
    to_target(convert, opened.document, events, fonts)
}

/// Brings a document to the target and writes it.
fn to_target(
    convert: &Convert,
    mut document: Document,
    events: Vec<Event>,
    fonts: &FontFolder,
) -> Result<Answer, Error> {
    let Some(part) = convert.target.part() else {
        let pages = pdf::page_count(&document);
        write(&convert.output, &pdf::write(&mut document, Shape::Packed)?)?;
        return Ok(done(pages, events, None));
    };
    let wanted =
        Wanted { part, metadata: &Metadata::default(), now: moment(convert.now), fonts, writer: Some(&Ghostscript) };
    archive(document, &wanted, &convert.output, events)
}

/// Puts the parts together and writes the whole.
pub(super) fn assembled(assemble: &Assemble, fonts: &FontFolder) -> Result<Answer, Error> {
    let asked = &assemble.metadata.0;
    if let [input] = assemble.inputs.as_slice()
        && *asked == Metadata::default()
        && let Some(done) = unchanged(&read(input)?, assemble.target.part(), &assemble.output, &mut Vec::new())?
    {
        return Ok(done);
    }
    let mut parts = Vec::with_capacity(assemble.inputs.len());
    for input in &assemble.inputs {
        parts.push(pdf::read(read(input)?, &[])?.document);
    }
    let merged = pdf::merge::merge(parts)?;
    let mut document = merged.document;
    let pages = pdf::page_count(&document);
    if pages > limits::PAGES_MAX {
        return Err(Error::Limit { which: format!("{pages} pages, at most {} are allowed", limits::PAGES_MAX) });
    }
    let now = moment(assemble.now);
    let Some(part) = assemble.target.part() else {
        pdf::metadata::write(&mut document, asked, None, now)?;
        write(&assemble.output, &pdf::write(&mut document, Shape::Packed)?)?;
        return Ok(done(pages, merged.events, None));
    };
    let wanted = Wanted { part, metadata: asked, now, fonts, writer: Some(&Ghostscript) };
    archive(document, &wanted, &assemble.output, merged.events)
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

/// Writes a file as it came when it is PDF/A of the wanted part already.
fn unchanged(
    bytes: &[u8],
    part: Option<Part>,
    output: &Path,
    events: &mut Vec<Event>,
) -> Result<Option<Answer>, Error> {
    let Some(flavour) = part.and_then(|part| gate::conforming(bytes, &[part])) else { return Ok(None) };
    let pages = pdf::page_count(&pdf::read(bytes.to_vec(), &[])?.document);
    write(output, bytes)?;
    Ok(Some(done(pages, std::mem::take(events), Some((flavour, Rung::Unchanged)))))
}

/// Brings a document through the gate and writes it.
fn archive(document: Document, wanted: &Wanted<'_>, output: &Path, mut events: Vec<Event>) -> Result<Answer, Error> {
    let passed = gate::pass(document, wanted)?;
    write(output, &passed.bytes)?;
    events.extend(passed.events);
    Ok(done(passed.pages, events, Some((passed.flavour, passed.rung))))
}

fn done(pages: usize, events: Vec<Event>, archived: Option<(Flavour, Rung)>) -> Answer {
    Answer::Done {
        pages,
        events: events.into_iter().map(Into::into).collect(),
        conformance: archived.map(|(flavour, _)| flavour.to_string()),
        rung: archived.map(|(_, rung)| rung.as_str().to_owned()),
    }
}

fn moment(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
