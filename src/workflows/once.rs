//! What makes two requests the same.

use sha2::{Digest, Sha256};

use crate::domain::options::JobOption;

/// Sums up a request part by part. Each part goes in with its length, so that no two lists of parts give the same sum.
#[derive(Debug, Clone)]
pub(super) struct Fingerprint(Sha256);

impl Fingerprint {
    /// Begins with the name of the operation.
    pub(super) fn of(operation: &str) -> Self {
        Self(Sha256::new()).bytes(operation.as_bytes())
    }

    /// Takes in bytes.
    pub(super) fn bytes(mut self, part: &[u8]) -> Self {
        self.0.update([1]);
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    /// Takes in a text that may be missing, which differs from one that is empty.
    pub(super) fn text(mut self, part: Option<&str>) -> Self {
        match part {
            Some(part) => self.bytes(part.as_bytes()),
            None => {
                self.0.update([0]);
                self
            }
        }
    }

    /// Takes in options in their order.
    pub(super) fn options(mut self, options: &[JobOption]) -> Self {
        self.0.update((options.len() as u64).to_be_bytes());
        options.iter().fold(self, |sum, option| sum.bytes(option.name.as_bytes()).bytes(option.value.as_bytes()))
    }

    /// The sum.
    pub(super) fn sum(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(name: &str, value: &str) -> JobOption {
        JobOption { name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn the_same_parts_give_the_same_sum_and_other_parts_another() {
        let sum = |parts: &[Option<&str>], options: &[JobOption]| {
            let sum = parts.iter().fold(Fingerprint::of("test"), |sum, part| sum.text(*part));
            sum.options(options).sum()
        };
        let whole = sum(&[Some("ab"), None], &[option("a", "b")]);
        assert_eq!(whole, sum(&[Some("ab"), None], &[option("a", "b")]));
        for (parts, options) in [
            (&[Some("a"), Some("b")], vec![option("a", "b")]),
            (&[Some("ab"), Some("")], vec![option("a", "b")]),
            (&[None, Some("ab")], vec![option("a", "b")]),
            (&[Some("ab"), None], vec![option("ab", "")]),
            (&[Some("ab"), None], vec![option("a", "b"), option("a", "b")]),
            (&[Some("ab"), None], vec![]),
        ] {
            assert_ne!(whole, sum(parts, &options), "{parts:?} {options:?}");
        }
    }
}
