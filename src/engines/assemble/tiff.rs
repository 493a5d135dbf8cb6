//! The pages of the one document become a file of pictures.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
};

use super::{Bench, stem};
use crate::{
    engines::{
        Error,
        finish::moment,
        protocol::{Assemble, FileKind, Made},
    },
    pdf::{
        self, OutputError, Shape,
        tiff::{self, TiffSettings, Written},
    },
};

/// Draws the pages.
pub(super) fn tiff(bench: &mut Bench<'_>, settings: &TiffSettings) -> Result<(), Error> {
    let mut document = bench.take_document()?;
    // What is drawn by places in the file is drawn from what was just written, where numbers are those of the document.
    let bytes = pdf::write(&mut document, Shape::Packed)?;
    file(bench, FileKind::Tiff, |assemble, out| {
        let name = assemble.inputs.first().map_or("", |input| stem(&input.file_name));
        Ok(tiff::write_tiff(&document, &bytes, name, settings, moment(assemble.now), out)?)
    })
}

/// Has the next file of the job written, and tells what there is in it.
pub(super) fn file(
    bench: &mut Bench<'_>,
    kind: FileKind,
    write: impl FnOnce(&Assemble, &mut BufWriter<File>) -> Result<Written, Error>,
) -> Result<(), Error> {
    let unwritten = |source| Error::Internal { doing: "write the pictures".to_owned(), source: Some(source) };
    let mut out = BufWriter::new(File::create(bench.output()).map_err(unwritten)?);
    let Written { pages, events } = write(bench.assemble, &mut out)?;
    out.flush().map_err(unwritten)?;
    bench.events.extend(events);
    bench.files.push(Made { kind, name: None, pages: Some(pages), conformance: None, rung: None });
    Ok(())
}

impl From<OutputError> for Error {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::Document(error) => error.into(),
            OutputError::Output(source) => Self::Internal { doing: "write its file".to_owned(), source: Some(source) },
        }
    }
}
