//! Draws what readers draw for an annotation that brings no appearance.

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};

use super::form;
use crate::pdf::object;

/// How many points a curve that stands for a quarter of a circle is off its corner, as a part of the radius.
const CURVE: f32 = 0.552_3;

/// How deep a field may be in others.
const FIELD_DEPTH_MAX: usize = 32;

/// Sizes that text in a field gets when the field says "automatic".
const AUTOMATIC_SIZE: std::ops::RangeInclusive<f32> = 4.0..=12.0;

/// Draws the annotation, or gives `None` when nothing is shown for its type.
pub(super) fn draw(document: &mut Document, id: ObjectId, kind: &[u8], field_kind: Option<&[u8]>) -> Option<Object> {
    let held = object::at(document, id)?.clone();
    let [x0, y0, x1, y1] = object::rectangle(document, &held, b"Rect")?;
    let origin = [x0.min(x1), y0.min(y1)];
    let size = [(x1 - x0).abs(), (y1 - y0).abs()];
    if kind == b"Widget" {
        return match field_kind {
            Some(b"Tx" | b"Ch") => field(document, &held, size),
            Some(_) | None => None,
        };
    }
    let mut content = String::new();
    let colour = colour(document, &held, b"C");
    let width = border_width(document, &held);
    let mut blend = None;
    match kind {
        b"Highlight" => {
            content.push_str(&format!("{} ", colour.as_deref().unwrap_or("1 1 0 rg").to_lowercase()));
            blend = Some("Multiply");
            quads(document, &held, origin, |[left, bottom, right, top]| {
                content.push_str(&format!("{left} {bottom} {} {} re f ", right - left, top - bottom));
            });
        }
        b"Underline" | b"Squiggly" | b"StrikeOut" => {
            content.push_str(&format!("{} 0.8 w ", stroke(colour.as_deref())));
            let share = if kind == b"StrikeOut" { 0.45 } else { 0.1 };
            quads(document, &held, origin, |[left, bottom, right, top]| {
                let height = bottom + (top - bottom) * share;
                content.push_str(&format!("{left} {height} m {right} {height} l S "));
            });
        }
        b"Square" | b"Circle" => {
            shape(document, &held, kind == b"Circle", size, width, &mut content);
        }
        b"Line" | b"PolyLine" | b"Polygon" | b"Ink" => {
            content.push_str(&format!("{} {width} w ", stroke(colour.as_deref())));
            for path in paths(document, &held, kind) {
                for (index, point) in path.chunks_exact(2).enumerate() {
                    let (x, y) = (point.first()? - origin[0], point.get(1)? - origin[1]);
                    content.push_str(&format!("{x} {y} {} ", if index == 0 { "m" } else { "l" }));
                }
                content.push_str(if kind == b"Polygon" { "s " } else { "S " });
            }
        }
        b"Text" => {
            let [width, height] = size;
            let fill = colour.as_deref().unwrap_or("1 1 0 rg").to_lowercase();
            content.push_str(&format!(
                "{fill} 0 0 0 RG 0.5 w 0.5 0.5 {} {} re B ",
                (width - 1.0).max(0.1),
                (height - 1.0).max(0.1)
            ));
            for line in [0.3, 0.5, 0.7] {
                content.push_str(&format!(
                    "{} {} m {} {} l S ",
                    width * 0.2,
                    height * line,
                    width * 0.8,
                    height * line
                ));
            }
        }
        _ => return None,
    }
    let mut resources = Dictionary::new();
    if let Some(blend) = blend {
        let state = object::add(document, dictionary! { "Type" => "ExtGState", "BM" => blend });
        resources.set("ExtGState", dictionary! { "G" => state });
        content.insert_str(0, "/G gs ");
    }
    Some(form(document, size, resources, content.into_bytes()))
}

/// The colour under a key as an operator for filling.
fn colour(document: &Document, held: &Dictionary, key: &[u8]) -> Option<String> {
    let parts: Vec<f32> =
        object::array(document, held, key)?.iter().filter_map(|part| object::number(document, part)).collect();
    let operator = match parts.len() {
        1 => "g",
        3 => "rg",
        4 => "k",
        _ => return None,
    };
    let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
    Some(format!("{} {operator}", parts.join(" ")))
}

fn stroke(fill: Option<&str>) -> String {
    fill.unwrap_or("0 0 0 rg").to_uppercase()
}

fn border_width(document: &Document, held: &Dictionary) -> f32 {
    let by_style =
        object::dictionary(document, held, b"BS").and_then(|style| object::number(document, style.get(b"W").ok()?));
    let by_border =
        || object::array(document, held, b"Border").and_then(|border| object::number(document, border.get(2)?));
    by_style.or_else(by_border).unwrap_or(1.0)
}

