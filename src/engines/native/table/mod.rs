//! Tables in text files: fields parted by commas, semicolons, tabs or bars.
//!
//! ```text
//! text ─► [sniff] rows and head ─► [plan] pages ─► `table.typ` ─► PDF
//! ```
//!
//! 1. Fields are shown as they are written; formulas are text.
//! 2. Nothing is cut off: what is too wide for a page comes in smaller type, then in parts.
//! 3. What is no table is set as text.

mod plan;
mod sniff;

use serde_json::{Value, json};

use super::{
    encoding, markdown, script, text,
    typesetting::{Faces, Fonts, Sheet},
};
use crate::{
    domain::{Event, EventCode, limits},
    engines::Error,
};

use plan::Plan;
use sniff::Rows;

/// Faces by which fields are measured: those of the template, and one that is always there.
const FACES: &[&str] = &["noto sans", "liberation sans", "dejavu sans", "libertinus serif"];

/// Characters of a word after which it may be broken: fewer than fit into the widest column.
const WORD_CHARS_MAX: usize = 24;

/// Turns a table in any encoding into a PDF.
///
/// # Errors
/// `Limit` when it is too long, `Corrupt` when it cannot be set.
pub fn to_pdf(bytes: &[u8], faces: &Faces) -> Result<(Vec<u8>, Vec<Event>), Error> {
    let mut events = Vec::new();
    let decoded = encoding::decode(bytes, &mut events)?;
    let as_text = |why: &str| {
        let (pdf, mut events) = text::to_pdf(bytes, faces)?;
        events.push(Event::info(EventCode::Generic, format!("{why}; it is shown as text.")));
        Ok((pdf, events))
    };
    let Some(rows) = sniff::rows(&decoded.text) else { return as_text("The text is not a table") };
    if rows.rows.len() * rows.columns > limits::TABLE_FIELDS_MAX {
        return as_text(&format!("The table has more than {} fields", limits::TABLE_FIELDS_MAX));
    }
    let mut fonts = Fonts::of(faces);
    let mut data = data(rows, &mut fonts, &mut events);
    if let Value::Object(data) = &mut data {
        data.insert("rtl".to_owned(), json!(script::reads_right_to_left(&decoded.text)));
        data.insert("han".to_owned(), json!(script::han_forms(&decoded.text, decoded.is_traditional)));
    }
    Ok((Sheet { template: include_str!("table.typ"), data, files: Vec::new() }.to_pdf(fonts)?, events))
}

/// What the template needs.
fn data(table: Rows, fonts: &mut Fonts, events: &mut Vec<Event>) -> Value {
    let Rows { mut rows, columns, has_head, ragged } = table;
    let (mut natural, mut amounts, mut filled) =
        (vec![0.0_f64; columns], vec![0_usize; columns], vec![0_usize; columns]);
    let mut ruler = fonts.ruler(FACES);
    for (index, row) in rows.iter_mut().enumerate() {
        let measures = natural.iter_mut().zip(amounts.iter_mut().zip(&mut filled));
        for (field, (width, (amounts, filled))) in row.iter_mut().zip(measures) {
            *field = markdown::breakable(&fonts.shown(field), WORD_CHARS_MAX, &mut 0);
            let widest = field.lines().map(|line| ruler.width_em(line)).fold(0.0, f64::max);
            // Names of columns stand in bold type.
            let is_head = has_head && index == 0;
            *width = width.max(if is_head { widest * 1.08 } else { widest });
            *filled += usize::from(!is_head && !field.is_empty());
            *amounts += usize::from(!is_head && sniff::is_number(field));
        }
    }
    fonts.tell(events);
    let plan = Plan::new(&natural);
    if plan.parts.len() > 1 {
        let message = format!(
            "The table is too wide for a page: its {columns} columns stand in {} parts, one after the other.",
            plan.parts.len()
        );
        events.push(Event::info(EventCode::ContentOverflow, message));
    }
    if ragged > 0 {
        let message = format!("{ragged} rows have fewer or more fields than the others.");
        events.push(Event::info(EventCode::Generic, message));
    }
    let head = has_head.then(|| rows.remove(0));
    let are_amounts = amounts.iter().zip(&filled).map(|(amounts, filled)| *filled > 0 && amounts * 10 >= filled * 9);
    json!({
        "head": head,
        "rows": rows,
        "columns": columns,
        "amounts": are_amounts.collect::<Vec<_>>(),
        "landscape": plan.landscape,
        "size": plan.size,
        "parts": plan.parts,
    })
}

#[cfg(test)]
mod tests {
    use lopdf::Document;

    use super::*;

    /// The events, the pages and the text of the PDF.
    fn check(text: &str) -> (Vec<Event>, usize, String) {
        let (pdf, events) = to_pdf(text.as_bytes(), &Faces::new(&[])).unwrap();
        let document = Document::load_mem(&pdf).unwrap();
        let pages: Vec<u32> = document.get_pages().keys().copied().collect();
        (events, pages.len(), document.extract_text(&pages).unwrap())
    }

    #[test]
    fn the_head_is_on_every_page() {
        let rows: String = (0..200).map(|index| format!("row,{index},value\n")).collect();
        let (events, pages, text) = check(&format!("first,second,third\n{rows}"));
        assert!(pages > 2 && events.is_empty());
        assert_eq!(text.matches("second").count(), pages);
        assert_eq!(text.matches("value").count(), 200);
    }

    #[test]
    fn a_wide_table_loses_no_field() {
        let line = |name: &str| (0..60).map(|index| format!("{name}{index:02}.long")).collect::<Vec<_>>().join(";");
        let (events, pages, text) = check(&format!("{}\n{}\n{}\n", line("head"), line("one"), line("two")));
        assert!(pages > 2);
        assert!(events[0].message.contains("60 columns stand in"), "{}", events[0].message);
        for index in 0..60 {
            assert!(text.contains(&format!("two{index:02}.long")), "{index}");
        }
    }

    #[test]
    fn formulas_and_code_are_shown_and_not_evaluated() {
        let (_, _, text) = check("id,value\n1,=1+1\n2,#read(\"/data.json\")\n3,\"=cmd|'/C calc'!A0\"\n4,$x^2$\n");
        for field in ["=1+1", "#read(\"/data.json\")", "=cmd|'/C calc'!A0", "$x^2$"] {
            assert!(text.contains(field), "{field} is not in {text}");
        }
    }

    #[test]
    fn what_is_no_table_is_set_as_text() {
        let (events, pages, text) = check("Dear reader,\n\nthis is no table\n");
        assert_eq!(pages, 1);
        assert!(text.contains("Dear reader,"));
        assert_eq!(events[0].message, "The text is not a table; it is shown as text.");
    }

    #[test]
    fn rows_of_any_length_are_kept() {
        let (events, _, text) = check("a,b\n1,2\n3\n4,5,six\n7,8\n");
        assert!(text.contains("six"));
        assert!(events[0].message.starts_with("2 rows have fewer or more"), "{}", events[0].message);
    }
}
