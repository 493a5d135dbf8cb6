//! Pages as hayro reads and draws them.
//!
//! hayro interprets hostile files that it does not know: it nests forms, patterns and glyphs 50 deep by recursion, and it
//! may panic. So it works on a thread of its own, with a stack for that depth, and its panics end there.

use std::thread;

use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf, page::Page};

use super::Error;

/// The stack of the thread that interprets pages: 2.5 MiB for each of the fifty levels, ample also without optimisation.
const STACK_BYTES: usize = 128 << 20;

/// Opens a file.
///
/// # Errors
/// `Password` when it is encrypted, `Corrupt` when it cannot be read.
pub(crate) fn open(bytes: &[u8]) -> Result<Pdf, Error> {
    Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => Error::Password { given: false },
        LoadPdfError::Decryption(_) | LoadPdfError::Invalid => {
            Error::corrupt(format!("it cannot be read to be drawn ({error:?})"))
        }
    })
}

/// A page of a file, counted from 0.
///
/// # Errors
/// `Corrupt` when there is none.
pub(crate) fn page<'a>(pdf: &'a Pdf, number: usize) -> Result<&'a Page<'a>, Error> {
    pdf.pages().get(number).ok_or_else(|| Error::corrupt(format!("there is no page {}", number + 1)))
}

/// Does some work that interprets pages, where it can do no harm.
///
/// # Errors
/// `Corrupt` when it panics, else what the work says.
pub(crate) fn apart<T: Send>(work: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("draw".to_owned()).stack_size(STACK_BYTES);
        let working = builder
            .spawn_scoped(scope, work)
            .map_err(|error| Error::limit(format!("there is no thread to draw it with ({error})")))?;
        working.join().unwrap_or_else(|_| Err(Error::corrupt("what it draws cannot be interpreted")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_where_the_work_is_done() {
        let outcome: Result<(), Error> = apart(|| panic!("as a decoder does on a hostile stream"));
        assert!(matches!(outcome, Err(Error::Corrupt { .. })));
        assert_eq!(apart(|| Ok(7)), Ok(7));
    }
}
