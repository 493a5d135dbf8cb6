//! What is collected where content draws images and forms.

use lopdf::{Dictionary, Object, ObjectId};

use super::{
    drawn::{Drawn, address},
    images,
    jpeg2000::{self, Colour},
    operators::Paint,
};
use crate::pdf::{
    object,
    profiles::Device,
    validate::{
        content::{Operation, Piece, Space, State},
        subject::Subject,
    },
};

impl<'a> Drawn<'a> {
    /// Draws an `XObject` (`Do`).
    pub(super) fn draw(
        &mut self,
        subject: &Subject<'a>,
        piece: &Piece<'a>,
        state: &State<'a>,
        operation: &Operation<'_>,
    ) {
        let document = subject.document;
        self.note_transparency(piece, state, Paint { fills: true, strokes: false });
        let name = operation.last_name();
        let Some(held) = self.named(subject, piece, b"XObject", name) else { return };
        let (Some(id), Some(drawn)) =
            (object::target(document, held), object::as_dictionary(object::resolve(document, held)))
        else {
            return;
        };
        match object::name(document, drawn, b"Subtype") {
            Some(b"Image") => self.draw_image(subject, piece, state, (id, drawn)),
            Some(b"Form") => {
                if let Some(used) = self.used(piece) {
                    used.children.insert(id);
                }
            }
            Some(b"PS") => self.postscript.add(piece, name.unwrap_or_default()),
            Some(_) | None => {}
        }
    }

    fn draw_image(
        &mut self,
        subject: &Subject<'a>,
        piece: &Piece<'a>,
        state: &State<'a>,
        (id, image): (ObjectId, &'a Dictionary),
    ) {
        let document = subject.document;
        self.images.entry(id).or_insert_with(|| piece.place());
        let is_masked = object::get(document, image, b"SMask").is_some_and(|mask| mask.as_stream().is_ok())
            || object::integer(document, image, b"SMaskInData").is_some_and(|kind| kind > 0);
        if is_masked && let Some(used) = self.used(piece) {
            used.is_transparent = true;
        }
        if images::flag(document, image, b"ImageMask") {
            if !self.current.borrows_colours {
                self.use_space(subject, piece, state.fill);
            }
        } else if let Ok(space) = image.get(b"ColorSpace")
            && !object::resolve(document, space).is_null()
        {
            self.use_space(subject, piece, Space::Other(space));
        } else if self.current.seen.insert(address(image)) {
            self.use_data_space(subject, piece, id);
        }
    }

    /// Uses the colour space of an image that has it in its data.
    fn use_data_space(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, id: ObjectId) {
        if !self.data_colours.contains_key(&id) {
            let colour = self.read_data(subject, id);
            self.data_colours.insert(id, (colour, piece.place()));
        }
        let colour = self.data_colours.get(&id).and_then(|(colour, _)| colour.as_ref());
        if colour.and_then(|colour| colour.enumerated) == Some(jpeg2000::ENUMERATED_CMYK) {
            self.use_space(subject, piece, Space::Device(Device::Cmyk));
        }
    }

    fn read_data(&mut self, subject: &Subject<'a>, id: ObjectId) -> Option<Colour> {
        let held = subject.document.objects.get(&id)?.as_stream().ok()?;
        let bytes_left = images::DATA_BYTES_MAX.saturating_sub(self.data_bytes);
        let (data, size) = jpeg2000::data(subject.document, held, bytes_left)?;
        self.data_bytes = self.data_bytes.saturating_add(size);
        jpeg2000::Header::read(&data).chosen().cloned()
    }

    /// Draws an inline image (`BI`).
    pub(super) fn draw_inline(
        &mut self,
        subject: &Subject<'a>,
        piece: &Piece<'a>,
        state: &State<'a>,
        operation: &Operation<'_>,
    ) {
        let Some(image) = operation.dictionary() else { return };
        let either = |short: &[u8], long: &[u8]| image.get(short).or_else(|_| image.get(long)).ok();
        let is_mask = either(b"IM", b"ImageMask").and_then(|held| held.as_bool().ok()).unwrap_or(false);
        self.note_transparency(piece, state, Paint { fills: true, strokes: false });
        if either(b"I", b"Interpolate").and_then(|held| held.as_bool().ok()).unwrap_or(false) {
            self.interpolated.add(piece, b"");
        }
        let depth = either(b"BPC", b"BitsPerComponent").and_then(|held| held.as_i64().ok());
        if let Some(depth) = depth.filter(|depth| !images::is_depth(*depth, is_mask, subject.flavour.part())) {
            self.odd_depths.add(piece, depth.to_string().as_bytes());
        }
        self.note_intent(piece, image.get(b"Intent").ok().and_then(|name| name.as_name().ok()));
        if is_mask {
            if !self.current.borrows_colours {
                self.use_space(subject, piece, state.fill);
            }
        } else if !self.current.is_stencil
            && let Some(space) = either(b"CS", b"ColorSpace")
        {
            self.use_inline_space(subject, piece, space);
        }
    }

    /// The space of an inline image: a name, or an array of `Indexed` with a name in it (ISO 32000-1, 8.9.7).
    fn use_inline_space(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, space: &Object) {
        let space = space.as_array().ok().and_then(|items| items.get(1)).unwrap_or(space);
        let Ok(name) = space.as_name() else { return };
        if let Some(device) = Device::named(name) {
            self.use_space(subject, piece, Space::Device(device));
        } else if let Some(held) = self.named(subject, piece, b"ColorSpace", Some(name)) {
            self.use_space(subject, piece, Space::Other(held));
        }
    }
}