/// Visits the boxes of the marked words, relative to the annotation.
fn quads(document: &Document, held: &Dictionary, [left, bottom]: [f32; 2], mut visit: impl FnMut([f32; 4])) {
    let numbers: Vec<f32> = object::array(document, held, b"QuadPoints")
        .unwrap_or_default()
        .iter()
        .filter_map(|number| object::number(document, number))
        .collect();
    for quad in numbers.chunks_exact(8) {
        let across = quad.iter().step_by(2).copied();
        let up = quad.iter().skip(1).step_by(2).copied();
        visit([
            across.clone().fold(f32::MAX, f32::min) - left,
            up.clone().fold(f32::MAX, f32::min) - bottom,
            across.fold(f32::MIN, f32::max) - left,
            up.fold(f32::MIN, f32::max) - bottom,
        ]);
    }
}

fn paths(document: &Document, held: &Dictionary, kind: &[u8]) -> Vec<Vec<f32>> {
    let numbers =
        |items: &[Object]| items.iter().filter_map(|item| object::number(document, item)).collect::<Vec<f32>>();
    match kind {
        b"Line" => object::array(document, held, b"L").map(numbers).into_iter().collect(),
        b"Ink" => object::array(document, held, b"InkList")
            .unwrap_or_default()
            .iter()
            .filter_map(|path| object::resolve(document, path).as_array().ok())
            .map(|path| numbers(path))
            .collect(),
        _ => object::array(document, held, b"Vertices").map(numbers).into_iter().collect(),
    }
}

fn shape(document: &Document, held: &Dictionary, is_round: bool, size: [f32; 2], width: f32, content: &mut String) {
    let fill = colour(document, held, b"IC");
    let line = colour(document, held, b"C");
    content.push_str(&format!("{} {width} w ", stroke(line.as_deref())));
    if let Some(fill) = &fill {
        content.push_str(&format!("{fill} "));
    }
    let inset = width / 2.0;
    let (right, top) = ((size[0] - width).max(0.0) + inset, (size[1] - width).max(0.0) + inset);
    if is_round {
        let (cx, cy) = (f32::midpoint(inset, right), f32::midpoint(inset, top));
        let (dx, dy) = ((right - cx) * CURVE, (top - cy) * CURVE);
        content.push_str(&format!(
            "{right} {cy} m {right} {} {} {top} {cx} {top} c {} {top} {inset} {} {inset} {cy} c \
             {inset} {} {} {inset} {cx} {inset} c {} {inset} {right} {} {right} {cy} c ",
            cy + dy,
            cx + dx,
            cx - dx,
            cy + dy,
            cy - dy,
            cx - dx,
            cx + dx,
            cy - dy
        ));
    } else {
        content.push_str(&format!("{inset} {inset} {} {} re ", right - inset, top - inset));
    }
    content.push_str(match (fill.is_some(), width > 0.0) {
        (true, true) => "B ",
        (true, false) => "f ",
        (false, true) => "S ",
        (false, false) => "n ",
    });
}

/// A field's value under a key, its own or inherited.
fn inherited(document: &Document, held: &Dictionary, key: &[u8]) -> Option<String> {
    let mut held = held;
    for _ in 0..FIELD_DEPTH_MAX {
        if let Some(text) = object::text(document, held, key) {
            return Some(text);
        }
        held = object::dictionary(document, held, b"Parent")?;
    }
    None
}

/// Draws the value of a text field on one line, in Helvetica, which is embedded later like any other font.
fn field(document: &mut Document, held: &Dictionary, size: [f32; 2]) -> Option<Object> {
    let value = inherited(document, held, b"V").filter(|value| !value.is_empty())?;
    let form_look = object::catalog(document)
        .and_then(|catalog| object::dictionary(document, catalog, b"AcroForm"))
        .and_then(|form| object::text(document, form, b"DA"));
    let look = inherited(document, held, b"DA").or(form_look).unwrap_or_default();
    let words: Vec<&str> = look.split_ascii_whitespace().collect();
    let wanted =
        words.iter().position(|word| *word == "Tf").and_then(|at| words.get(at.checked_sub(1)?)?.parse::<f32>().ok());
    let automatic = (size[1] * 0.7).clamp(*AUTOMATIC_SIZE.start(), *AUTOMATIC_SIZE.end());
    let points = wanted.filter(|points| *points > 0.0).unwrap_or(automatic);
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&value);
    let mut hexadecimal = String::new();
    for byte in bytes.iter().filter(|byte| **byte >= 0x20) {
        hexadecimal.push_str(&format!("{byte:02X}"));
    }
    let baseline = ((size[1] - points) / 2.0 + points * 0.22).max(1.0);
    let content = format!("q BT /F {points} Tf 0 g 2 {baseline} Td <{hexadecimal}> Tj ET Q");
    let font = object::add(
        document,
        dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding" },
    );
    Some(form(document, size, dictionary! { "Font" => dictionary! { "F" => font } }, content.into_bytes()))
}
