//! Stamps are put on the pages of the one document.

use std::collections::BTreeSet;

use time::macros::format_description;

use super::{Bench, stem};
use crate::{
    domain::{ErrorCode, metadata::Property},
    engines::{
        Error,
        finish::moment,
        protocol::{Names, Target},
    },
    pdf::{
        Document, metadata,
        stamp::{self, PartOf, StampSettings, Values},
    },
};

/// Stamps the pages.
pub(super) fn stamp(
    bench: &mut Bench<'_>,
    stamps: &[StampSettings],
    target: Target,
    names: &Names,
) -> Result<(), Error> {
    let mut document = bench.take_document()?;
    let values = values(bench, &document, names);
    let events = stamp::stamp(&mut document, stamps, &values, &bench.tools.folder, target.part())?;
    bench.events.extend(events);
    bench.put_document(document);
    Ok(())
}

/// What placeholders stand for. They name the documents as the client named the files.
pub(super) fn values(bench: &Bench<'_>, document: &Document, names: &Names) -> Values {
    let title_of = |file_name: &str| stem(file_name).to_owned();
    let inputs = &bench.assemble.inputs;
    let date = moment(bench.assemble.now).format(format_description!("[year]-[month]-[day]"));
    let first = inputs.first().map(|input| title_of(&input.file_name)).unwrap_or_default();
    Values {
        job_name: names.job.as_ref().unwrap_or(&first).clone(),
        date: date.unwrap_or_default(),
        title: metadata::said(document).get(Property::Title).map_or(first, str::to_owned),
        documents: bench
            .parts
            .iter()
            .map(|(file_name, pages)| PartOf { title: title_of(file_name), pages: pages.clone() })
            .collect(),
        custom: names.custom.clone(),
        skipped: BTreeSet::new(),
    }
}

impl From<stamp::Error> for Error {
    fn from(error: stamp::Error) -> Self {
        match error {
            stamp::Error::Document(error) => error.into(),
            wrong @ (stamp::Error::Settings { .. }
            | stamp::Error::Placeholder { .. }
            | stamp::Error::Barcode { .. }) => Self::Refused { code: ErrorCode::Option, what: wrong.to_string() },
        }
    }
}
