//! What a stamp is described by: a part of the settings of a profile, in JSON.

use std::{collections::BTreeSet, str::FromStr};

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use super::{Error, barcode, picture, placeholders};
use crate::{domain::limits, pdf::FileData};

/// Most characters of the text of a stamp, before and after its placeholders are filled in.
const TEXT_CHARS_MAX: usize = 3_000;
/// Most runs of pages that a stamp may name.
const RUNS_MAX: usize = 1_000;
/// Sizes of type in points.
const TYPE_POINTS: [f32; 2] = [1.0, 1_000.0];
/// Sides of an image, and heights of bars, in points.
const SIDE_POINTS: [f32; 2] = [1.0, limits::PAGE_POINTS_MAX];
/// Widths of the narrowest bar in points; printers of 600 dots per inch draw a tenth of a millimetre well.
const MODULE_POINTS: [f32; 2] = [0.25, 100.0];

/// A stamp: what is put on pages, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StampSettings {
    /// What messages call it; its ordinal when it is empty.
    #[serde(default)]
    pub name: String,
    /// What is seen.
    pub content: Content,
    /// Where on the page.
    #[serde(default)]
    pub position: Position,
    /// On which pages: `all`, `first`, `last`, `odd`, `even`, or numbers as in `2-5,9-`.
    #[serde(default)]
    pub pages: Pages,
    /// Whether it is a part of the page, or lies on it.
    #[serde(default)]
    pub placement: Placement,
    /// How much of it covers what is behind it, from 0 to 1. PDF/A-1 has no transparency: the colours are those on white
    /// paper there, and cover what is behind them.
    #[serde(default = "opaque")]
    pub opacity: f32,
    /// How far it is turned, in degrees against the clock. Its position is that of the box around it.
    #[serde(default)]
    pub rotation: f32,
}

const fn opaque() -> f32 {
    1.0
}

/// What a stamp shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
#[schemars(transform = describe_kinds)]
pub enum Content {
    /// One line of text.
    Text(TextSettings),
    /// An image.
    Image(ImageSettings),
    /// A bar code.
    Barcode(BarcodeSettings),
}

/// Says in the schema what tells one kind of content from the other, which is no field that could have a comment.
fn describe_kinds(schema: &mut Schema) {
    for kind in schema.get_mut("oneOf").and_then(|kinds| kinds.as_array_mut()).into_iter().flatten() {
        if let Some(tag) = kind.pointer_mut("/properties/type").and_then(|tag| tag.as_object_mut()) {
            tag.insert("description".to_owned(), "What kind of content it is.".into());
        }
    }
}

/// A line of text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TextSettings {
    /// The text, with placeholders such as `[page]`.
    pub text: String,
    /// The family of the font. Another one takes its place where it is not installed.
    #[serde(default = "sans")]
    pub font: String,
    /// Whether it is bold.
    #[serde(default)]
    pub bold: bool,
    /// Whether it is italic.
    #[serde(default)]
    pub italic: bool,
    /// The size of the type in points.
    #[serde(default = "ten")]
    pub size: f32,
    /// Its colour.
    #[serde(default, rename = "color")]
    pub colour: Colour,
}

fn sans() -> String {
    "Liberation Sans".to_owned()
}

const fn ten() -> f32 {
    10.0
}

/// An image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ImageSettings {
    /// A PNG or JPEG, in base 64: a profile brings its images along, since workers share no folder. All of them together may have 16 MiB.
    pub data: FileData,
    /// Its width in points. Where only one side is given, the other one follows; where none is, a pixel is 1/96 inch.
    #[serde(default)]
    pub width: Option<f32>,
    /// Its height in points.
    #[serde(default)]
    pub height: Option<f32>,
}

/// A bar code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BarcodeSettings {
    /// Which kind.
    pub kind: BarcodeKind,
    /// What it says, with placeholders.
    pub text: String,
    /// The width of its narrowest bar, or the side of its smallest square, in points.
    #[serde(default = "one_point")]
    pub module_width: f32,
    /// The height of the bars in points. Codes of two dimensions have their own.
    #[serde(default = "half_inch")]
    pub height: f32,
    /// The colour of its bars.
    #[serde(default, rename = "color")]
    pub colour: Colour,
    /// The colour behind it and of the quiet zone around it; `null` for none.
    #[serde(default = "paper")]
    pub background: Option<Colour>,
}

