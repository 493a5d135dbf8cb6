//! Name-value pairs that override a profile, for a job or for one document.

use super::limits;

/// One option as the client sent it. Repeated names stay repeated, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobOption {
    /// The name, as in `DOC.PASSWORD`; letters of either case mean the same.
    pub name: String,
    /// The value, always text.
    pub value: String,
}

/// Says why a list of options cannot be stored at all. A wrong *value* is not among these: it fails the job later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// There are too many.
    #[error("there are {count} options, at most {max} are allowed", max = limits::OPTIONS_MAX)]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// A name is empty or too long.
    #[error("option {ordinal} needs a name of 1 to {max} characters", max = limits::OPTION_NAME_CHARS_MAX)]
    Name {
        /// Which one, counted from 1.
        ordinal: usize,
    },
    /// A value is too long, or holds a character that no text column can.
    #[error("the value of option `{name}` must have at most {max} characters, none of them NUL", max = limits::OPTION_VALUE_CHARS_MAX)]
    Value {
        /// The option's name.
        name: String,
    },
}

/// Checks what can be stored: count, lengths and characters.
///
/// # Errors
/// The first option that breaks a limit.
pub fn check(options: &[JobOption]) -> Result<(), OptionsError> {
    if options.len() > limits::OPTIONS_MAX {
        return Err(OptionsError::TooMany { count: options.len() });
    }
    for (index, option) in options.iter().enumerate() {
        let name_chars = option.name.chars().count();
        if name_chars == 0 || name_chars > limits::OPTION_NAME_CHARS_MAX || option.name.contains('\0') {
            return Err(OptionsError::Name { ordinal: index + 1 });
        }
        if option.value.chars().count() > limits::OPTION_VALUE_CHARS_MAX || option.value.contains('\0') {
            return Err(OptionsError::Value { name: option.name.clone() });
        }
    }
    Ok(())
}
