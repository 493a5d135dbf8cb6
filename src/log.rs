//! How errors are written into the log.

use std::{error::Error, fmt};

/// Shows an error with all its sources, joined by colons.
#[derive(Debug)]
pub struct ErrorChain<'e>(pub &'e (dyn Error + 'static));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(source) = next {
            // A transparent error shows its source's text as its own.
            write!(f, ": {source}")?;
            next = source.source();
        }
        Ok(())
    }
}
