//! The part of the graphics state that rules ask for (ISO 32000-1, 8.4).

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::{Operation, Piece};
use crate::pdf::{object, profiles::Device, validate::subject::Subject};

/// A colour space as content sets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::pdf::validate) enum Space<'a> {
    /// A device space, by its name or by an operator such as `rg`.
    Device(Device),
    /// A pattern without an underlying space.
    Pattern,
    /// Any other, resolved.
    Other(&'a Object),
    /// One that the resources do not have.
    Missing,
}

/// A font as content sets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::pdf::validate) struct Font<'a> {
    /// The number of its object; `None` for a direct one.
    pub(in crate::pdf::validate) id: Option<ObjectId>,
    /// Its dictionary.
    pub(in crate::pdf::validate) held: &'a Dictionary,
}

/// The graphics state.
#[derive(Debug, Clone)]
pub(in crate::pdf::validate) struct State<'a> {
    /// The font, once one is set that the resources have.
    pub(in crate::pdf::validate) font: Option<Font<'a>>,
    /// The text rendering mode; 3 draws nothing.
    pub(in crate::pdf::validate) render_mode: i64,
    /// The colour space for filling.
    pub(in crate::pdf::validate) fill: Space<'a>,
    /// The colour space for stroking.
    pub(in crate::pdf::validate) stroke: Space<'a>,
    /// Whether filling overprints (`op`).
    pub(in crate::pdf::validate) overprints_fill: bool,
    /// Whether stroking overprints (`OP`).
    pub(in crate::pdf::validate) overprints_stroke: bool,
    /// The overprint mode (`OPM`).
    pub(in crate::pdf::validate) overprint_mode: i64,
    /// The opacity for filling (`ca`).
    pub(in crate::pdf::validate) fill_alpha: f32,
    /// The opacity for stroking (`CA`).
    pub(in crate::pdf::validate) stroke_alpha: f32,
    /// Whether a soft mask is set (`SMask`).
    pub(in crate::pdf::validate) is_masked: bool,
    /// Whether a blend mode other than `Normal` is set (`BM`).
    pub(in crate::pdf::validate) is_blended: bool,
}

impl Default for State<'_> {
    fn default() -> Self {
        Self {
            font: None,
            render_mode: 0,
            fill: Space::Device(Device::Gray),
            stroke: Space::Device(Device::Gray),
            overprints_fill: false,
            overprints_stroke: false,
            overprint_mode: 0,
            fill_alpha: 1.0,
            stroke_alpha: 1.0,
            is_masked: false,
            is_blended: false,
        }
    }
}

impl<'a> State<'a> {
    /// Follows an operator that sets a part of it; `q` and `Q` are the walk's business.
    pub(super) fn follow(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, operation: &Operation<'_>) {
        match operation.operator {
            b"g" => self.fill = device(subject, piece, Device::Gray),
            b"G" => self.stroke = device(subject, piece, Device::Gray),
            b"rg" => self.fill = device(subject, piece, Device::Rgb),
            b"RG" => self.stroke = device(subject, piece, Device::Rgb),
            b"k" => self.fill = device(subject, piece, Device::Cmyk),
            b"K" => self.stroke = device(subject, piece, Device::Cmyk),
            b"cs" => self.fill = space(subject, piece, operation),
            b"CS" => self.stroke = space(subject, piece, operation),
            b"Tr" => self.render_mode = operation.operands.first().and_then(|mode| mode.as_i64().ok()).unwrap_or(0),
            b"Tf" => {
                let held = operation.name().and_then(|name| piece.resource(subject, b"Font", name));
                self.font = held.and_then(|held| font(subject, held));
            }
            b"gs" => {
                let held = operation.name().and_then(|name| piece.resource(subject, b"ExtGState", name));
                if let Some(held) = held.and_then(|held| object::as_dictionary(object::resolve(subject.document, held)))
                {
                    self.apply(subject, held);
                }
            }
            _ => {}
        }
    }

    /// Applies a graphics state dictionary.
    fn apply(&mut self, subject: &Subject<'a>, held: &'a Dictionary) {
        let document = subject.document;
        if let Some(held) = object::array(document, held, b"Font").and_then(<[Object]>::first) {
            self.font = font(subject, held);
        }
        let flag = |key: &[u8]| object::get(document, held, key).and_then(|value| value.as_bool().ok());
        if let Some(stroke) = flag(b"OP") {
            self.overprints_stroke = stroke;
            // Without `op`, `OP` means both (ISO 32000-1, table 58).
            self.overprints_fill = stroke;
        }
        self.overprints_fill = flag(b"op").unwrap_or(self.overprints_fill);
        self.overprint_mode = object::integer(document, held, b"OPM").unwrap_or(self.overprint_mode);
        let alpha = |key: &[u8]| object::get(document, held, key).and_then(|value| value.as_float().ok());
        self.fill_alpha = alpha(b"ca").unwrap_or(self.fill_alpha);
        self.stroke_alpha = alpha(b"CA").unwrap_or(self.stroke_alpha);
        if let Some(mask) = object::get(document, held, b"SMask") {
            self.is_masked = object::as_dictionary(mask).is_some();
        }
        if let Some(mode) = object::get(document, held, b"BM") {
            self.is_blended = is_blended(document, mode);
        }
    }
}

/// A device space, or the one that stands for it in the resources (ISO 32000-1, 8.6.5.6).
fn device<'a>(subject: &Subject<'a>, piece: &Piece<'a>, device: Device) -> Space<'a> {
    piece
        .resource(subject, b"ColorSpace", device.default_key().as_bytes())
        .map(|held| object::resolve(subject.document, held))
        .filter(|held| !held.is_null())
        .map_or(Space::Device(device), Space::Other)
}

/// Whether a blend mode mixes with what is below; the first name of an array that a reader knows counts, so each may.
fn is_blended(document: &Document, mode: &Object) -> bool {
    let is_plain = |mode: &Object| matches!(mode.as_name(), Ok(b"Normal"));
    match mode.as_array() {
        Ok(modes) => !modes.iter().all(|mode| is_plain(object::resolve(document, mode))),
        Err(_) => !is_plain(mode),
    }
}

fn space<'a>(subject: &Subject<'a>, piece: &Piece<'a>, operation: &Operation<'_>) -> Space<'a> {
    match operation.name() {
        Some(name @ (b"DeviceGray" | b"DeviceRGB" | b"DeviceCMYK")) => {
            Device::named(name).map_or(Space::Missing, |named| device(subject, piece, named))
        }
        Some(b"Pattern") => Space::Pattern,
        Some(name) => piece
            .resource(subject, b"ColorSpace", name)
            .map_or(Space::Missing, |held| Space::Other(object::resolve(subject.document, held))),
        None => Space::Missing,
    }
}

fn font<'a>(subject: &Subject<'a>, held: &'a Object) -> Option<Font<'a>> {
    let id = object::target(subject.document, held);
    object::as_dictionary(object::resolve(subject.document, held)).map(|held| Font { id, held })
}
