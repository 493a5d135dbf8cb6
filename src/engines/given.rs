//! Documents that have to stay as they came: nothing is taken but files that are PDF/A already.

use std::path::Path;

use super::{
    Error,
    finish::Finished,
    serve::{Pdf, write},
};
use crate::{
    domain::{ErrorCode, Format, Rung},
    pdf::{
        self, sign,
        validate::{File, Flavour, Part},
    },
};

/// Refuses what neither is a PDF nor an archive that may hold some.
pub(super) fn check(format: Format) -> Result<(), Error> {
    if matches!(format, Format::Pdf | Format::Zip) {
        return Ok(());
    }
    let what = format!("it is {}, and only PDF files that are PDF/A are taken", format.described());
    Err(Error::UnsupportedFormat { what })
}

/// Takes a file as it came, if it is PDF/A-1, -2 or -3.
pub(super) fn take(made: Pdf, output: &Path) -> Result<Finished, Error> {
    let Pdf::Given(bytes) = made else {
        return Err(Error::Internal { doing: "leave the document as it came".to_owned(), source: None });
    };
    if !bytes.starts_with(b"%PDF-") {
        return Err(Error::Corrupt { what: "other bytes stand before its PDF header".to_owned() });
    }
    // PDF/A is never encrypted (ISO 19005-1, 6.1.3); without this it would be a document that cannot be read.
    match sign::signatures(&bytes) {
        Err(sign::Error::Encrypted) => return Err(refused("it is encrypted, which PDF/A never is")),
        Err(sign::Error::Document(error)) => return Err(error.into()),
        Ok(_) | Err(_) => {}
    }
    let flavour = conforming(&bytes)?;
    let pages = pdf::page_count(&pdf::read(bytes.clone(), &[])?.document);
    write(output, &bytes)?;
    Ok(Finished { pages, events: Vec::new(), archived: Some((flavour, Rung::Unchanged)) })
}

/// What a file claims to be and is.
pub(super) fn conforming(bytes: &[u8]) -> Result<Flavour, Error> {
    let file = File::open(bytes);
    let claimed = file.claimed().filter(|flavour| matches!(flavour.part(), Part::One | Part::Two | Part::Three));
    let flavour =
        claimed.ok_or_else(|| refused("it does not claim to be PDF/A-1, -2 or -3, and only such files are taken"))?;
    match file.validate(flavour).failed.first() {
        None => Ok(flavour),
        Some(failure) => Err(refused(format!(
            "it claims to be {flavour} and is not: {} (ISO 19005, clause {})",
            failure.message, failure.clause
        ))),
    }
}

fn refused(what: impl Into<String>) -> Error {
    Error::Refused { code: ErrorCode::Conformance, what: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_but_pdf_and_archives() {
        assert!(check(Format::Pdf).is_ok() && check(Format::Zip).is_ok());
        for other in [Format::Docx, Format::Eml, Format::Html, Format::Text, Format::Unknown] {
            assert!(matches!(check(other), Err(Error::UnsupportedFormat { .. })), "{other}");
        }
    }
}
