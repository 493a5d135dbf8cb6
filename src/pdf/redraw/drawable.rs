//! A copy of a document in which hayro draws the annotations that a reader shows, and no others, and in which fonts say
//! their characters where these are known.
//!
//! hayro draws every annotation that has an appearance of one state and is not hidden. Readers choose among several
//! states, hide what is not to be viewed or is on a layer that is off, never show a popup, and draw borders of links.

use std::{borrow::Cow, collections::BTreeSet, fmt::Write as _};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use crate::pdf::{
    Error, Shape,
    archive::rules::{annotations_of, flag},
    object,
    text::collection,
    write,
};

/// What a page is drawn for: annotations say where they are shown (ISO 32000-1, 12.5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    /// To be looked at.
    Screen,
    /// To be paper.
    Print,
}

/// The file to draw some pages from: the given one, unless annotations stand against it.
///
/// # Errors
/// As [`write()`].
pub(crate) fn file<'a>(
    document: &Document,
    bytes: &'a [u8],
    pages: impl IntoIterator<Item = ObjectId>,
    medium: Medium,
) -> Result<Cow<'a, [u8]>, Error> {
    let hidden = hidden_layers(document);
    let shown: Vec<(ObjectId, Vec<Shown>)> = pages
        .into_iter()
        .map(|page| {
            let annotations = annotations_of(document, page);
            (page, annotations.into_iter().map(|id| Shown::of(document, id, &hidden, medium)).collect())
        })
        .collect();
    let unnamed = collection::unnamed(document);
    if unnamed.is_empty() && shown.iter().flat_map(|(_, shown)| shown).all(|shown| matches!(shown, Shown::AsItIs)) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut copy = document.clone();
    collection::name(&mut copy, unnamed);
    for (page, shown) in shown {
        let mut annotations: Vec<Object> = Vec::new();
        for (id, shown) in annotations_of(document, page).into_iter().zip(shown) {
            annotations.extend(shown.drawn(&mut copy, id));
        }
        if let Some(page) = object::at_mut(&mut copy, page) {
            page.set("Annots", annotations);
        }
    }
    write(&mut copy, Shape::Packed).map(Cow::Owned)
}

/// How an annotation is shown.
enum Shown {
    /// As hayro does by itself.
    AsItIs,
    /// Not at all.
    Not,
    /// By one of its states.
    State(ObjectId),
    /// By the border of a link.
    Border(Border),
}

/// The border of a link.
struct Border {
    rectangle: [f32; 4],
    width: f32,
    dashes: Vec<f32>,
    colour: String,
    is_underline: bool,
}

impl Shown {
    fn of(document: &Document, id: ObjectId, hidden: &BTreeSet<ObjectId>, medium: Medium) -> Self {
        let Some(held) = object::at(document, id) else { return Self::Not };
        let flags = object::integer(document, held, b"F").unwrap_or(0);
        let kind = object::name(document, held, b"Subtype");
        let is_on_hidden_layer = held.get(b"OC").and_then(Object::as_reference).is_ok_and(|id| hidden.contains(&id));
        let is_off = match medium {
            Medium::Screen => flags & (flag::HIDDEN | flag::NO_VIEW) != 0,
            Medium::Print => flags & flag::HIDDEN != 0 || flags & flag::PRINT == 0,
        };
        if is_off || kind == Some(b"Popup") || is_on_hidden_layer {
            return Self::Not;
        }
        let appearance = object::dictionary(document, held, b"AP").and_then(|held| held.get(b"N").ok());
        match appearance.map(|normal| (normal, object::resolve(document, normal))) {
            Some((_, Object::Stream(_))) => Self::AsItIs,
            Some((_, Object::Dictionary(states))) => object::name(document, held, b"AS")
                .and_then(|state| object::target(document, states.get(state).ok()?))
                .map_or(Self::Not, Self::State),
            Some(_) | None if kind == Some(b"Link") => Border::of(document, held).map_or(Self::AsItIs, Self::Border),
            Some(_) | None => Self::AsItIs,
        }
    }

