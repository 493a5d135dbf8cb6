//! Typed identifiers. Jobs, documents and results are named on the wire by a prefix and base 36; clients treat them as opaque.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// Says that a text is not an identifier of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of this kind")]
pub struct IdError;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Makes a new identifier that sorts by time of creation.
            #[expect(clippy::new_without_default, reason = "each call gives another value")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, base36(self.0.as_u128()))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix).and_then(from_base36).map(|value| Self(Uuid::from_u128(value))).ok_or(IdError)
            }
        }
    };
}

id!(/// Identifies one job.
    JobId, "job_");
id!(/// Identifies one document of a job.
    DocumentId, "doc_");
id!(/// Identifies one result file of a job.
    ResultId, "res_");
id!(/// Identifies one worker process for its life.
    WorkerId, "wrk_");
id!(/// Identifies a tenant.
    TenantId, "ten_");

impl TenantId {
    /// The tenant of every job while there are no API keys.
    pub const DEFAULT: Self = Self(Uuid::nil());
}

/// Most base-36 digits of 128 bits.
const DIGITS_MAX: usize = 25;

fn base36(mut value: u128) -> String {
    let mut digits = Vec::with_capacity(DIGITS_MAX);
    loop {
        let digit = u32::try_from(value % 36).expect("a remainder of 36 is small");
        digits.push(char::from_digit(digit, 36).expect("a remainder of 36 is a digit"));
        value /= 36;
        if value == 0 {
            break;
        }
    }
    digits.iter().rev().collect()
}

/// Reads what [`base36`] writes and nothing else: no upper case, no sign, no leading zero.
fn from_base36(text: &str) -> Option<u128> {
    if text.is_empty() || text.len() > DIGITS_MAX || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    text.chars().try_fold(0_u128, |value, digit| {
        let digit = if digit.is_ascii_uppercase() { None } else { digit.to_digit(36) }?;
        value.checked_mul(36)?.checked_add(u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_read_is_the_id_written(value: u128) {
            let id = JobId(Uuid::from_u128(value));
            prop_assert_eq!(id.to_string().parse::<JobId>(), Ok(id));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            if let Ok(id) = text.parse::<DocumentId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn an_id_has_only_characters_that_are_safe_in_a_path() {
        let id = JobId::new().to_string();
        assert!(id.starts_with("job_"));
        assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let id = JobId::new().to_string();
        assert_eq!(id.parse::<DocumentId>(), Err(IdError));
        assert_eq!(id.to_uppercase().parse::<JobId>(), Err(IdError));
    }
}
