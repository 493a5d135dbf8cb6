//! Limits of single values (6.1.13): long strings, large integers, tiny reals.

use lopdf::{Document, Object};

use super::Log;
use crate::{
    domain::EventCode,
    pdf::{object, validate::Part},
};

/// Most bytes of a string.
pub(super) const STRING_BYTES_MAX: usize = 32_767;

/// Reals closer to zero than this cannot be told from it by every reader.
const REAL_MIN: f32 = 1.175e-38;

/// Largest real of PDF 1.4 (ISO 19005-1, 6.1.12).
pub(super) const REAL_MAX: f32 = 32_767.0;

/// Brings single values into their limits.
pub(super) fn mend(document: &mut Document, part: Part, log: &mut Log) {
    let is_beyond = |object: &Object| within(object, part).is_some();
    object::each_object_where(document, is_beyond, |object, _| {
        let Some(value) = within(object, part) else { return };
        if let Object::String(..) = value {
            log.warn(EventCode::ContentClipped, "A string of more than 32,767 bytes was cut.");
        }
        *object = value;
    });
}

/// What stands in the place of a value that is beyond its limits; `None` for one that is not.
fn within(object: &Object, part: Part) -> Option<Object> {
    match object {
        Object::String(bytes, format) if bytes.len() > STRING_BYTES_MAX => {
            Some(Object::String(bytes.iter().take(STRING_BYTES_MAX).copied().collect(), *format))
        }
        Object::Integer(value) if i32::try_from(*value).is_err() => {
            Some(Object::Integer((*value).clamp(i64::from(i32::MIN), i64::from(i32::MAX))))
        }
        Object::Real(value) if part == Part::One && value.abs() > REAL_MAX => {
            Some(Object::Real(REAL_MAX.copysign(*value)))
        }
        Object::Real(value) if !value.is_finite() || value.abs() < REAL_MIN => Some(Object::Real(0.0)),
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::String(..)
        | Object::Array(_)
        | Object::Dictionary(_)
        | Object::Stream(_)
        | Object::Reference(_) => None,
    }
}
