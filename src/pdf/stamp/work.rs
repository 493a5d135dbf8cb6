//! One stamp, on its way over the pages.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Document, Object, ObjectId, dictionary};

use super::{
    BarcodeSettings, Colour, Content, Error, Press, StampSettings, TextSettings, Values, barcode,
    figure::{Figure, Ink},
    on_white, picture, place,
    placeholders::{self, Piece},
};
use crate::{
    domain::{Event, EventCode},
    pdf::{
        fonts::{Style, Typeface},
        object,
        page::{Matrix, View},
        validate::Part,
    },
};

/// Most characters that an event names.
const MISSING_SHOWN_MAX: usize = 20;
/// Points of a pixel of an image whose size is not given: 96 dots per inch.
const PIXEL_POINTS: f32 = 0.75;
/// How far type reaches above and below its line where no font says it, in thousandths.
const REACH: (f32, f32) = (800.0, -200.0);

/// A stamp that is being put on pages.
pub(super) struct Work<'a> {
    settings: &'a StampSettings,
    name: String,
    pieces: Option<Vec<Piece>>,
    state: Option<ObjectId>,
    image: Option<(picture::Added, [u32; 2])>,
    /// How much of its colours covers white paper, where nothing else may show through.
    on_paper: Option<f32>,
    /// What was drawn, by its text: most stamps say the same on many pages.
    figures: BTreeMap<Option<String>, Option<Figure>>,
    /// By text, and by the linear part of the matrix that a form is drawn through.
    forms: BTreeMap<(Option<String>, [u32; 4]), ObjectId>,
    missing: BTreeSet<char>,
    clipped: Option<usize>,
}

impl<'a> Work<'a> {
    /// Prepares what is the same on all pages.
    pub(super) fn begin(
        document: &mut Document,
        press: &mut Press<'_>,
        settings: &'a StampSettings,
        name: String,
    ) -> Result<Self, Error> {
        let is_opaque = press.part == Some(Part::One);
        let fades = settings.opacity < 1.0;
        let state = (fades && !is_opaque).then(|| {
            let opacity = Object::Real(settings.opacity);
            object::add(document, dictionary! { "Type" => "ExtGState", "ca" => opacity.clone(), "CA" => opacity })
        });
        let image = match &settings.content {
            Content::Image(image) => {
                let added = picture::Header::read(&image.data.0).and_then(|header| {
                    Ok((picture::add(document, &image.data.0, is_opaque.then_some(settings.opacity))?, header.size))
                });
                Some(added.map_err(|what| Error::Settings { stamp: name.clone(), what })?)
            }
            Content::Text(_) | Content::Barcode(_) => None,
        };
        let is_flattened = image.is_some_and(|(added, _)| added.is_flattened);
        if is_opaque && (fades || is_flattened) {
            let message = format!("The stamp {name} covers what is behind it, since PDF/A-1 has no transparency.");
            press.tell(Event::warning(EventCode::TransparencyRemoved, message));
        }
        let pieces = settings.text().map(|text| placeholders::parse(text, &name)).transpose()?;
        Ok(Self {
            settings,
            name,
            pieces,
            state,
            image,
            on_paper: (is_opaque && fades).then_some(settings.opacity),
            figures: BTreeMap::new(),
            forms: BTreeMap::new(),
            missing: BTreeSet::new(),
            clipped: None,
        })
    }

    /// Whether what is behind it shows through.
    pub(super) fn is_transparent(&self) -> bool {
        self.state.is_some() || self.image.is_some_and(|(added, _)| added.is_transparent)
    }

    /// The text on a page; `None` for an image.
    pub(super) fn fill(&self, values: &Values, page: usize, pages: usize) -> Result<Option<String>, Error> {
        let pieces = self.pieces.as_ref();
        pieces.map(|pieces| placeholders::fill(pieces, values, page, pages, &self.name)).transpose()
    }

    /// What is drawn on a page, and where; `None` when it is nothing.
    pub(super) fn figure(
        &mut self,
        document: &mut Document,
        press: &mut Press<'_>,
        text: Option<&str>,
        (number, page): (usize, ObjectId),
    ) -> Result<Option<(Figure, Matrix)>, Error> {
        let key = text.map(str::to_owned);
        let figure = if let Some(known) = self.figures.get(&key) {
            known.clone()
        } else {
            let made = self.make(document, press, text.unwrap_or_default())?;
            self.figures.insert(key, made.clone());
            made
        };
        let Some(figure) = figure else { return Ok(None) };
        let view = View::of(document, page);
        let placed = place::place(&view, &self.settings.position, self.settings.rotation, figure.size);
        if placed.is_none_or(|placed| !placed.fits) {
            self.clipped.get_or_insert(number);
        }
        Ok(placed.map(|placed| (figure, placed.matrix)))
    }

