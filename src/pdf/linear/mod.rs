//! A document to bytes whose first page shows before all of them have arrived (ISO 32000-1, annex F).
//!
//! ```text
//! header, parameters, places of the first part │ catalog │ hints │ first page │ other pages │ what they share │ the rest
//! (packed into streams where the shape has such), places of the second part
//! ```
//!
//! The first part ends with the first page. Its objects have the highest numbers, so that each table of places is one piece.
//! What a part is, is decided as other linearising writers do, whose checks count it anew from the objects.

mod hints;
mod parts;
mod places;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use lopdf::{Dictionary, Document, Object, Stream, Writer, dictionary};

use self::{
    hints::{Facts, Hints, Span, as_u64},
    places::{Place, Section},
    plan::{Plan, Unit},
};
use super::{Error, Shape, pages, stream, write};

/// Room for a number that is known at last; a file has fewer than ten digits of bytes.
const NUMBER_WIDTH: usize = 10;

/// Writes a document linearised, with the same content as [`super::write()`] does. Both shapes do for the parts of PDF/A that
/// they are for; whoever claims PDF/A validates what comes out.
///
/// # Errors
/// `Corrupt` when the document has no pages or cannot be written, `Limit` when its pages share so much that saying so would
/// take too long: then it can be written plainly.
pub fn linearise(document: &mut Document, shape: Shape) -> Result<Vec<u8>, Error> {
    write::prepare(document, shape)?;
    for key in [&b"Size"[..], b"Index", b"W"] {
        document.trailer.remove(key);
    }
    // Pages inherit nothing, and a linearised file must not look as if they did (ISO 32000-1, F.3.4).
    pages::drop_inherited(document);
    let parts = parts::split(document)?;
    let plan = Plan::apply(document, &parts, shape);
    let written = Written::of(document, &plan)?;
    assemble(&document.version, &document.trailer, &plan, &written)
}

/// Objects as they stand in the file, by the order of the file.
struct Written {
    opening: Vec<Vec<u8>>,
    first_page: Vec<Vec<u8>>,
    pages: Vec<Vec<Vec<u8>>>,
    shared: Vec<Vec<u8>>,
    outlines: Vec<Vec<u8>>,
    rest: Vec<Vec<u8>>,
}

impl Written {
    fn of(document: &mut Document, plan: &Plan) -> Result<Self, Error> {
        // What is written is not held twice.
        let mut units = |units: &[Unit]| -> Result<Vec<Vec<u8>>, Error> {
            let unit = |unit: &Unit| match unit {
                Unit::Plain(number) => indirect(*number, &taken(document, *number)),
                Unit::Pack(number, held) => {
                    let held: Vec<_> = held.iter().map(|number| (*number, taken(document, *number))).collect();
                    indirect(*number, &Object::Stream(pack(&held)?))
                }
            };
            units.iter().map(unit).collect()
        };
        Ok(Self {
            opening: units(&plan.opening)?,
            first_page: units(&plan.first_page)?,
            pages: plan.pages.iter().map(|page| units(page)).collect::<Result<_, _>>()?,
            shared: units(&plan.shared)?,
            outlines: units(&plan.outlines)?,
            rest: units(&plan.rest)?,
        })
    }
}

fn taken(document: &mut Document, number: u32) -> Object {
    document.objects.remove(&(number, 0)).unwrap_or(Object::Null)
}

