//! All documents become one.

use super::Bench;
use crate::{
    domain::limits,
    engines::{
        Error,
        protocol::{Assemble, Input},
        serve::{Pdf, read},
    },
    pdf::{
        self, Document,
        text_layer::{self, Recognised},
    },
};

/// Joins the documents in their order. A single one stays as it came: it may be what is wanted already.
pub(super) fn merge(bench: &mut Bench<'_>) -> Result<(), Error> {
    merge_of(bench, &bench.assemble.inputs)
}

/// The same with some of the documents.
pub(super) fn merge_of<'a>(bench: &mut Bench<'_>, inputs: impl IntoIterator<Item = &'a Input>) -> Result<(), Error> {
    let inputs: Vec<&Input> = inputs.into_iter().collect();
    if let [input] = inputs.as_slice() {
        bench.whole = Some(open(bench.assemble, input)?);
        return Ok(());
    }
    let mut parts = Vec::with_capacity(inputs.len());
    for input in &inputs {
        parts.push(open_parsed(bench.assemble, input)?);
    }
    let mut ranges = Vec::with_capacity(parts.len());
    for part in &parts {
        let first = ranges.last().map_or(0, |range: &std::ops::Range<usize>| range.end);
        ranges.push(first..first + pdf::page_count(part));
    }
    let merged = pdf::merge::merge(parts)?;
    let pages = pdf::page_count(&merged.document);
    if pages > limits::PAGES_MAX {
        return Err(Error::Limit { which: format!("{pages} pages, at most {} are allowed", limits::PAGES_MAX) });
    }
    bench.parts = inputs.iter().map(|input| input.file_name.clone()).zip(ranges).collect();
    bench.events.extend(merged.events);
    bench.put_document(merged.document);
    Ok(())
}

/// A document with what was recognised on its pages behind them.
pub(super) fn open_parsed(assemble: &Assemble, input: &Input) -> Result<Document, Error> {
    Ok(match open(assemble, input)? {
        Pdf::Document(document) => *document,
        Pdf::Given(bytes) | Pdf::Written(bytes) => pdf::read(bytes, &[])?.document,
    })
}

/// The same, but one on which nothing was recognised as it came.
pub(super) fn open(assemble: &Assemble, input: &Input) -> Result<Pdf, Error> {
    let bytes = read(&input.file)?;
    if input.words.is_empty() {
        return Ok(Pdf::Given(bytes));
    }
    let mut document = pdf::read(bytes, &[])?.document;
    let mut pages: Vec<(usize, Recognised)> = Vec::with_capacity(input.words.len());
    for words in &input.words {
        let found = serde_json::from_slice(&read(&words.file)?);
        let unreadable = |error: serde_json::Error| Error::Internal {
            doing: "read the words of a page".to_owned(),
            source: Some(error.into()),
        };
        pages.push((words.page, found.map_err(unreadable)?));
    }
    text_layer::add(&mut document, &pages)?;
    text_layer::straighten(&mut document, &pages, assemble.straighten);
    Ok(Pdf::Document(Box::new(document)))
}