const fn one_point() -> f32 {
    1.0
}

const fn half_inch() -> f32 {
    36.0
}

#[expect(clippy::unnecessary_wraps, reason = "it is the default of a field that may be empty")]
const fn paper() -> Option<Colour> {
    Some(Colour::WHITE)
}

/// A kind of bar code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BarcodeKind {
    /// ISO/IEC 24778.
    Aztec,
    /// ISO/IEC 15417; ASCII.
    Code128,
    /// ISO/IEC 16388; capital letters, digits and ` -.$/+%`.
    Code39,
    /// ISO/IEC 16022; Latin-1.
    DataMatrix,
    /// ISO/IEC 15420; 12 digits, and a check digit that may be left out.
    Ean13,
    /// ISO/IEC 15420; 7 digits, and a check digit that may be left out.
    Ean8,
    /// ISO/IEC 16390, interleaved 2 of 5; an even number of digits.
    Itf,
    /// ISO/IEC 15438.
    Pdf417,
    /// ISO/IEC 18004.
    Qr,
    /// ISO/IEC 15420; 11 digits, and a check digit that may be left out.
    UpcA,
}

/// Where a stamp is: its distance in points from one or two edges of the page as it is seen. It is in the middle between
/// edges none of which is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Position {
    /// Distance of its left side from the left edge.
    pub left: Option<f32>,
    /// Distance of its right side from the right edge.
    pub right: Option<f32>,
    /// Distance of its upper side from the upper edge.
    pub top: Option<f32>,
    /// Distance of its lower side from the lower edge.
    pub bottom: Option<f32>,
}

/// How a stamp is a part of the document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Placement {
    /// In the content of the page.
    #[default]
    Page,
    /// As an annotation, which readers can move and remove.
    Annotation,
}

/// A colour in sRGB, written `#rrggbb`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Colour(pub [u8; 3]);

impl Colour {
    /// White.
    pub const WHITE: Self = Self([255; 3]);
}

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits: Option<Vec<u8>> = text.strip_prefix('#').and_then(|digits| {
            digits.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect()
        });
        match digits.as_deref() {
            Some([a, b, c, d, e, f]) => Ok(Self([a << 4 | b, c << 4 | d, e << 4 | f])),
            Some(_) | None => Err(format!("`{text}` is no color; one is written as in `#ff8800`")),
        }
    }
}

impl From<Colour> for String {
    fn from(Colour([red, green, blue]): Colour) -> Self {
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

/// Which pages a stamp is on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Pages {
    /// All.
    #[default]
    All,
    /// The first one that may be stamped.
    First,
    /// The last one that may be stamped.
    Last,
    /// Those with odd numbers.
    Odd,
    /// Those with even numbers.
    Even,
    /// Those in runs, first and last page counted from 1; a run without a last page goes on to the end.
    Runs(Vec<(usize, Option<usize>)>),
}

impl Pages {
    /// Which of the pages of a document, counted from 0, when some are not to be stamped. Numbers are those of all pages.
    pub(super) fn of(&self, count: usize, skipped: &BTreeSet<usize>) -> Vec<usize> {
        let mut open = (0..count).filter(|page| !skipped.contains(page));
        match self {
            Self::All => open.collect(),
            Self::First => open.next().into_iter().collect(),
            Self::Last => open.next_back().into_iter().collect(),
            Self::Odd => open.filter(|page| page % 2 == 0).collect(),
            Self::Even => open.filter(|page| page % 2 == 1).collect(),
            Self::Runs(runs) => {
                let is_in = |page: usize| {
                    runs.iter().any(|(first, last)| *first <= page && last.is_none_or(|last| page <= last))
                };
                open.filter(|page| is_in(page + 1)).collect()
            }
        }
    }
}

impl FromStr for Pages {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.trim().to_ascii_lowercase();
        Ok(match word.as_str() {
            "all" => Self::All,
            "first" => Self::First,
            "last" => Self::Last,
            "odd" => Self::Odd,
            "even" => Self::Even,
            _ => {
                let runs: Option<Vec<_>> = word.split(',').take(RUNS_MAX + 1).map(run).collect();
                let runs = runs.filter(|runs| runs.len() <= RUNS_MAX);
                Self::Runs(runs.ok_or_else(|| {
                    format!("`{text}` are no pages; they are all, first, last, odd, even, or as in 2-5,9-")
                })?)
            }
        })
    }
}

