//! Each document becomes XML that says its text, structure and metadata.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
};

use super::{Bench, stem};
use crate::{
    engines::{
        Error,
        protocol::{FileKind, Made},
        serve::read,
    },
    pdf::{self, Shape, to_xml},
};

/// Writes a file for each document, in their order.
pub(super) fn to_xml(bench: &mut Bench<'_>) -> Result<(), Error> {
    let unwritten = |source| Error::Internal { doing: "write the XML".to_owned(), source: Some(source) };
    for input in &bench.assemble.inputs {
        let mut document = pdf::read(read(&input.file)?, &[])?.document;
        // As with pictures, numbers in these bytes are those of the document.
        let bytes = pdf::write(&mut document, Shape::Packed)?;
        let mut out = BufWriter::new(File::create(bench.output()).map_err(unwritten)?);
        let written = to_xml::write_xml(&document, &bytes, &mut out)?;
        out.flush().map_err(unwritten)?;
        bench.events.extend(written.events);
        let (name, pages) = (Some(format!("{}.xml", stem(&input.file_name))), Some(written.pages));
        bench.files.push(Made { kind: FileKind::Xml, name, pages, conformance: None, rung: None });
    }
    Ok(())
}