    fn drawn(self, copy: &mut Document, id: ObjectId) -> Option<Object> {
        let appearance = match self {
            Self::AsItIs => return Some(id.into()),
            Self::Not => return None,
            Self::State(appearance) => appearance,
            Self::Border(border) => {
                let [left, bottom, right, top] = border.rectangle.map(Object::Real);
                let size = vec![0.into(), 0.into(), border.width().into(), border.height().into()];
                let form = dictionary! { "Type" => "XObject", "Subtype" => "Form", "BBox" => size };
                let form = object::add(copy, Stream::new(form, border.content().into_bytes()));
                let shown = dictionary! {
                    "Type" => "Annot", "Subtype" => "Link", "Rect" => vec![left, bottom, right, top],
                    "AP" => dictionary! { "N" => form },
                };
                return Some(shown.into());
            }
        };
        let mut shown = Dictionary::new();
        for key in ["Type", "Subtype", "Rect"] {
            if let Ok(value) = object::at(copy, id)?.get(key.as_bytes()) {
                shown.set(key, value.clone());
            }
        }
        shown.set("AP", dictionary! { "N" => appearance });
        Some(shown.into())
    }
}

impl Border {
    /// The border that a link asks for. Readers draw none for a link that does not speak of one.
    fn of(document: &Document, held: &Dictionary) -> Option<Self> {
        let numbers = |items: &[Object]| -> Vec<f32> {
            items.iter().filter_map(|item| object::number(document, item)).filter(|number| number.is_finite()).collect()
        };
        let style = object::dictionary(document, held, b"BS");
        let border = object::array(document, held, b"Border");
        let (width, dashes, kind) = if let Some(style) = style {
            let width = object::get(document, style, b"W").and_then(|width| width.as_float().ok()).unwrap_or(1.0);
            let kind = object::name(document, style, b"S");
            let dashes =
                (kind == Some(b"D")).then(|| object::array(document, style, b"D").map_or_else(|| vec![3.0], numbers));
            (width, dashes.unwrap_or_default(), kind)
        } else {
            let border = border?;
            let dashes = border.get(3).and_then(|dashes| object::resolve(document, dashes).as_array().ok());
            let width = border.get(2).and_then(|width| object::number(document, width)).unwrap_or(1.0);
            (width, dashes.map(|dashes| numbers(dashes)).unwrap_or_default(), None)
        };
        let colour = match object::array(document, held, b"C").map(numbers) {
            None => "0 G".to_owned(),
            Some(parts) => {
                let operator = match parts.len() {
                    1 => "G",
                    3 => "RG",
                    4 => "K",
                    _ => return None,
                };
                parts.iter().map(|part| format!("{part} ")).collect::<String>() + operator
            }
        };
        let [a, b, c, d] = object::rectangle(document, held, b"Rect")?;
        let rectangle = [a.min(c), b.min(d), a.max(c), b.max(d)];
        let border = Self { rectangle, width, dashes, colour, is_underline: kind == Some(b"U") };
        (width > 0.0 && border.width() > 0.0 && border.height() > 0.0).then_some(border)
    }

    fn width(&self) -> f32 {
        self.rectangle[2] - self.rectangle[0]
    }

    fn height(&self) -> f32 {
        self.rectangle[3] - self.rectangle[1]
    }

    fn content(&self) -> String {
        let (width, half) = (self.width, self.width / 2.0);
        let mut content = format!("{} {width} w ", self.colour);
        // Dashes that are all nothing make readers give up on the line.
        if self.dashes.iter().any(|dash| *dash > 0.0) && self.dashes.iter().all(|dash| *dash >= 0.0) {
            let dashes: String = self.dashes.iter().map(|dash| format!("{dash} ")).collect();
            // Writing to a string has no way to fail.
            write!(content, "[{dashes}] 0 d ").unwrap_or_default();
        }
        let (right, top) = (self.width() - width, self.height() - width);
        if self.is_underline {
            write!(content, "0 {half} m {} {half} l S", self.width()).unwrap_or_default();
        } else {
            write!(content, "{half} {half} {right} {top} re S").unwrap_or_default();
        }
        content
    }
}

/// The layers that are off.
fn hidden_layers(document: &Document) -> BTreeSet<ObjectId> {
    object::catalog(document)
        .and_then(|catalog| object::dictionary(document, catalog, b"OCProperties"))
        .and_then(|layers| object::dictionary(document, layers, b"D"))
        .and_then(|default| object::array(document, default, b"OFF"))
        .map(|hidden| hidden.iter().filter_map(|layer| layer.as_reference().ok()).collect())
        .unwrap_or_default()
}