/// An object with its number around it.
fn indirect(number: u32, object: &Object) -> Result<Vec<u8>, Error> {
    let mut bytes = format!("{number} 0 obj\n").into_bytes();
    Writer::write_object(&mut bytes, object).map_err(cannot)?;
    bytes.extend_from_slice(b"\nendobj\n");
    Ok(bytes)
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn cannot(error: std::io::Error) -> Error {
    Error::corrupt(format!("it cannot be written: {error}"))
}

/// A stream of objects (ISO 32000-1, 7.5.7).
fn pack(objects: &[(u32, Object)]) -> Result<Stream, Error> {
    let (mut places, mut bodies) = (Vec::new(), Vec::new());
    for (number, object) in objects {
        places.extend_from_slice(format!("{number} {} ", bodies.len()).as_bytes());
        Writer::write_object(&mut bodies, object).map_err(cannot)?;
        bodies.push(b'\n');
    }
    let content = stream::pack(&[places.as_slice(), &bodies].concat());
    let dictionary = dictionary! {
        "Type" => "ObjStm", "N" => as_i64(objects.len()), "First" => as_i64(places.len()), "Filter" => "FlateDecode",
        "Length" => as_i64(content.len()),
    };
    Ok(Stream::new(dictionary, content))
}

pub(super) fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Where the pieces of a file are, the hints counted out.
struct Spans {
    at: u64,
}

impl Spans {
    /// The next piece.
    fn next(&mut self, bytes: &[Vec<u8>]) -> Span {
        let length = bytes.iter().map(|bytes| as_u64(bytes.len())).sum();
        self.at += length;
        Span { at: self.at - length, length }
    }

    /// The next pieces, each by itself.
    fn each(&mut self, bytes: &[Vec<u8>]) -> Vec<Span> {
        bytes.iter().map(|bytes| self.next(std::slice::from_ref(bytes))).collect()
    }
}

/// The hints as an object. They count places as if they were not there, so their own length does not matter.
fn hint_stream(written: &Written, plan: &Plan, head_bytes: usize) -> Result<Vec<u8>, Error> {
    let mut spans = Spans { at: as_u64(head_bytes) };
    spans.next(&written.opening);
    let mut shared = spans.each(&written.first_page);
    let first =
        Span { at: shared.first().map_or(0, |span| span.at), length: shared.iter().map(|span| span.length).sum() };
    let mut pages = vec![(first, as_u64(written.first_page.len()))];
    pages.extend(written.pages.iter().map(|page| (spans.next(page), as_u64(page.len()))));
    let shared_first = shared.len();
    shared.extend(spans.each(&written.shared));
    let hinted: HashMap<u32, u64> = plan.first_page.iter().chain(&plan.shared).map(Unit::number).zip(0..).collect();
    let places = |page: &BTreeSet<u32>| page.iter().filter_map(|number| hinted.get(number).copied()).collect();
    let outlines = match plan.outlines.first() {
        Some(unit) => Some((unit.number(), spans.next(&written.outlines), as_u64(written.outlines.len()))),
        None => {
            let from = shared_first - plan.first_outlines;
            let (unit, spans) = (plan.first_page.get(from), shared.get(from..shared_first).unwrap_or_default());
            let length = spans.iter().map(|span| span.length).sum();
            unit.zip(spans.first())
                .map(|(unit, first)| (unit.number(), Span { at: first.at, length }, as_u64(spans.len())))
        }
    };
    let facts = Facts {
        pages,
        shares: std::iter::once(Vec::new()).chain(plan.shares.iter().map(places)).collect(),
        shared,
        shared_first,
        shared_number: plan.shared.first().map_or(0, Unit::number),
        outlines,
    };
    let Hints { bytes, shared_at, outlines_at } = hints::write(&facts)?;
    let content = stream::pack(&bytes);
    let mut dictionary = dictionary! {
        "S" => as_i64(shared_at), "Filter" => "FlateDecode", "Length" => as_i64(content.len()),
    };
    if let Some(at) = outlines_at {
        dictionary.set("O", as_i64(at));
    }
    indirect(plan.hints, &Object::Stream(Stream::new(dictionary, content)))
}

/// What the first bytes of a file say of the rest.
#[derive(Debug, Clone, Copy, Default)]
struct Parameters {
    file_bytes: u64,
    hints: Span,
    first_page_end: u64,
    /// Where the table of the second part begins, and where its first line of places does.
    last_table_at: u64,
    first_line_at: u64,
}

/// Everything before the catalog. Its length depends on how many objects there are alone.
fn head(
    plan: &Plan,
    version: &str,
    trailer: &Dictionary,
    section: &Section,
    parameters: Parameters,
) -> Result<(Vec<u8>, usize), Error> {
    let mut bytes = format!("%PDF-{version}\n").into_bytes();
    bytes.extend_from_slice(b"%\xE2\xE3\xCF\xD3\n");
    let Parameters { file_bytes, hints, first_page_end, last_table_at, first_line_at } = parameters;
    let first_page = plan.first_page.first().map_or(0, Unit::number);
    let pages = plan.pages.len() + 1;
    let width = NUMBER_WIDTH;
    bytes.extend_from_slice(
        format!(
            "{} 0 obj\n<</Linearized 1/L {file_bytes:<width$}/H[{:<width$} {:<width$}]/O {first_page}\
             /E {first_page_end:<width$}/N {pages}/T {first_line_at:<width$}>>\nendobj\n",
            plan.parameters, hints.at, hints.length
        )
        .as_bytes(),
    );
    let table_at = bytes.len();
    let mut trailer = trailer.clone();
    trailer.set("Size", i64::from(plan.end));
    if let Some(number) = plan.first_table {
        bytes.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        bytes.extend(section.stream(&trailer, Some(last_table_at))?);
        bytes.extend_from_slice(b"\nendobj\n");
    } else {
        bytes.extend(section.table().0);
        bytes.extend_from_slice(b"trailer\n");
        bytes.extend(places::with_prev(&trailer, Some(last_table_at))?);
        bytes.push(b'\n');
    }
    // Where the other table is, the trailer says; here stands nothing that is used.
    bytes.extend_from_slice(b"startxref\n0\n%%EOF\n");
    Ok((bytes, table_at))
}

/// Puts the pieces together.
fn assemble(version: &str, trailer: &Dictionary, plan: &Plan, written: &Written) -> Result<Vec<u8>, Error> {
    let (mut first, mut second) = (Section::of(plan.first, plan.end), Section::of(0, plan.first));
    let head_bytes = head(plan, version, trailer, &first, Parameters::default())?.0.len();
    let hints = hint_stream(written, plan, head_bytes)?;
    let mut body = Vec::new();
    let mut parameters = Parameters::default();
    let here = |body: &Vec<u8>| as_u64(head_bytes + body.len());
    first.set(plan.parameters, Place::At(as_u64(places_before(version))));
    let put = |section: &mut Section, units: &[Unit], written: &[Vec<u8>], body: &mut Vec<u8>| {
        for (unit, bytes) in units.iter().zip(written) {
            section.set(unit.number(), Place::At(here(body)));
            if let Unit::Pack(pack, held) = unit {
                held.iter().zip(0..).for_each(|(number, index)| section.set(*number, Place::In(*pack, index)));
            }
            body.extend_from_slice(bytes);
        }
    };
    put(&mut first, &plan.opening, &written.opening, &mut body);
    parameters.hints = Span { at: here(&body), length: as_u64(hints.len()) };
    first.set(plan.hints, Place::At(here(&body)));
    body.extend_from_slice(&hints);
    put(&mut first, &plan.first_page, &written.first_page, &mut body);
    parameters.first_page_end = here(&body);
    for (page, written) in plan.pages.iter().zip(&written.pages) {
        put(&mut second, page, written, &mut body);
    }
    put(&mut second, &plan.shared, &written.shared, &mut body);
    put(&mut second, &plan.outlines, &written.outlines, &mut body);
    put(&mut second, &plan.rest, &written.rest, &mut body);
    parameters.last_table_at = here(&body);
    parameters.first_line_at = parameters.last_table_at;
    let mut trailer_of_rest = trailer.clone();
    trailer_of_rest.set("Size", i64::from(plan.first));
    if let Some(number) = plan.last_table {
        second.set(number, Place::At(parameters.last_table_at));
        body.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        body.extend(second.stream(&trailer_of_rest, None)?);
        body.extend_from_slice(b"\nendobj\n");
    } else {
        let (table, before) = second.table();
        parameters.first_line_at += as_u64(before);
        body.extend(table);
        body.extend_from_slice(b"trailer\n");
        body.extend(places::with_prev(&trailer_of_rest, None)?);
        body.push(b'\n');
    }
    let (_, table_at) = head(plan, version, trailer, &first, Parameters::default())?;
    body.extend_from_slice(format!("startxref\n{table_at}\n%%EOF\n").as_bytes());
    if let Some(number) = plan.first_table {
        first.set(number, Place::At(as_u64(table_at)));
    }
    parameters.file_bytes = here(&body);
    let (mut bytes, _) = head(plan, version, trailer, &first, parameters)?;
    debug_assert_eq!(bytes.len(), head_bytes, "numbers have fixed widths");
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// The bytes before the first object.
fn places_before(version: &str) -> usize {
    "%PDF-\n".len() + version.len() + b"%\xE2\xE3\xCF\xD3\n".len()
}