/// Reads `3`, `2-5` or `9-`.
fn run(text: &str) -> Option<(usize, Option<usize>)> {
    let number = |text: &str| text.trim().parse().ok().filter(|number: &usize| *number > 0);
    let Some((first, last)) = text.split_once('-') else {
        let page = number(text)?;
        return Some((page, Some(page)));
    };
    let first = number(first)?;
    let last = if last.trim().is_empty() { None } else { Some(number(last)?) };
    last.is_none_or(|last| first <= last).then_some((first, last))
}

impl TryFrom<String> for Pages {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Pages> for String {
    fn from(pages: Pages) -> Self {
        match pages {
            Pages::All => "all".to_owned(),
            Pages::First => "first".to_owned(),
            Pages::Last => "last".to_owned(),
            Pages::Odd => "odd".to_owned(),
            Pages::Even => "even".to_owned(),
            Pages::Runs(runs) => {
                let shown = runs.into_iter().map(|(first, last)| match last {
                    Some(last) if last == first => first.to_string(),
                    Some(last) => format!("{first}-{last}"),
                    None => format!("{first}-"),
                });
                shown.collect::<Vec<_>>().join(",")
            }
        }
    }
}

impl StampSettings {
    /// What messages call the stamp, which is the one with that index.
    pub(super) fn shown_name(&self, index: usize) -> String {
        if self.name.is_empty() { (index + 1).to_string() } else { self.name.clone() }
    }

    /// The text of a text or a bar code.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(held) => Some(&held.text),
            Content::Barcode(held) => Some(&held.text),
            Content::Image(_) => None,
        }
    }

    /// Says whether the settings make sense by themselves: numbers within their bounds, placeholders that exist, an image
    /// that can be read, and a bar code that can be made where its text has no placeholders. `index` is the place of the
    /// stamp among those of the profile, counted from 0.
    ///
    /// # Errors
    /// `Settings` that names the stamp and the setting, `Placeholder`, `Barcode`.
    pub fn check(&self, index: usize) -> Result<(), Error> {
        let name = self.shown_name(index);
        let fail = |what: String| Err(Error::Settings { stamp: name.clone(), what });
        let edge = [-limits::PAGE_POINTS_MAX, limits::PAGE_POINTS_MAX];
        let Position { left, right, top, bottom } = self.position;
        let mut numbers =
            vec![("opacity", Some(self.opacity), [0.01, 1.0]), ("rotation", Some(self.rotation), [-360.0, 360.0])];
        numbers.extend(
            [("left", left), ("right", right), ("top", top), ("bottom", bottom)].map(|(key, at)| (key, at, edge)),
        );
        match &self.content {
            Content::Text(text) => numbers.push(("size", Some(text.size), TYPE_POINTS)),
            Content::Image(image) => {
                numbers.extend([("width", image.width, SIDE_POINTS), ("height", image.height, SIDE_POINTS)]);
            }
            Content::Barcode(code) => numbers.extend([
                ("moduleWidth", Some(code.module_width), MODULE_POINTS),
                ("height", Some(code.height), SIDE_POINTS),
            ]),
        }
        for (key, value, [low, high]) in numbers {
            if let Some(value) = value.filter(|value| !(low..=high).contains(value)) {
                return fail(format!("`{key}` is {value}, but has to be from {low} to {high}"));
            }
        }
        for (one, other) in [(("left", left), ("right", right)), (("top", top), ("bottom", bottom))] {
            if one.1.is_some() && other.1.is_some() {
                return fail(format!("`{}` and `{}` cannot both be given", one.0, other.0));
            }
        }
        let pieces = self.text().map(|text| placeholders::parse(text, &name)).transpose()?;
        if self.text().is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX) {
            return fail(format!("`text` has more than {TEXT_CHARS_MAX} characters"));
        }
        match (&self.content, pieces) {
            (Content::Barcode(code), Some(pieces)) => match placeholders::literal(&pieces) {
                Some(text) => barcode::encode(code.kind, &text, &name).map(drop),
                None => Ok(()),
            },
            (Content::Image(image), _) => match picture::Header::read(&image.data.0) {
                Ok(_) => Ok(()),
                Err(what) => fail(what),
            },
            (Content::Barcode(_) | Content::Text(_), _) => Ok(()),
        }
    }
}
