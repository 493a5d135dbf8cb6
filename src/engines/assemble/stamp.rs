//! Stamps are put on the pages of the one document.

use std::collections::{BTreeMap, BTreeSet};

use time::macros::format_description;

use super::{Bench, stem};
use crate::{
    domain::ErrorCode,
    engines::{Error, finish::moment, protocol::Target, serve::Pdf},
    pdf::{
        metadata,
        stamp::{self, PartOf, StampSettings, Values},
    },
};

/// Stamps the pages. Placeholders name the documents as the client named the files.
pub(super) fn stamp(
    bench: &mut Bench<'_>,
    stamps: &[StampSettings],
    target: Target,
    job_name: Option<&str>,
) -> Result<(), Error> {
    let mut document = bench.take_document()?;
    let title_of = |file_name: &str| stem(file_name).to_owned();
    let inputs = &bench.assemble.inputs;
    let date = moment(bench.assemble.now).format(format_description!("[year]-[month]-[day]"));
    let first = inputs.first().map(|input| title_of(&input.file_name)).unwrap_or_default();
    let values = Values {
        job_name: job_name.unwrap_or(&first).to_owned(),
        date: date.unwrap_or_default(),
        title: metadata::said(&document).title.unwrap_or(first),
        documents: bench
            .parts
            .iter()
            .map(|(file_name, pages)| PartOf { title: title_of(file_name), pages: pages.clone() })
            .collect(),
        custom: BTreeMap::new(),
        skipped: BTreeSet::new(),
    };
    let events = stamp::stamp(&mut document, stamps, &values, &bench.tools.folder, target.part())?;
    bench.events.extend(events);
    bench.whole = Some(Pdf::Document(Box::new(document)));
    Ok(())
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
