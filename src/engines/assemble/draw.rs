//! Pages of a long document become a piece of a file of pictures, and the pieces that file.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    ops::RangeInclusive,
};

use super::{Bench, merge, stem};
use crate::{
    engines::{
        Error,
        finish::moment,
        protocol::{FileKind, Made, Span},
    },
    pdf::{
        self, Shape,
        tiff::{self, Piece, TiffSettings},
    },
};

/// Draws pages of the documents, one document after the other. They are not merged: what hangs on more than a page is not drawn.
pub(super) fn draw(bench: &mut Bench<'_>, settings: &TiffSettings, spans: &[Span]) -> Result<(), Error> {
    let unwritten = |source| Error::Internal { doing: "write the pictures".to_owned(), source: Some(source) };
    let mut out = BufWriter::new(File::create(bench.output()).map_err(unwritten)?);
    let mut piece = Piece::start(&mut out);
    for Span { place, first, last } in spans {
        let Some(input) = bench.assemble.inputs.get(*place) else { continue };
        let mut document = merge::open_parsed(bench.assemble, input)?;
        // What is drawn by places in the file is drawn from what was just written, where numbers are those of the document.
        let bytes = pdf::write(&mut document, Shape::Packed)?;
        piece.add(&document, &bytes, RangeInclusive::new(*first, *last), settings)?;
    }
    let pages = piece.finish()?;
    out.flush().map_err(unwritten)?;
    bench.files.push(made(FileKind::Pages, pages));
    Ok(())
}

/// Joins the pieces, which stand in the place of documents.
pub(super) fn join(bench: &mut Bench<'_>, settings: &TiffSettings) -> Result<(), Error> {
    let unwritten = |source| Error::Internal { doing: "write the pictures".to_owned(), source: Some(source) };
    let pieces = &bench.assemble.inputs;
    let name = pieces.first().map_or("", |piece| stem(&piece.file_name));
    let open = |place: usize| match pieces.get(place) {
        Some(piece) => File::open(&piece.file),
        None => Err(std::io::ErrorKind::NotFound.into()),
    };
    let mut out = BufWriter::new(File::create(bench.output()).map_err(unwritten)?);
    let written = tiff::join(pieces.len(), open, name, settings, moment(bench.assemble.now), &mut out)?;
    out.flush().map_err(unwritten)?;
    bench.events.extend(written.events);
    bench.files.push(made(FileKind::Tiff, written.pages));
    Ok(())
}

fn made(kind: FileKind, pages: usize) -> Made {
    Made { kind, name: None, pages: Some(pages), conformance: None, rung: None }
}
