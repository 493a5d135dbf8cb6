//! All documents become one.

use super::Bench;
use crate::{
    domain::limits,
    engines::{
        Error,
        protocol::Input,
        serve::{Pdf, read},
    },
    pdf,
};

/// Joins the documents in their order. A single one stays as it came: it may be what is wanted already.
pub(super) fn merge(bench: &mut Bench<'_>) -> Result<(), Error> {
    merge_of(bench, &bench.assemble.inputs)
}

/// The same with some of the documents.
pub(super) fn merge_of<'a>(bench: &mut Bench<'_>, inputs: impl IntoIterator<Item = &'a Input>) -> Result<(), Error> {
    let inputs: Vec<&Input> = inputs.into_iter().collect();
    if let [input] = inputs.as_slice() {
        bench.whole = Some(Pdf::Given(read(&input.file)?));
        return Ok(());
    }
    let mut parts = Vec::with_capacity(inputs.len());
    for input in &inputs {
        parts.push(pdf::read(read(&input.file)?, &[])?.document);
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
    bench.whole = Some(Pdf::Document(Box::new(merged.document)));
    Ok(())
}
