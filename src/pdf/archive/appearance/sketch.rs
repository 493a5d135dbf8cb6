//! A form in the making: what an appearance draws, and what it draws with.

pub(super) use crate::pdf::page::number;

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::Log;
use crate::{
    domain::EventCode,
    pdf::{
        fonts::{FontFolder, Style, Typeface},
        object,
        validate::Part,
    },
};

/// What the appearances of a document may cost: a unit is a byte that is read or written. Objects that annotations share cost as
/// often as they are drawn. A form with a thousand fields takes an eighth of it.
const EFFORT_MAX: usize = 16 << 20;

/// What setting a character costs.
const CHARACTER_EFFORT: usize = 100;

/// How many characters a line counts for at least.
const LINE_CHARACTERS_MIN: usize = 10;

/// Most characters that an event names.
const MISSING_SHOWN_MAX: usize = 20;

/// How many points a curve that stands for a quarter of a circle is off its corner, as a part of the radius.
const CURVE: f32 = 0.552_3;

/// What appearances are drawn with.
pub(in crate::pdf::archive) struct Pens<'a> {
    /// What the document becomes.
    pub(super) part: Part,
    folder: &'a FontFolder,
    /// Fonts in the making, which all appearances share.
    typefaces: BTreeMap<Style, (ObjectId, Typeface)>,
    effort_left: usize,
    missing: String,
}

/// A line of text that is set.
pub(super) struct Line {
    /// The operation that shows it.
    pub(super) operation: String,
    /// How wide it is, in points of a font of one point.
    pub(super) width: f32,
}

impl<'a> Pens<'a> {
    pub(in crate::pdf::archive) fn new(part: Part, folder: &'a FontFolder) -> Self {
        let typefaces = BTreeMap::new();
        Self { part, folder, typefaces, effort_left: EFFORT_MAX, missing: String::new() }
    }

    /// Takes from what drawing may cost; says whether there is more.
    pub(super) fn spend(&mut self, effort: usize) -> bool {
        self.effort_left = self.effort_left.saturating_sub(effort);
        self.effort_left > 0
    }

    /// Sets a line. Nothing is shown of what no font has.
    pub(super) fn set(&mut self, document: &mut Document, style: &Style, text: &str) -> Line {
        let effort = text.chars().count().max(LINE_CHARACTERS_MIN) * CHARACTER_EFFORT;
        let folder = self.folder;
        let line = if self.spend(effort) { self.typeface(document, style).1.set(text, folder) } else { None };
        let Some(line) = line else { return Line { operation: String::new(), width: 0.0 } };
        if self.missing.len() < MISSING_SHOWN_MAX {
            self.missing.extend(line.missing.iter());
        }
        Line { operation: line.operation(), width: line.width / 1000.0 }
    }

    /// How far letters reach above and below the line, in points of a font of one point; below is negative.
    pub(super) fn reach(&mut self, document: &mut Document, style: &Style) -> (f32, f32) {
        let folder = self.folder;
        let reach = self.typeface(document, style).1.reach(folder);
        reach.map_or((0.75, -0.25), |(above, below)| (above / 1000.0, below / 1000.0))
    }

    fn typeface(&mut self, document: &mut Document, style: &Style) -> &mut (ObjectId, Typeface) {
        self.typefaces
            .entry(style.clone())
            .or_insert_with(|| (object::add(document, Object::Null), Typeface::open(style, self.folder).0))
    }

    /// Writes the fonts, and tells of what could not be drawn.
    pub(in crate::pdf::archive) fn finish(self, document: &mut Document, log: &mut Log) {
        for (id, typeface) in self.typefaces.values() {
            typeface.write(document, *id, Some(self.part));
        }
        if self.effort_left == 0 {
            let message = "Fields or annotations without an appearance are too many or too large: some are not shown.";
            log.warn(EventCode::ContentClipped, message);
        }
        if !self.missing.is_empty() {
            let missing: String = self.missing.chars().take(MISSING_SHOWN_MAX).collect();
            let message = format!(
                "No installed font has the characters \"{missing}\" of fields or annotations; they are not shown."
            );
            log.warn(EventCode::ContentClipped, message);
        }
    }
}

/// A form in the making, its lower left corner at the origin.
pub(super) struct Sketch {
    /// Its size in points.
    pub(super) size: [f32; 2],
    content: String,
    fonts: Dictionary,
    state: Option<ObjectId>,
    matrix: Option<[f32; 6]>,
}

