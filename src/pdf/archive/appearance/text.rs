//! Text in a box: in lines that fit, or in cells.

use lopdf::{Dictionary, Document, Object};

use super::sketch::{Pens, Sketch, Text};
use crate::pdf::{fonts::Style, object, stream};

/// Most bytes of a value that is drawn. Larger ones have no room on a page.
pub(super) const VALUE_BYTES_MAX: usize = 64 << 10;

/// Most bytes of operators that say how text looks, of a caption, and of an option.
pub(super) const WORDS_BYTES_MAX: usize = 1 << 10;

/// Sizes that text gets when "automatic" is asked for.
const AUTOMATIC_SIZE: std::ops::RangeInclusive<f32> = 4.0..=12.0;

/// By how much text becomes smaller until it fits.
const SMALLER: f32 = 0.9;

/// From one baseline to the next, in sizes of the font.
const LINE_HEIGHT: f32 = 1.15;

/// How text looks, as a default appearance says (ISO 32000-1, 12.7.3.3).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Look {
    pub(super) style: Style,
    /// The size in points; `None` when it is up to the reader.
    pub(super) size: Option<f32>,
    /// The operator that sets its colour, with its operands.
    pub(super) colour: String,
}

impl Look {
    /// Reads operators that set a font and a colour.
    pub(super) fn read(document: &Document, operators: &str) -> Self {
        let mut look = Self { style: style("Helvetica"), size: None, colour: "0 g".to_owned() };
        let mut operands: Vec<&str> = Vec::new();
        for word in operators.split_ascii_whitespace() {
            match (word, operands.as_slice()) {
                ("Tf", [.., font, size]) => {
                    look.style = style(&family(document, font.trim_start_matches('/')));
                    look.size = size.parse().ok().filter(|size| *size > 0.0);
                }
                ("g", [.., _]) | ("rg", [.., _, _, _]) | ("k", [.., _, _, _, _]) => {
                    let numbers: Option<Vec<f32>> = operands.iter().map(|operand| operand.parse().ok()).collect();
                    if numbers.is_some() {
                        look.colour = format!("{} {word}", operands.join(" "));
                    }
                }
                _ => {
                    operands.push(word);
                    continue;
                }
            }
            operands.clear();
        }
        look
    }
}

fn style(family: &str) -> Style {
    Style { family: family.to_owned(), is_bold: false, is_italic: false }
}

/// The font that a name stands for in the resources of the form, or as Acrobat uses it.
fn family(document: &Document, name: &str) -> String {
    let fonts = form(document)
        .and_then(|form| object::dictionary(document, form, b"DR"))
        .and_then(|resources| object::dictionary(document, resources, b"Font"));
    let held = fonts.and_then(|fonts| object::dictionary(document, fonts, name.as_bytes()));
    let family = held.and_then(|font| object::name(document, font, b"BaseFont")).map(object::shown);
    let family = family.unwrap_or_else(|| match name {
        "Helv" => "Helvetica".to_owned(),
        "HeBo" => "Helvetica-Bold".to_owned(),
        "TiRo" => "Times-Roman".to_owned(),
        "TiBo" => "Times-Bold".to_owned(),
        "Cour" => "Courier".to_owned(),
        _ => name.to_owned(),
    });
    family.rsplit_once('+').map_or(family.clone(), |(_, family)| family.to_owned())
}

/// The text of a value: a string, or a stream of it, up to so many bytes.
pub(super) fn decoded(document: &Document, value: &Object, bytes_max: usize) -> Option<String> {
    let value = object::resolve(document, value);
    if let Object::Stream(held) = value {
        let text = stream::unpack_within(held, bytes_max).ok()?;
        return lopdf::decode_text_string(&Object::string_literal(text)).ok();
    }
    let Object::String(text, format) = value else { return None };
    let cut = text.get(..bytes_max).map(|text| Object::String(text.to_vec(), *format));
    lopdf::decode_text_string(cut.as_ref().unwrap_or(value)).ok()
}

/// How text is put into its box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// On one line.
    Line,
    /// On as many lines as it takes.
    Lines,
    /// Each character in a cell of its own.
    Cells(usize),
}

/// To which side text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Centre,
    Right,
}

impl Side {
    /// What the key `Q` says (ISO 32000-1, table 222).
    pub(super) const fn of(number: Option<i64>) -> Self {
        match number {
            Some(1) => Self::Centre,
            Some(2) => Self::Right,
            Some(_) | None => Self::Left,
        }
    }

    fn start(self, [left, right]: [f32; 2], width: f32) -> f32 {
        match self {
            Self::Left => left,
            Self::Centre => (f32::midpoint(left, right) - width / 2.0).max(left),
            Self::Right => (right - width).max(left),
        }
    }
}

