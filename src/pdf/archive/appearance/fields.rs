//! What readers show of form fields that bring no appearance (ISO 32000-1, 12.7.3.3 and 12.7.4).

use lopdf::{Dictionary, Document, Object};

use super::{
    colour,
    sketch::{Pens, Sketch},
    text::{self, Fill, Look, Side, inherited},
};
use crate::pdf::object;

/// Flags of fields by their bits (ISO 32000-1, tables 226, 228 and 230).
mod flag {
    pub(super) const MULTILINE: i64 = 1 << 12;
    pub(super) const PASSWORD: i64 = 1 << 13;
    pub(super) const RADIO: i64 = 1 << 15;
    pub(super) const PUSH_BUTTON: i64 = 1 << 16;
    pub(super) const COMBO: i64 = 1 << 17;
    pub(super) const COMB: i64 = 1 << 24;
}

/// Most cells of a field with one for each character.
const CELLS_MAX: i64 = 1000;

/// Most options of a list, and most of them that are chosen.
const OPTIONS_MAX: usize = 10_000;

/// What an option costs besides its bytes.
const OPTION_EFFORT: usize = 50;

/// What is behind a chosen line of a list.
const CHOSEN: &str = "0.6 0.757 0.855 rg";

/// A field's widget, as it is drawn.
struct Widget<'a> {
    document: &'a mut Document,
    held: &'a Dictionary,
    size: [f32; 2],
    flags: i64,
}

/// The appearance of a widget: a form, or a dictionary of them by state with the state that it is in.
pub(super) fn draw(
    document: &mut Document,
    held: &Dictionary,
    kind: &[u8],
    size: [f32; 2],
    pens: &mut Pens<'_>,
) -> (Option<Object>, Option<Vec<u8>>) {
    if !pens.spend(1) {
        return (None, None);
    }
    let flags = inherited(document, held, b"Ff").and_then(|flags| flags.as_i64().ok()).unwrap_or(0);
    let mut widget = Widget { document, held, size, flags };
    match kind {
        b"Tx" => (widget.text(pens), None),
        b"Ch" => (widget.choice(pens), None),
        b"Btn" if flags & flag::PUSH_BUTTON != 0 => (widget.caption(pens), None),
        b"Btn" => widget.states(),
        _ => (None, None),
    }
}

