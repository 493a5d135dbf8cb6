//! A TIFF of many pages: in place of an assembly that would draw them all, a `draw` task for each piece of them, and when the last of
//! these has ended an assembly that joins what they left.

use super::{
    Done, Outcome, Work,
    assemble::{Order, Plan, SUBJECT, assembled},
    convert::unwritable,
    page_count, report,
};
use crate::{
    domain::{DocumentState, limits},
    engines::{
        assemble::output_of,
        protocol::{FileKind, Input, Span, Step},
    },
    pdf::tiff::TiffSettings,
    queue::Lease,
    storage::{self, drawings::DrawingRow},
    workflows::Error,
};

impl Work {
    /// Draws a piece.
    pub(super) async fn draw(&self, lease: &Lease) -> Result<Done, Error> {
        let plan = match self.plan(lease).await? {
            Ok(plan) => plan,
            Err(done) => return Ok(*done),
        };
        let is_it = |piece: &&DrawingRow| piece.task == lease.task.id && piece.blob.is_none();
        let Some(piece) = plan.order.drawings.iter().find(is_it) else { return Ok(Done::new(Outcome::Dropped)) };
        let missing = || storage::Error::Corrupt { what: "a piece of a job that draws nothing".to_owned() };
        let Pieces { settings, .. } = plan.drawn_in_pieces().ok_or_else(missing)?;
        let folder = self.folders.make(lease.fence).map_err(|source| unwritable("make a work folder", &source))?;
        let (mut inputs, mut spans) = (Vec::new(), Vec::new());
        for (index, span) in spans_of(piece, plan.order.documents.iter().map(|placed| placed.document.pages)) {
            let Some(placed) = plan.order.documents.get(index) else { continue };
            spans.push(Span { place: inputs.len(), ..span });
            inputs.push(self.fetch_document(folder.path(), index, &placed.document, None).await?);
        }
        let steps = vec![Step::Draw { settings, spans }];
        let (answer, ran) = self.run_steps(folder.path(), self.assemble_by(&plan, inputs, steps)).await?;
        let (files, _) = match assembled(lease, &folder, answer, &ran) {
            Ok(made) => made,
            Err(done) => return Ok(*done),
        };
        if files.len() != 1 || files.iter().any(|made| made.kind != FileKind::Pages) {
            return Ok(Done::of_nonsense(lease, &ran, SUBJECT));
        }
        let blob = storage::blobs::piece_name(plan.order.job.id, piece.first_page, lease.fence);
        let stored = self.ctx.blobs.put_file(&blob, &folder.path().join(output_of(0))).await?;
        Ok(Done { outcome: Outcome::Drawn { stored }, format: None, report: report(&ran, None, None) })
    }

    /// Joins the pieces of a job, all of which are there, with the name of its first document.
    pub(super) async fn join(&self, lease: &Lease, plan: Plan, settings: TiffSettings) -> Result<Done, Error> {
        let folder = self.folders.make(lease.fence).map_err(|source| unwritable("make a work folder", &source))?;
        let file_name = plan.order.documents.first().map(|placed| placed.document.file_name.clone());
        let file_name = file_name.unwrap_or_default();
        let mut inputs = Vec::with_capacity(plan.order.drawings.len());
        for (index, blob) in plan.order.drawings.iter().filter_map(|piece| piece.blob.as_deref()).enumerate() {
            let name = format!("{index}.pages");
            self.ctx.blobs.fetch(blob, &folder.path().join(&name)).await?;
            inputs.push(Input { file: name.into(), file_name: file_name.clone(), words: Vec::new() });
        }
        let assemble = self.assemble_by(&plan, inputs, vec![Step::Join(settings)]);
        self.make_files(lease, &folder, plan.order.job.id, assemble).await
    }
}

/// A TIFF of more pages than one task draws.
pub(super) struct Pieces {
    /// How they are drawn.
    pub(super) settings: TiffSettings,
    /// How many there are.
    pub(super) pages: i32,
    /// How many of them are in each piece.
    pub(super) each: i32,
}

