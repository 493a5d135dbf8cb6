//! What a stamp draws, and the form that it becomes.

pub(super) use crate::pdf::page::number;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::Colour;
use crate::pdf::{object, page::Matrix};

/// What the one resource of each kind is called in a form.
const NAME: &str = "S";

/// Something that is drawn, upright, with its lower left corner at the origin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    /// Its size in points, by which it is placed.
    pub(super) size: [f32; 2],
    /// How far in points its ink may reach beyond that.
    pub(super) overhang: f32,
    /// What it says, for those who do not see it.
    pub(super) description: String,
    content: String,
    font: Option<ObjectId>,
    image: Option<ObjectId>,
    has_colour: bool,
}

/// What figures share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink {
    /// The colour space of their colours.
    pub(super) space: ObjectId,
    /// The graphics state with their opacity, where it is not 1.
    pub(super) state: Option<ObjectId>,
}

impl Figure {
    /// One that shows nothing yet.
    pub(super) fn new(size: [f32; 2], description: &str) -> Self {
        Self {
            size,
            overhang: 0.0,
            description: description.to_owned(),
            content: String::new(),
            font: None,
            image: None,
            has_colour: false,
        }
    }

    /// Adds operations.
    pub(super) fn put(&mut self, operations: &str) {
        self.content.push_str(operations);
    }

    /// Sets the colour of what follows.
    pub(super) fn colour(&mut self, Colour(colour): Colour) {
        if !std::mem::replace(&mut self.has_colour, true) {
            self.put(&format!("/{NAME} cs\n"));
        }
        let [red, green, blue] = colour.map(|part| number(f32::from(part) / 255.0));
        self.put(&format!("{red} {green} {blue} sc\n"));
    }

    /// Sets a line of text: the operation that shows it, in a font and size, with its baseline so high.
    pub(super) fn text(&mut self, operation: &str, font: ObjectId, size: f32, height: f32) {
        self.font = Some(font);
        self.put(&format!("BT\n/{NAME} {} Tf\n0 {} Td\n{operation}ET\n", number(size), number(height)));
    }

    /// Fills all of it with an image.
    pub(super) fn image(&mut self, image: ObjectId) {
        self.image = Some(image);
        let [width, height] = self.size.map(number);
        self.put(&format!("q\n{width} 0 0 {height} 0 0 cm\n/{NAME} Do\nQ\n"));
    }

    /// The box around its ink: how far it is moved from the origin, and its size.
    pub(super) fn ink_box(&self) -> (Matrix, [f32; 2]) {
        let Self { overhang, size, .. } = self;
        (Matrix::shift(-overhang, -overhang), size.map(|side| side + 2.0 * overhang))
    }

    /// Adds it as a form that is drawn through a matrix.
    pub(super) fn add(&self, document: &mut Document, matrix: Matrix, ink: Ink) -> ObjectId {
        let mut resources = Dictionary::new();
        let entries = [
            ("ColorSpace", self.has_colour.then_some(ink.space)),
            ("ExtGState", ink.state),
            ("Font", self.font),
            ("XObject", self.image),
        ];
        for (kind, entry) in entries {
            if let Some(entry) = entry {
                resources.set(kind, dictionary! { NAME => entry });
            }
        }
        let state = if ink.state.is_some() { format!("/{NAME} gs\n") } else { String::new() };
        let content = format!("{state}{}", self.content).into_bytes();
        let [right, top] = self.size.map(|side| side + self.overhang);
        let bounds = [-self.overhang, -self.overhang, right, top].map(Object::Real).to_vec();
        let mut form = dictionary! {
            "Type" => "XObject", "Subtype" => "Form", "BBox" => bounds, "Resources" => resources,
        };
        if matrix != Matrix::IDENTITY {
            form.set("Matrix", matrix.0.map(Object::Real).to_vec());
        }
        object::add(document, Stream::new(form, content))
    }
}