impl Widget<'_> {
    fn inherited(&self, key: &[u8]) -> Option<&Object> {
        inherited(self.document, self.held, key)
    }

    /// An entry of what the widget says of its looks.
    fn look_of(&self, key: &[u8]) -> Option<&Object> {
        object::get(self.document, object::dictionary(self.document, self.held, b"MK")?, key)
    }

    /// How text looks in it.
    fn look(&self) -> Look {
        let form = || object::get(self.document, text::form(self.document)?, b"DA");
        let operators = self
            .inherited(b"DA")
            .or_else(form)
            .and_then(|held| text::decoded(self.document, held, text::WORDS_BYTES_MAX));
        Look::read(self.document, &operators.unwrap_or_default())
    }

    fn side(&self) -> Side {
        let form = || object::get(self.document, text::form(self.document)?, b"Q");
        Side::of(self.inherited(b"Q").or_else(form).and_then(|side| side.as_i64().ok()))
    }

    /// A sketch with background and border, and how far the border reaches into it.
    fn ground(&self, is_round: bool) -> (Sketch, f32) {
        let mut sketch = Sketch::turned(self.size, self.look_of(b"R").and_then(|turn| turn.as_i64().ok()).unwrap_or(0));
        let [width, height] = sketch.size;
        let looks = object::dictionary(self.document, self.held, b"MK");
        let colour_of = |key: &[u8]| looks.and_then(|looks| colour::of(self.document, looks, key));
        let line = colour::border_width(self.document, self.held);
        let path = |sketch: &mut Sketch, inset: f32| {
            let (right, top) = ((width - inset).max(inset), (height - inset).max(inset));
            if is_round {
                let side = (right - inset).min(top - inset) / 2.0;
                let (x, y) = (width / 2.0, height / 2.0);
                sketch.ellipse([x - side, y - side, x + side, y + side]);
            } else {
                sketch.operate(&[inset, inset, right - inset, top - inset], "re");
            }
        };
        if let Some(fill) = colour_of(b"BG") {
            sketch.put(&fill);
            path(&mut sketch, 0.0);
            sketch.put("f");
        }
        let border = colour_of(b"BC").filter(|_| line > 0.0);
        if let Some(border) = &border {
            sketch.put(&colour::stroking(border));
            sketch.operate(&[line], "w");
            path(&mut sketch, line / 2.0);
            sketch.put("S");
        }
        (sketch, if border.is_some() { line } else { 0.0 })
    }

    /// The box inside the border in which text stands.
    fn inside(sketch: &Sketch, border: f32) -> [f32; 4] {
        let inset = (border * 2.0).max(2.0);
        let [width, height] = sketch.size;
        [inset, border.max(1.0), width - inset, height - border.max(1.0)]
    }

    fn text(&mut self, pens: &mut Pens<'_>) -> Option<Object> {
        let (mut sketch, border) = self.ground(false);
        let value = self.inherited(b"V").and_then(|value| text::decoded(self.document, value, text::VALUE_BYTES_MAX));
        let value = value.unwrap_or_default();
        pens.spend(value.len());
        let value = if self.flags & flag::PASSWORD != 0 { "*".repeat(value.chars().count()) } else { value };
        let cells =
            self.inherited(b"MaxLen").and_then(|most| most.as_i64().ok()).filter(|most| (1..=CELLS_MAX).contains(most));
        let cells = cells.filter(|_| self.flags & flag::COMB != 0).and_then(|most| usize::try_from(most).ok());
        let (fill, area) = match cells {
            Some(cells) => (Fill::Cells(cells), [0.0, 0.0, sketch.size[0], sketch.size[1]]),
            None if self.flags & flag::MULTILINE != 0 => (Fill::Lines, Self::inside(&sketch, border)),
            None => (Fill::Line, Self::inside(&sketch, border)),
        };
        let (look, side) = (self.look(), self.side());
        text::fill(&mut sketch, pens, self.document, &value, &look, area, (fill, side));
        self.finish(sketch)
    }

    fn choice(&mut self, pens: &mut Pens<'_>) -> Option<Object> {
        let (mut sketch, border) = self.ground(false);
        let [left, bottom, right, top] = Self::inside(&sketch, border);
        let values =
            self.inherited(b"V").map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
        let words = |value: &Object| text::decoded(self.document, value, text::WORDS_BYTES_MAX);
        let chosen: Vec<String> = values.unwrap_or_default().iter().take(OPTIONS_MAX).filter_map(words).collect();
        let options = self.options();
        let read = chosen.iter().map(String::len).chain(options.iter().map(|(value, shown)| value.len() + shown.len()));
        pens.spend(read.map(|bytes| bytes + OPTION_EFFORT).sum());
        let (look, side) = (self.look(), self.side());
        if self.flags & flag::COMBO != 0 {
            let first = chosen.first().cloned().unwrap_or_default();
            let shown = options.into_iter().find(|(value, _)| *value == first).map_or(first, |(_, shown)| shown);
            text::fill(&mut sketch, pens, self.document, &shown, &look, [left, bottom, right, top], (Fill::Line, side));
            return self.finish(sketch);
        }
        let look = Look { size: Some(look.size.unwrap_or(12.0)), ..look };
        let line = look.size.unwrap_or(12.0) * 1.15;
        let first =
            self.inherited(b"TI").and_then(|first| first.as_i64().ok()).and_then(|first| usize::try_from(first).ok());
        let mut upper = top;
        for (value, shown) in options.iter().skip(first.unwrap_or(0)) {
            if upper <= bottom {
                break;
            }
            if chosen.contains(value) {
                sketch.put(CHOSEN);
                sketch.operate(&[left, upper - line, right - left, line], "re f");
            }
            text::fill(
                &mut sketch,
                pens,
                self.document,
                shown,
                &look,
                [left, upper - line, right, upper],
                (Fill::Line, side),
            );
            upper -= line;
        }
        self.finish(sketch)
    }

    /// The options of a choice, with what is shown of each.
    fn options(&self) -> Vec<(String, String)> {
        let options = self.inherited(b"Opt").and_then(|options| options.as_array().ok());
        let pair = |option: &Object| {
            let pair =
                object::resolve(self.document, option).as_array().map_or(std::slice::from_ref(option), Vec::as_slice);
            let words = |value: Option<&Object>| text::decoded(self.document, value?, text::WORDS_BYTES_MAX);
            Some((words(pair.first())?, words(pair.last())?))
        };
        options.into_iter().flatten().take(OPTIONS_MAX).filter_map(pair).collect()
    }

    fn caption(&mut self, pens: &mut Pens<'_>) -> Option<Object> {
        let (mut sketch, border) = self.ground(false);
        let caption = self.look_of(b"CA").and_then(|held| text::decoded(self.document, held, text::WORDS_BYTES_MAX));
        let caption = caption.unwrap_or_default();
        let area = Self::inside(&sketch, border);
        let look = self.look();
        text::fill(&mut sketch, pens, self.document, &caption, &look, area, (Fill::Line, Side::Centre));
        self.finish(sketch)
    }

    /// A check box or one of some radio buttons: on and off.
    fn states(&mut self) -> (Option<Object>, Option<Vec<u8>>) {
        let is_on = |name: &&[u8]| *name != b"Off";
        let state = object::name(self.document, self.held, b"AS");
        let value = self.inherited(b"V").and_then(|value| value.as_name().ok()).filter(is_on);
        // Which of some radio buttons the value is, only their states say.
        let value = value.filter(|_| state.is_none() && self.flags & flag::RADIO == 0);
        let on = state.filter(is_on).or(value).map(<[u8]>::to_vec);
        let sign = self.look_of(b"CA").and_then(|sign| text::decoded(self.document, sign, text::WORDS_BYTES_MAX));
        let usual = if self.flags & flag::RADIO == 0 { "4" } else { "l" };
        let sign = sign.filter(|sign| !sign.is_empty()).unwrap_or_else(|| usual.to_owned());
        let is_round = sign == "l" && self.flags & flag::RADIO != 0;
        let (off, _) = self.ground(is_round);
        let (mut checked, border) = self.ground(is_round);
        if off.is_blank() && on.is_none() {
            return (None, None);
        }
        mark(&mut checked, &sign, &self.look().colour, border);
        let name = on.clone().unwrap_or_else(|| b"Yes".to_vec());
        let mut states = Dictionary::new();
        states.set(name, checked.add(self.document));
        states.set("Off", off.add(self.document));
        (Some(states.into()), Some(on.unwrap_or_else(|| b"Off".to_vec())))
    }

    fn finish(&mut self, sketch: Sketch) -> Option<Object> {
        (!sketch.is_blank()).then(|| sketch.add(self.document))
    }
}

