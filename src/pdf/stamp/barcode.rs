//! Bar codes as rectangles.

use rxing::{
    BarcodeFormat, EncodeHints, MultiFormatWriter, Writer as _, common::BitMatrix, datamatrix::encoder::SymbolShapeHint,
};

use super::{
    BarcodeKind, BarcodeSettings, Error,
    figure::{Figure, number},
};
use crate::pdf::drawing;

/// Most characters of a code of one dimension; longer ones are wider than a sheet of paper.
const LINE_CHARS_MAX: usize = 80;
/// Most characters of a code of two dimensions: the largest QR code has 4,296 letters or 2,953 bytes.
const AREA_CHARS_MAX: usize = 3_000;

/// Whether a kind of code is read along a line.
const fn is_line(kind: BarcodeKind) -> bool {
    match kind {
        BarcodeKind::Code128
        | BarcodeKind::Code39
        | BarcodeKind::Ean13
        | BarcodeKind::Ean8
        | BarcodeKind::Itf
        | BarcodeKind::UpcA => true,
        BarcodeKind::Aztec | BarcodeKind::DataMatrix | BarcodeKind::Pdf417 | BarcodeKind::Qr => false,
    }
}

/// The width of the quiet zone on each side in modules, as the standards ask for; codes that are read along a line have none
/// above and below.
const fn quiet_modules(kind: BarcodeKind) -> u16 {
    match kind {
        // An Aztec code needs none; one module keeps it off whatever is beside it.
        BarcodeKind::Aztec | BarcodeKind::DataMatrix => 1,
        BarcodeKind::Pdf417 => 2,
        BarcodeKind::Qr => 4,
        BarcodeKind::Ean8 => 7,
        BarcodeKind::UpcA => 9,
        BarcodeKind::Code128 | BarcodeKind::Code39 | BarcodeKind::Itf => 10,
        // It needs so many on the left, and seven on the right.
        BarcodeKind::Ean13 => 11,
    }
}

const fn format(kind: BarcodeKind) -> BarcodeFormat {
    match kind {
        BarcodeKind::Aztec => BarcodeFormat::AZTEC,
        BarcodeKind::Code128 => BarcodeFormat::CODE_128,
        BarcodeKind::Code39 => BarcodeFormat::CODE_39,
        BarcodeKind::DataMatrix => BarcodeFormat::DATA_MATRIX,
        BarcodeKind::Ean13 => BarcodeFormat::EAN_13,
        BarcodeKind::Ean8 => BarcodeFormat::EAN_8,
        BarcodeKind::Itf => BarcodeFormat::ITF,
        BarcodeKind::Pdf417 => BarcodeFormat::PDF_417,
        BarcodeKind::Qr => BarcodeFormat::QR_CODE,
        BarcodeKind::UpcA => BarcodeFormat::UPC_A,
    }
}

/// Makes the modules of a code, without quiet zone.
///
/// # Errors
/// `Barcode` with the reason why the text cannot be one.
pub(super) fn encode(kind: BarcodeKind, text: &str, stamp: &str) -> Result<BitMatrix, Error> {
    let refuse = |why: String| Error::Barcode { stamp: stamp.to_owned(), kind, why };
    if let Some(why) = objection(kind, text) {
        return Err(refuse(why));
    }
    let mut hints = EncodeHints { Margin: Some("0".to_owned()), ..EncodeHints::default() };
    match kind {
        BarcodeKind::Qr => hints.ErrorCorrection = Some("M".to_owned()),
        BarcodeKind::Pdf417 if !text.is_ascii() => hints.Pdf417AutoEci = Some("true".to_owned()),
        BarcodeKind::Aztec if !text.is_ascii() => hints.CharacterSet = Some("UTF-8".to_owned()),
        // Not one of the oblong ones, which few expect.
        BarcodeKind::DataMatrix => hints.DataMatrixShape = Some(SymbolShapeHint::FORCE_SQUARE),
        BarcodeKind::Pdf417
        | BarcodeKind::Aztec
        | BarcodeKind::Code128
        | BarcodeKind::Code39
        | BarcodeKind::Ean13
        | BarcodeKind::Ean8
        | BarcodeKind::Itf
        | BarcodeKind::UpcA => {}
    }
    // The encoder panics where it finds no symbol that is large enough, at least for Data Matrix.
    let made = drawing::apart(|| Ok(MultiFormatWriter.encode_with_hints(text, &format(kind), 1, 1, &hints).ok()));
    // What is left after the checks above is that there is no room.
    made.ok().flatten().ok_or_else(|| refuse("it is too long".to_owned()))
}

