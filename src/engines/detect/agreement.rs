//! Says when a name and a content agree well enough, and how they differ when they do not.

use crate::domain::{Event, EventCode, Format};

/// Whether a file of that name may hold that content without a word being lost about it.
pub(super) fn agree(named: Format, found: Format) -> bool {
    named == found
        || (is_text(named) && is_text(found))
        || (named == Format::Xml && is_xml(found))
        || (found == Format::EncryptedOffice && is_office(named))
        || matches!(
            (named, found),
            (Format::Heic, Format::Avif) | (Format::Eml, Format::Mhtml | Format::Mbox) | (Format::Mhtml, Format::Eml)
        )
}

/// Whether a name says that the file is an Office document of any kind.
pub(super) fn is_office(format: Format) -> bool {
    match format {
        Format::Doc
        | Format::Docx
        | Format::Xls
        | Format::Xlsx
        | Format::Xlsb
        | Format::Ppt
        | Format::Pptx
        | Format::Odt
        | Format::Ods
        | Format::Odp
        | Format::Odg
        | Format::EncryptedOffice => true,
        Format::Pdf
        | Format::Jpeg
        | Format::Png
        | Format::Tiff
        | Format::Gif
        | Format::Bmp
        | Format::Webp
        | Format::Jp2
        | Format::Jbig2
        | Format::Heic
        | Format::Avif
        | Format::Svg
        | Format::Metafile
        | Format::Psd
        | Format::Text
        | Format::Markdown
        | Format::Csv
        | Format::Rtf
        | Format::WordXml
        | Format::ExcelXml
        | Format::Fodt
        | Format::Fods
        | Format::Fodp
        | Format::Html
        | Format::Mhtml
        | Format::Eml
        | Format::Msg
        | Format::Tnef
        | Format::Mbox
        | Format::Zip
        | Format::Xml
        | Format::Unknown => false,
    }
}

/// Whether a name only chooses among the ways to show text.
pub(super) fn is_text(format: Format) -> bool {
    matches!(format, Format::Text | Format::Markdown | Format::Csv)
}

fn is_xml(format: Format) -> bool {
    matches!(
        format,
        Format::Svg | Format::WordXml | Format::ExcelXml | Format::Fodt | Format::Fods | Format::Fodp | Format::Html
    )
}

/// What the client is told of the decision: that the name or the declared type is wrong, or what a file without a telling
/// name was taken for. Nothing when all say the same.
pub(super) fn told(named: Option<Format>, declared: Option<Format>, found: Format) -> Option<Event> {
    let (source, says) = match (named, declared) {
        (Some(named), _) => ("file name", named),
        (None, Some(declared)) => ("declared type", declared),
        (None, None) if found == Format::Unknown => return None,
        (None, None) => {
            let message = format!("The file name says no type; by its content it is {}.", found.described());
            return Some(Event::info(EventCode::Generic, message));
        }
    };
    if !agree(says, found) {
        let message = difference(source, says, found);
        // Clients declare what their libraries guess, so that a wrong type alone is no reason for a warning.
        let told = match named {
            Some(_) => Event::warning(EventCode::Generic, message),
            None => Event::info(EventCode::Generic, message),
        };
        return Some(told);
    }
    // A name that agrees says it all.
    let is_told = named.is_none() && is_text(found);
    is_told.then(|| {
        let message = format!("The file name says no type; by its declared type it is {}.", found.described());
        Event::info(EventCode::Generic, message)
    })
}

fn difference(source: &str, named: Format, found: Format) -> String {
    let (says, is) = (named.described(), found.described());
    if says == is {
        return format!("The {source} says {named}, the content is {found}; it was converted as {found}.");
    }
    let bare = says.strip_prefix("a ").or_else(|| says.strip_prefix("an ")).unwrap_or(says);
    format!("The {source} says {bare}, the content is {is}; it was converted as {is}.")
}
