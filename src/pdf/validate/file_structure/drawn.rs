//! What this chapter collects from content: how operands are written, limits that they break, and inline images.

use lopdf::{Dictionary, Object};

use super::flaws::{Flaw, Flaws};
use crate::pdf::{
    object,
    validate::{
        Place,
        content::{Collector, End, Fault, Operation, Piece, State},
        subject::Subject,
    },
};

/// How deep the graphics state may be saved (ISO 32000-1, table C.1).
const NESTING_MAX: usize = 28;

/// The filters that an inline image may have (ISO 32000-1, tables 6 and 94).
const INLINE_FILTERS: [&[u8]; 12] = [
    b"ASCIIHexDecode",
    b"ASCII85Decode",
    b"FlateDecode",
    b"RunLengthDecode",
    b"CCITTFaxDecode",
    b"DCTDecode",
    b"AHx",
    b"A85",
    b"Fl",
    b"RL",
    b"CCF",
    b"DCT",
];

/// What was collected.
#[derive(Debug, Default)]
pub(in crate::pdf::validate) struct Drawn {
    /// What is wrong with how content is written.
    pub(super) flaws: Flaws,
}

impl<'a> Collector<'a> for Drawn {
    fn operation(&mut self, _subject: &Subject<'a>, piece: &Piece<'a>, _state: &State<'a>, operation: &Operation<'_>) {
        let place = piece.place();
        for fault in &operation.faults {
            self.fault(*fault, operation, place);
        }
        for operand in &operation.operands {
            self.operand(operand, place);
        }
        if let (b"BI", Some(held)) = (operation.operator, operation.dictionary()) {
            self.inline_image(held, place);
        }
    }

    fn end(&mut self, _subject: &Subject<'a>, piece: &Piece<'a>, end: &End) {
        self.flaws.note_if(end.depth > NESTING_MAX, Flaw::Nesting, piece.place(), || {
            format!("The graphics state is saved {} times, more than {NESTING_MAX}, before it is restored.", end.depth)
        });
    }
}

impl Drawn {
    fn fault(&mut self, fault: Fault, operation: &Operation<'_>, place: Place) {
        let operator = || object::shown(operation.operator);
        match fault {
            Fault::OddDigits => self.flaws.note(Flaw::OddDigits, place, || {
                format!("A hexadecimal string before {} has an odd number of digits.", operator())
            }),
            Fault::OtherDigits => self.flaws.note(Flaw::OtherDigits, place, || {
                format!("A hexadecimal string before {} holds characters that are no digits.", operator())
            }),
            Fault::Tiny => self.flaws.note(Flaw::RealTiny, place, || {
                format!("A real number before {} is closer to zero than 1.175e-38.", operator())
            }),
            Fault::Unbalanced => {}
        }
    }

    fn operand(&mut self, operand: &Object, place: Place) {
        let mut open = Vec::new();
        let mut next = Some(operand);
        while let Some(held) = next.take().or_else(|| open.pop()) {
            match held {
                Object::Integer(value) => self.flaws.integer(*value, place),
                Object::Real(value) => {
                    // Too small ones are told as faults; they may have become zero here.
                    self.flaws
                        .real(if value.is_normal() { f64::from(*value) } else { f64::from(value.trunc()) }, place);
                }
                Object::Name(name) => self.flaws.name(name, place),
                Object::String(bytes, _) => self.flaws.string(bytes.len(), place),
                Object::Array(items) => {
                    self.flaws.size(held, place);
                    open.extend(items);
                }
                Object::Dictionary(entries) => {
                    self.flaws.size(held, place);
                    for (key, value) in entries {
                        self.flaws.name(key, place);
                        open.push(value);
                    }
                }
                Object::Null | Object::Boolean(_) | Object::Stream(_) | Object::Reference(_) => {}
            }
        }
    }

    fn inline_image(&mut self, held: &Dictionary, place: Place) {
        let filter = held.get(b"F").or_else(|_| held.get(b"Filter")).ok();
        let filters = match filter {
            Some(Object::Array(names)) => names.as_slice(),
            Some(name) => std::slice::from_ref(name),
            None => &[],
        };
        for name in filters.iter().filter_map(|name| name.as_name().ok()) {
            let message = || format!("An inline image is packed by the filter \"{}\".", object::shown(name));
            let is_lzw = matches!(name, b"LZW" | b"LZWDecode");
            self.flaws.note_if(is_lzw, Flaw::InlineLzw, place, message);
            self.flaws.note_if(!INLINE_FILTERS.contains(&name), Flaw::InlineFilter, place, message);
        }
    }
}
