//! What this chapter collects from content: the languages that marked content names.

use lopdf::Object;

use super::language;
use crate::pdf::{
    object,
    validate::{
        Level, Place,
        content::{Collector, Operation, Piece, State},
        report::PLACES_MAX,
        subject::Subject,
    },
};

/// What was collected.
#[derive(Debug, Default)]
pub(in crate::pdf::validate) struct Drawn {
    /// The languages that are not named by a language tag, each with its place; the first ones.
    pub(super) faulty_languages: Vec<(String, Place)>,
}

impl<'a> Collector<'a> for Drawn {
    fn operation(&mut self, subject: &Subject<'a>, piece: &Piece<'a>, _state: &State<'a>, operation: &Operation<'_>) {
        let is_full = self.faulty_languages.len() >= PLACES_MAX;
        if is_full || subject.flavour.level() != Level::A || !matches!(operation.operator, b"BDC" | b"DP") {
            return;
        }
        let properties = match operation.operands.get(1) {
            Some(Object::Dictionary(properties)) => Some(properties),
            Some(Object::Name(name)) => piece
                .resource(subject, b"Properties", name)
                .and_then(|held| object::as_dictionary(object::resolve(subject.document, held))),
            _ => None,
        };
        let language = properties.and_then(|properties| object::get(subject.document, properties, b"Lang"));
        if let Some(tag) = language.and_then(|tag| language::fault(subject, tag)) {
            self.faulty_languages.push((tag, piece.place()));
        }
    }
}