/// Draws text into a box of a sketch: left, bottom, right, top. What does not fit is cut off, as readers do.
pub(super) fn fill(
    sketch: &mut Sketch,
    pens: &mut Pens<'_>,
    document: &mut Document,
    text: &str,
    look: &Look,
    area: [f32; 4],
    (fill, side): (Fill, Side),
) {
    let [left, bottom, right, top] = area;
    let (width, height) = (right - left, top - bottom);
    if text.trim().is_empty() || width <= 0.0 || height <= 0.0 {
        return;
    }
    let (above, below) = pens.reach(document, &look.style);
    let shown = |size: f32| Text { style: &look.style, size, colour: &look.colour };
    sketch.put("q");
    sketch.operate(&[left, bottom, width, height], "re W n");
    match fill {
        Fill::Line => {
            let line = pens.set(document, &look.style, text);
            let fitting =
                (height * 0.7).min(width / line.width.max(0.01)).clamp(*AUTOMATIC_SIZE.start(), *AUTOMATIC_SIZE.end());
            let size = look.size.unwrap_or(fitting);
            let at = [side.start([left, right], line.width * size), middle([bottom, top], size, (above, below))];
            sketch.show(pens, document, &shown(size), &line, at);
        }
        Fill::Cells(count) => {
            let cell = width / unit(count.max(1));
            let size = look.size.unwrap_or((height * 0.7).clamp(*AUTOMATIC_SIZE.start(), *AUTOMATIC_SIZE.end()));
            let characters: Vec<char> = text.chars().take(count).collect();
            let first = match side {
                Side::Left => 0,
                Side::Centre => (count - characters.len()) / 2,
                Side::Right => count - characters.len(),
            };
            for (index, character) in characters.iter().enumerate() {
                let line = pens.set(document, &look.style, &character.to_string());
                let start = left + unit(first + index) * cell;
                let at = [
                    Side::Centre.start([start, start + cell], line.width * size),
                    middle([bottom, top], size, (above, below)),
                ];
                sketch.show(pens, document, &shown(size), &line, at);
            }
        }
        Fill::Lines => {
            let words = Words::measure(pens, document, &look.style, text);
            let mut size = look.size.unwrap_or(*AUTOMATIC_SIZE.end());
            let mut lines = words.lines(width / size);
            while look.size.is_none()
                && size > *AUTOMATIC_SIZE.start()
                && unit(lines.len()) * size * LINE_HEIGHT > height
            {
                size *= SMALLER;
                lines = words.lines(width / size);
            }
            let mut baseline = top - above * size;
            for line in lines {
                let line = pens.set(document, &look.style, &line.join(" "));
                let at = [side.start([left, right], line.width * size), baseline];
                sketch.show(pens, document, &shown(size), &line, at);
                baseline -= size * LINE_HEIGHT;
                if baseline + above * size < bottom {
                    break;
                }
            }
        }
    }
    sketch.put("Q");
}

/// The baseline on which letters stand in the middle.
fn middle([bottom, top]: [f32; 2], size: f32, (above, below): (f32, f32)) -> f32 {
    f32::midpoint(bottom, top) - f32::midpoint(above, below) * size
}

#[expect(clippy::cast_precision_loss, reason = "counts of lines and cells are small")]
fn unit(count: usize) -> f32 {
    count as f32
}

/// The words of a text with their widths, and whether each begins a paragraph.
struct Words<'a> {
    all: Vec<(&'a str, f32, bool)>,
    /// How wide a space is.
    space: f32,
}

impl<'a> Words<'a> {
    fn measure(pens: &mut Pens<'_>, document: &mut Document, style: &Style, text: &'a str) -> Self {
        let space = pens.set(document, style, " ").width;
        let mut all = Vec::new();
        let mut rest = Some(text);
        while let Some(open) = rest {
            let end = open.find(['\n', '\r']);
            let paragraph = open.get(..end.unwrap_or(open.len())).unwrap_or_default();
            rest = end
                .and_then(|end| open.get(end..))
                .map(|rest| rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\n', '\r'])).unwrap_or_default());
            for (index, word) in paragraph.split(' ').enumerate() {
                all.push((word, pens.set(document, style, word).width, index == 0));
            }
        }
        Self { all, space }
    }

    /// The lines of a width, in sizes of the font.
    fn lines(&self, width: f32) -> Vec<Vec<&'a str>> {
        let mut lines: Vec<Vec<&str>> = Vec::new();
        let mut used = 0.0;
        for (word, long, is_first) in &self.all {
            let wider = used + self.space + long;
            match lines.last_mut() {
                Some(line) if !is_first && wider <= width => {
                    line.push(word);
                    used = wider;
                }
                Some(_) | None => {
                    lines.push(vec![word]);
                    used = *long;
                }
            }
        }
        lines
    }
}

/// What holds for all fields.
pub(super) fn form(document: &Document) -> Option<&Dictionary> {
    object::dictionary(document, object::catalog(document)?, b"AcroForm")
}

/// The value of a key of a field, its own or inherited (ISO 32000-1, 12.7.3.1).
pub(in crate::pdf::archive) fn inherited<'a>(
    document: &'a Document,
    held: &'a Dictionary,
    key: &[u8],
) -> Option<&'a Object> {
    let mut held = held;
    for _ in 0..super::FIELD_DEPTH_MAX {
        if let Some(value) = object::get(document, held, key) {
            return Some(value);
        }
        held = object::dictionary(document, held, b"Parent")?;
    }
    None
}
