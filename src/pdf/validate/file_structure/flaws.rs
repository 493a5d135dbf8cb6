//! Flaws in how a file is written, gathered in one reading and told by one rule each.

use std::collections::BTreeMap;

use lopdf::Object;

use crate::pdf::{
    lexer::Written,
    object,
    validate::{Place, report::PLACES_MAX, rule::Findings},
};

/// Most bytes of a name (ISO 32000-1, table C.1; PDF Reference 1.4, table C.1).
const NAME_BYTES_MAX: usize = 127;
/// Most bytes of a string in parts 2 and 3.
const STRING_BYTES_MAX: usize = 32_767;
/// Most bytes of a string in part 1.
const STRING_BYTES_MAX_ONE: usize = 65_535;
/// Most elements of an array in part 1.
const ARRAY_ITEMS_MAX: usize = 8191;
/// Most entries of a dictionary in part 1.
const DICTIONARY_ENTRIES_MAX: usize = 4095;
/// The largest real number in part 1.
const REAL_MAX_ONE: f64 = 32_767.0;
/// The largest real number in parts 2 and 3.
const REAL_MAX: f64 = 3.403e38;
/// The smallest real number above zero in parts 2 and 3.
const REAL_MIN: f64 = 1.175e-38;

/// A kind of flaw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flaw {
    /// The words `obj` and `endobj` and the numbers before them are not spaced as they shall be.
    ObjectSpacing,
    /// The words `stream` and `endstream` do not have their ends of line.
    StreamKeyword,
    /// The length of a stream is not what its dictionary says.
    StreamLength,
    /// The data of a stream are in another file.
    StreamExternal,
    /// A stream is packed by LZW.
    FilterLzw,
    /// A stream is packed by a filter that the standard does not know, or encrypted.
    FilterOther,
    /// A hexadecimal string has an odd number of digits.
    OddDigits,
    /// A hexadecimal string has other characters than digits.
    OtherDigits,
    /// An integer does not fit into 32 bits.
    IntegerRange,
    /// A real number is beyond what single precision holds.
    RealRange,
    /// A real number is beyond what part 1 allows.
    RealRangeOne,
    /// A real number is too close to zero.
    RealTiny,
    /// A string is longer than parts 2 and 3 allow.
    StringLength,
    /// A string is longer than part 1 allows.
    StringLengthOne,
    /// A name is too long.
    NameLength,
    /// An array has more elements than part 1 allows.
    ArrayLength,
    /// A dictionary has more entries than part 1 allows.
    DictionaryLength,
    /// The graphics state is saved too often.
    Nesting,
    /// An inline image is packed by LZW.
    InlineLzw,
    /// An inline image is packed by a filter that is not for inline images.
    InlineFilter,
    /// Objects overlap so much that not all are read.
    Overlap,
}

/// How often a flaw was met, and where first.
#[derive(Debug, Default)]
struct Seen {
    count: usize,
    message: String,
    places: Vec<Place>,
}

/// Flaws by their kind; of each the first places only.
#[derive(Debug, Default)]
pub(super) struct Flaws {
    seen: BTreeMap<Flaw, Seen>,
}

impl Flaws {
    /// Notes one. The message is made of the first only.
    pub(super) fn note(&mut self, flaw: Flaw, place: Place, message: impl FnOnce() -> String) {
        let seen = self.seen.entry(flaw).or_default();
        seen.count += 1;
        if seen.count == 1 {
            seen.message = message();
        }
        if seen.places.len() < PLACES_MAX {
            seen.places.push(place);
        }
    }

    /// Notes one when it is so.
    pub(super) fn note_if(&mut self, is_so: bool, flaw: Flaw, place: Place, message: impl FnOnce() -> String) {
        if is_so {
            self.note(flaw, place, message);
        }
    }

    /// Tells all flaws of a kind.
    pub(super) fn tell(&self, flaw: Flaw, findings: &mut Findings) {
        let Some(seen) = self.seen.get(&flaw) else { return };
        for index in 0..seen.count {
            let place = seen.places.get(index).or(seen.places.last()).copied().unwrap_or_default();
            findings.add(place, || seen.message.clone());
        }
    }

    /// Notes what is wrong with an integer.
    pub(super) fn integer(&mut self, value: i64, place: Place) {
        self.note_if(i32::try_from(value).is_err(), Flaw::IntegerRange, place, || {
            format!("The integer {value} does not fit into 32 bits.")
        });
    }

    /// Notes what is wrong with a real number.
    pub(super) fn real(&mut self, value: f64, place: Place) {
        let size = value.abs();
        self.note_if(size > REAL_MAX_ONE, Flaw::RealRangeOne, place, || {
            format!("The real number {value:e} is not between -32767 and 32767.")
        });
        self.note_if(size > REAL_MAX, Flaw::RealRange, place, || {
            format!("The real number {value:e} is not between -3.403e38 and 3.403e38.")
        });
        self.note_if(size < REAL_MIN && size > 0.0, Flaw::RealTiny, place, || {
            format!("The real number {value:e} is closer to zero than 1.175e-38.")
        });
    }

    /// Notes what is wrong with a name.
    pub(super) fn name(&mut self, name: &[u8], place: Place) {
        self.note_if(name.len() > NAME_BYTES_MAX, Flaw::NameLength, place, || {
            let start: String = object::shown(name).chars().take(32).collect();
            format!("The name \"{start}...\" has {} bytes, more than {NAME_BYTES_MAX}.", name.len())
        });
    }

    /// Notes what is wrong with the length of a string.
    pub(super) fn string(&mut self, length: usize, place: Place) {
        self.note_if(length > STRING_BYTES_MAX, Flaw::StringLength, place, || {
            format!("A string has {length} bytes, more than {STRING_BYTES_MAX}.")
        });
        self.note_if(length > STRING_BYTES_MAX_ONE, Flaw::StringLengthOne, place, || {
            format!("A string has {length} bytes, more than {STRING_BYTES_MAX_ONE}.")
        });
    }

    /// Notes what is wrong with how a string is written.
    pub(super) fn digits(&mut self, written: Written, place: Place) {
        let Written::Hexadecimal { digits, has_others } = written else { return };
        self.note_if(digits % 2 == 1 && !has_others, Flaw::OddDigits, place, || {
            format!("A hexadecimal string has {digits} digits, an odd number.")
        });
        self.note_if(has_others, Flaw::OtherDigits, place, || {
            "A hexadecimal string holds characters that are no hexadecimal digits.".to_owned()
        });
    }

    /// Notes what is wrong with the size of an array or a dictionary.
    pub(super) fn size(&mut self, held: &Object, place: Place) {
        if let Object::Array(items) = held {
            self.note_if(items.len() > ARRAY_ITEMS_MAX, Flaw::ArrayLength, place, || {
                format!("An array has {} elements, more than {ARRAY_ITEMS_MAX}.", items.len())
            });
        } else if let Some(held) = object::as_dictionary(held) {
            self.note_if(held.len() > DICTIONARY_ENTRIES_MAX, Flaw::DictionaryLength, place, || {
                format!("A dictionary has {} entries, more than {DICTIONARY_ENTRIES_MAX}.", held.len())
            });
        }
    }
}