/// Why a text cannot be a code, as far as its characters tell.
fn objection(kind: BarcodeKind, text: &str) -> Option<String> {
    let chars_max = if is_line(kind) { LINE_CHARS_MAX } else { AREA_CHARS_MAX };
    if text.is_empty() {
        return Some("it is empty".to_owned());
    }
    if text.chars().count() > chars_max {
        return Some(format!("it has more than {chars_max} characters"));
    }
    let outside = |is_in: fn(char) -> bool| text.chars().find(|each| !is_in(*each));
    let digits = |count: usize| match outside(|each| each.is_ascii_digit()) {
        Some(other) => Some(format!("it has {other:?}, which is no digit")),
        None if text.len() == count => (!has_check_digit(text)).then(|| "its check digit is wrong".to_owned()),
        None => (text.len() + 1 != count).then(|| format!("it has {} digits instead of {count}", text.len())),
    };
    match kind {
        BarcodeKind::Ean13 => digits(13),
        BarcodeKind::Ean8 => digits(8),
        BarcodeKind::UpcA => digits(12),
        BarcodeKind::Itf => match outside(|each| each.is_ascii_digit()) {
            Some(other) => Some(format!("it has {other:?}, which is no digit")),
            None => (text.len() % 2 == 1).then(|| "its number of digits is odd".to_owned()),
        },
        BarcodeKind::Code128 => {
            outside(|each| each.is_ascii()).map(|other| format!("it has {other:?}, which is not ASCII"))
        }
        BarcodeKind::Code39 => {
            let is_in = |each: char| each.is_ascii_uppercase() || each.is_ascii_digit() || " -.$/+%".contains(each);
            outside(is_in).map(|other| format!("it has {other:?}; there are capital letters, digits and \" -.$/+%\""))
        }
        BarcodeKind::DataMatrix => outside(|each| u32::from(each) <= 0xFF)
            .map(|other| format!("it has {other:?}, which is not Latin-1; a QR code takes it")),
        BarcodeKind::Aztec | BarcodeKind::Pdf417 | BarcodeKind::Qr => None,
    }
}

/// Whether the last digit is that which makes every third weight come out (GS1 General Specifications, 7.9).
fn has_check_digit(digits: &str) -> bool {
    let values = digits.chars().rev().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = values.zip([1, 3].into_iter().cycle()).map(|(value, weight)| value * weight).sum();
    sum.is_multiple_of(10)
}

/// Draws a code with its quiet zone.
pub(super) fn draw(settings: &BarcodeSettings, text: &str, stamp: &str) -> Result<Figure, Error> {
    let modules = encode(settings.kind, text, stamp)?;
    let module = settings.module_width;
    let quiet = f32::from(quiet_modules(settings.kind)) * module;
    let above = if is_line(settings.kind) { 0.0 } else { quiet };
    let row = if is_line(settings.kind) { settings.height } else { module };
    let (columns, rows) = (modules.width(), modules.height());
    let rows = if is_line(settings.kind) { 1 } else { rows };
    let size = [side(columns) * module + 2.0 * quiet, side(rows) * row + 2.0 * above];
    let mut figure = Figure::new(size, text);
    if let Some(background) = settings.background {
        figure.colour(background);
        figure.put(&format!("0 0 {} {} re f\n", number(size[0]), number(size[1])));
    }
    figure.colour(settings.colour);
    let mut at = 0;
    while at < rows {
        let runs = runs(&modules, at);
        let same = (at + 1..rows).take_while(|other| self::runs(&modules, *other) == runs).count();
        let bottom = size[1] - above - side(at + 1 + u32::try_from(same).unwrap_or(0)) * row;
        let height = number(side(u32::try_from(same).unwrap_or(0) + 1) * row);
        for (start, length) in runs {
            let left = number(quiet + side(start) * module);
            figure.put(&format!("{left} {} {} {height} re\n", number(bottom), number(side(length) * module)));
        }
        at += 1 + u32::try_from(same).unwrap_or(0);
    }
    // All at once, so that no seam shows between rectangles that touch.
    figure.put("f\n");
    Ok(figure)
}

/// The dark runs of a row: where each starts and how long it is.
fn runs(modules: &BitMatrix, row: u32) -> Vec<(u32, u32)> {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for column in (0..modules.width()).filter(|column| modules.get(*column, row)) {
        match found.last_mut() {
            Some((start, length)) if *start + *length == column => *length += 1,
            Some(_) | None => found.push((column, 1)),
        }
    }
    found
}

#[expect(clippy::cast_precision_loss, reason = "no code has 2^24 modules a side")]
const fn side(modules: u32) -> f32 {
    modules as f32
}