    fn make(&mut self, document: &mut Document, press: &mut Press<'_>, text: &str) -> Result<Option<Figure>, Error> {
        match &self.settings.content {
            Content::Text(settings) => self.set(document, press, settings, text),
            Content::Barcode(settings) => {
                let settings = BarcodeSettings {
                    colour: self.ink(settings.colour),
                    background: settings.background.map(|colour| self.ink(colour)),
                    ..settings.clone()
                };
                barcode::draw(&settings, text, &self.name).map(Some)
            }
            Content::Image(settings) => Ok(self.image.map(|(added, pixels)| {
                let mut figure = Figure::new(image_size(settings.width, settings.height, pixels), &self.name);
                figure.image(added.id);
                figure
            })),
        }
    }

    /// A colour as it is drawn.
    fn ink(&self, colour: Colour) -> Colour {
        match self.on_paper {
            Some(opacity) => Colour(colour.0.map(|part| on_white(part, opacity))),
            None => colour,
        }
    }

    /// Sets a line of text.
    fn set(
        &mut self,
        document: &mut Document,
        press: &mut Press<'_>,
        settings: &TextSettings,
        text: &str,
    ) -> Result<Option<Figure>, Error> {
        let style = Style { family: settings.font.clone(), is_bold: settings.bold, is_italic: settings.italic };
        if !press.typefaces.contains_key(&style) {
            let (typeface, stand_in) = Typeface::open(&style, press.fonts);
            if let Some(stand_in) = stand_in {
                let message = format!(
                    "The font \"{}\" of a stamp is not installed; {} took its place.",
                    style.family, stand_in.family
                );
                press.tell(if stand_in.is_compatible {
                    Event::info(EventCode::FontSubstituted, message)
                } else {
                    Event::warning(EventCode::FontSubstituted, message)
                });
            }
            press.typefaces.insert(style.clone(), (document.new_object_id(), typeface));
        }
        let Some((font, typeface)) = press.typefaces.get_mut(&style) else { return Ok(None) };
        let line = typeface.set(text, press.fonts);
        let line = line.ok_or_else(|| crate::pdf::Error::limit("the different characters of one font of stamps"))?;
        self.missing.extend(&line.missing);
        if line.is_empty() {
            return Ok(None);
        }
        let (ascent, descent) = typeface.reach(press.fonts).unwrap_or(REACH);
        let em = settings.size / 1000.0;
        let mut figure = Figure::new([line.width * em, (ascent - descent) * em], text);
        // Slanted letters and marks reach over the box of the line.
        figure.overhang = settings.size / 2.0;
        figure.colour(self.ink(settings.colour));
        figure.text(&line.operation(), *font, settings.size, -descent * em);
        Ok(Some(figure))
    }

    /// The form of a figure, which pages share.
    pub(super) fn form(
        &mut self,
        document: &mut Document,
        text: Option<String>,
        figure: &Figure,
        matrix: Matrix,
        press: &Press<'_>,
    ) -> ObjectId {
        let [a, b, c, d, ..] = matrix.0;
        let ink = Ink { space: press.space, state: self.state };
        *self.forms.entry((text, [a, b, c, d].map(f32::to_bits))).or_insert_with(|| figure.add(document, matrix, ink))
    }

    /// Tells what could not be done as it was asked for.
    pub(super) fn end(self, press: &mut Press<'_>) {
        if !self.missing.is_empty() {
            let missing: String = self.missing.iter().take(MISSING_SHOWN_MAX).collect();
            let message = format!(
                "No installed font has the characters \"{missing}\" of the stamp {}; they are not shown.",
                self.name
            );
            press.tell(Event::warning(EventCode::VisualDifferences, message));
        }
        if let Some(page) = self.clipped {
            let message = format!("The stamp {} does not fit on page {}.", self.name, page + 1);
            press.tell(Event::warning(EventCode::ContentClipped, message));
        }
    }
}

/// The size of an image in points.
fn image_size(width: Option<f32>, height: Option<f32>, pixels: [u32; 2]) -> [f32; 2] {
    #[expect(clippy::cast_precision_loss, reason = "no image has 2^24 pixels a side")]
    let [columns, rows] = pixels.map(|side| side as f32);
    match (width, height) {
        (Some(width), Some(height)) => [width, height],
        (Some(width), None) => [width, width * rows / columns],
        (None, Some(height)) => [height * columns / rows, height],
        (None, None) => [columns * PIXEL_POINTS, rows * PIXEL_POINTS],
    }
}
