//! Pages of a long document become a piece of a file of pictures, and the pieces that file.

use std::{fs::File, ops::RangeInclusive};

use super::{Bench, merge, stem, tiff::file};
use crate::{
    engines::{
        Error,
        finish::moment,
        protocol::{FileKind, Span},
    },
    pdf::{
        self, Shape,
        tiff::{self, Piece, TiffSettings, Written},
    },
};

/// Draws pages of the documents, one document after the other. They are not merged: what hangs on more than a page is not drawn.
pub(super) fn draw(bench: &mut Bench<'_>, settings: &TiffSettings, spans: &[Span]) -> Result<(), Error> {
    file(bench, FileKind::Pages, |assemble, out| {
        let mut piece = Piece::start(out);
        for Span { place, first, last } in spans {
            let Some(input) = assemble.inputs.get(*place) else { continue };
            let mut document = merge::open_parsed(assemble, input)?;
            // What is drawn by places in the file is drawn from what was just written, where numbers are those of the document.
            let bytes = pdf::write(&mut document, Shape::Packed)?;
            piece.add(&document, &bytes, RangeInclusive::new(*first, *last), settings)?;
        }
        Ok(Written { pages: piece.finish()?, events: Vec::new() })
    })
}

/// Joins the pieces, which stand in the place of documents.
pub(super) fn join(bench: &mut Bench<'_>, settings: &TiffSettings) -> Result<(), Error> {
    file(bench, FileKind::Tiff, |assemble, out| {
        let pieces = &assemble.inputs;
        let name = pieces.first().map_or("", |piece| stem(&piece.file_name));
        let open = |place: usize| match pieces.get(place) {
            Some(piece) => File::open(&piece.file),
            None => Err(std::io::ErrorKind::NotFound.into()),
        };
        Ok(tiff::join(pieces.len(), open, name, settings, moment(assemble.now), out)?)
    })
}