impl Sketch {
    pub(super) fn new(size: [f32; 2]) -> Self {
        Self { size, content: String::new(), fonts: Dictionary::new(), state: None, matrix: None }
    }

    /// One that is turned against the clock by quarters of a circle inside a rectangle of a size.
    pub(super) fn turned([width, height]: [f32; 2], degrees: i64) -> Self {
        let (size, matrix) = match degrees.rem_euclid(360) {
            90 => ([height, width], Some([0.0, 1.0, -1.0, 0.0, width, 0.0])),
            180 => ([width, height], Some([-1.0, 0.0, 0.0, -1.0, width, height])),
            270 => ([height, width], Some([0.0, -1.0, 1.0, 0.0, 0.0, height])),
            _ => ([width, height], None),
        };
        Self { matrix, ..Self::new(size) }
    }

    /// How many bytes it is drawn with.
    pub(super) fn len(&self) -> usize {
        self.content.len()
    }

    /// Whether it draws nothing.
    pub(super) fn is_blank(&self) -> bool {
        self.content.is_empty()
    }

    /// Adds operations.
    pub(super) fn put(&mut self, operations: &str) {
        self.content.push_str(operations);
        self.content.push('\n');
    }

    /// Adds an operation with numbers before it.
    pub(super) fn operate(&mut self, numbers: &[f32], operator: &str) {
        for each in numbers {
            self.content.push_str(&number(*each));
            self.content.push(' ');
        }
        self.put(operator);
    }

    /// Sets a graphics state for all of it.
    pub(super) fn set_state(&mut self, document: &mut Document, mut state: Dictionary) {
        state.set("Type", "ExtGState");
        self.state = Some(object::add(document, state));
    }

    /// Shows a line in a style and size, with its baseline at a place.
    pub(super) fn show(
        &mut self,
        pens: &mut Pens<'_>,
        document: &mut Document,
        text: &Text<'_>,
        line: &Line,
        at: [f32; 2],
    ) {
        if line.operation.is_empty() {
            return;
        }
        let id = pens.typeface(document, text.style).0;
        let name = format!("F{}", id.0);
        self.put(&format!("BT\n{}\n/{name} {} Tf", text.colour, number(text.size)));
        self.operate(&at, "Td");
        self.put(&line.operation);
        self.put("ET");
        self.fonts.set(name, id);
    }

    /// Adds an ellipse in a box as a path: left, bottom, right, top.
    pub(super) fn ellipse(&mut self, [left, bottom, right, top]: [f32; 4]) {
        let (x, y) = (f32::midpoint(left, right), f32::midpoint(bottom, top));
        let (dx, dy) = ((right - x) * CURVE, (top - y) * CURVE);
        self.operate(&[right, y], "m");
        self.operate(&[right, y + dy, x + dx, top, x, top], "c");
        self.operate(&[x - dx, top, left, y + dy, left, y], "c");
        self.operate(&[left, y - dy, x - dx, bottom, x, bottom], "c");
        self.operate(&[x + dx, bottom, right, y - dy, right, y], "c h");
    }

    /// Adds lines through points as a path.
    pub(super) fn lines(&mut self, points: &[[f32; 2]]) {
        for (index, point) in points.iter().enumerate() {
            self.operate(point, if index == 0 { "m" } else { "l" });
        }
    }

    /// Adds it to the document.
    pub(super) fn add(self, document: &mut Document) -> Object {
        let mut resources = Dictionary::new();
        let mut content = self.content;
        if let Some(state) = self.state {
            resources.set("ExtGState", dictionary! { "G" => state });
            content.insert_str(0, "/G gs\n");
        }
        if !self.fonts.is_empty() {
            resources.set("Font", self.fonts);
        }
        let resources = object::add(document, resources);
        let [width, height] = self.size;
        let mut form = dictionary! {
            "Type" => "XObject",
            "Subtype" => "Form",
            "BBox" => vec![0.into(), 0.into(), width.max(0.1).into(), height.max(0.1).into()],
            "Resources" => resources,
        };
        if let Some(matrix) = self.matrix {
            form.set("Matrix", matrix.map(Object::Real).to_vec());
        }
        object::add(document, Stream::new(form, content.into_bytes())).into()
    }
}

/// How text is shown.
pub(super) struct Text<'a> {
    pub(super) style: &'a Style,
    /// The size of the font in points.
    pub(super) size: f32,
    /// The operator that sets its colour, with its operands.
    pub(super) colour: &'a str,
}
