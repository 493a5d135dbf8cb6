//! Requests that a client may send again without having them done twice.

use std::str::FromStr;

use super::limits;

/// The name that a client gives a request, so that it may send it again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// Says that a text is not such a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to {max} visible ASCII characters", max = limits::IDEMPOTENCY_KEY_BYTES_MAX)]
pub struct KeyError;

impl IdempotencyKey {
    /// The key as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let fits = (1..=limits::IDEMPOTENCY_KEY_BYTES_MAX).contains(&text.len());
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits && visible { Ok(Self(text.to_owned())) } else { Err(KeyError) }
    }
}

/// A request that is done once, however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// What the client calls it.
    pub key: IdempotencyKey,
    /// SHA-256 of what it asks for.
    pub request_sha256: [u8; 32],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_up_to_255_visible_characters() {
        for good in ["k", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", &"~".repeat(255)] {
            assert_eq!(good.parse::<IdempotencyKey>().unwrap().as_str(), good);
        }
        for bad in ["", " ", "a b", "a\tb", "schlüssel", "\u{7f}", &"k".repeat(256)] {
            assert_eq!(bad.parse::<IdempotencyKey>(), Err(KeyError), "{bad}");
        }
    }
}