/// Draws the sign of a box that is checked. A letter of `ZapfDingbats` stands for each.
fn mark(sketch: &mut Sketch, sign: &str, colour: &str, border: f32) {
    let [width, height] = sketch.size;
    let side = ((width.min(height) - 2.0 * border) * 0.7).max(0.0);
    let (left, bottom) = ((width - side) / 2.0, (height - side) / 2.0);
    let points = |points: &[[f32; 2]]| -> Vec<[f32; 2]> {
        points.iter().map(|[x, y]| [left + x * side, bottom + y * side]).collect()
    };
    sketch.put(colour);
    match sign {
        "l" => {
            sketch.ellipse([left + side * 0.15, bottom + side * 0.15, left + side * 0.85, bottom + side * 0.85]);
            sketch.put("f");
        }
        "n" => sketch.operate(&[left, bottom, side, side], "re f"),
        "u" => {
            sketch.lines(&points(&[[0.5, 0.0], [1.0, 0.5], [0.5, 1.0], [0.0, 0.5]]));
            sketch.put("h f");
        }
        "H" => {
            let star: Vec<[f32; 2]> = (0_u8..10)
                .map(|corner| {
                    let (sine, cosine) = (f32::from(corner) * std::f32::consts::PI / 5.0).sin_cos();
                    let far = if corner % 2 == 0 { 0.5 } else { 0.2 };
                    [0.5 + sine * far, 0.5 + cosine * far]
                })
                .collect();
            sketch.lines(&points(&star));
            sketch.put("h f");
        }
        "8" => {
            sketch.put(&colour::stroking(colour));
            sketch.operate(&[side * 0.12], "w");
            for diagonal in [[[0.05, 0.05], [0.95, 0.95]], [[0.05, 0.95], [0.95, 0.05]]] {
                sketch.lines(&points(&diagonal));
                sketch.put("S");
            }
        }
        _ => {
            sketch.put(&colour::stroking(colour));
            sketch.operate(&[side * 0.14], "w");
            sketch.lines(&points(&[[0.05, 0.5], [0.35, 0.1], [0.95, 0.95]]));
            sketch.put("S");
        }
    }
}