/// How many pages a task draws.
fn pages_of_a_piece(settings: &TiffSettings) -> usize {
    let times = settings.resolution.get().div_ceil(limits::TIFF_PIECE_DOTS_PER_INCH).max(1);
    let pixels = usize::try_from(times.saturating_pow(2)).unwrap_or(usize::MAX);
    (limits::TIFF_PIECE_PAGES / pixels).max(1)
}

impl Plan {
    /// The pages that are drawn, if it is too many for one task.
    pub(super) fn drawn_in_pieces(&self) -> Option<Pieces> {
        let of_tiff = |step: &Step| if let Step::Tiff(settings) = step { Some(*settings) } else { None };
        let settings = self.steps.iter().find_map(of_tiff)?;
        let pages = self.order.pages()?;
        // Too many for any result are refused as they are where all become one.
        let each = pages_of_a_piece(&settings);
        let many = each + 1..=limits::PAGES_MAX;
        let are_many = usize::try_from(pages).is_ok_and(|pages| many.contains(&pages));
        are_many.then_some(Pieces { settings, pages, each: page_count(each) })
    }
}

impl Order {
    /// The pages of all documents, if that is known of each.
    fn pages(&self) -> Option<i32> {
        self.documents.iter().try_fold(0_i32, |before, placed| {
            let document = &placed.document;
            let pages = document.pages.filter(|_| document.state == DocumentState::Converted)?;
            before.checked_add(pages.max(1))
        })
    }

    /// Whether all pieces of it are there to be joined.
    pub(super) fn is_drawn(&self) -> bool {
        !self.drawings.is_empty() && self.drawings.iter().all(|piece| piece.blob.is_some())
    }
}

/// Which pages of which documents are in a piece.
fn spans_of(piece: &DrawingRow, documents: impl Iterator<Item = Option<i32>>) -> Vec<(usize, Span)> {
    let count = |number: i32| usize::try_from(number).unwrap_or_default();
    let (from, to) = (count(piece.first_page), count(piece.first_page.saturating_add(piece.pages)));
    let (mut spans, mut first) = (Vec::new(), 0);
    for (index, pages) in documents.enumerate() {
        let end = first + count(pages.unwrap_or_default().max(1));
        if first < to && from < end {
            // What a document has beyond its pages as they were counted stands behind them.
            let last = if end <= to { usize::MAX } else { to - first - 1 };
            spans.push((index, Span { place: index, first: from.saturating_sub(first), last }));
        }
        first = end;
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::tiff::DotsPerInch;

    #[test]
    fn a_piece_has_fewer_pages_when_each_has_more_pixels() {
        let pages = |dots: u32| {
            let resolution = DotsPerInch::try_from(dots).unwrap();
            pages_of_a_piece(&TiffSettings { resolution, ..TiffSettings::default() })
        };
        assert_eq!([72, 300, 400, 600, 1200].map(pages), [32, 32, 8, 8, 2]);
    }

    #[test]
    fn the_pieces_of_a_job_have_each_page_of_its_documents_once() {
        let documents = [1, 5, 2, 2, 1].map(Some);
        let spans = |first_page, pages| {
            let piece = DrawingRow { task: 1, first_page, pages, blob: None };
            let spans = spans_of(&piece, documents.into_iter());
            spans.into_iter().map(|(index, span)| (index, span.first, span.last)).collect::<Vec<_>>()
        };
        let all = usize::MAX;
        assert_eq!(spans(0, 4), [(0, 0, all), (1, 0, 2)]);
        assert_eq!(spans(4, 4), [(1, 3, all), (2, 0, all)]);
        assert_eq!(spans(8, 3), [(3, 0, all), (4, 0, all)]);
        assert_eq!(spans(2, 2), [(1, 1, 2)]);
        assert_eq!(spans(0, 11).len(), 5);
    }
}
