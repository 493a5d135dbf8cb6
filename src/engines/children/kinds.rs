//! Kinds of children and of what they are in, in words.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::domain::{Format, words::words};

words! {
    /// A class of formats.
    pub enum Class {
        /// Pictures and drawings.
        Image = "image",
        /// Texts, tables and presentations of Office programs.
        Office = "office",
        /// Plain text, Markdown, tables in text, XML.
        Text = "text",
        /// Web pages.
        Web = "web",
        /// Messages and mailboxes.
        Mail = "mail",
        /// Archives.
        Archive = "archive",
        /// Portable Document Format.
        Pdf = "pdf",
        /// Programs and scripts, by content or by name.
        Executable = "executable",
        /// What is of no format that can be converted.
        Unsupported = "unsupported",
    }
}

impl Class {
    /// The class of a format; without one it is not supported. What is executable is no question of format.
    pub const fn of(format: Option<Format>) -> Self {
        let Some(format) = format else { return Self::Unsupported };
        match format {
            Format::Pdf => Self::Pdf,
            Format::Jpeg
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
            | Format::Psd => Self::Image,
            Format::Text | Format::Markdown | Format::Csv | Format::Xml => Self::Text,
            Format::Doc
            | Format::Docx
            | Format::Rtf
            | Format::WordXml
            | Format::Xls
            | Format::Xlsx
            | Format::Xlsb
            | Format::ExcelXml
            | Format::Ppt
            | Format::Pptx
            | Format::Odt
            | Format::Ods
            | Format::Odp
            | Format::Odg
            | Format::Fodt
            | Format::Fods
            | Format::Fodp
            | Format::EncryptedOffice => Self::Office,
            Format::Html | Format::Mhtml => Self::Web,
            Format::Eml | Format::Msg | Format::Tnef | Format::Mbox => Self::Mail,
            Format::Zip => Self::Archive,
            Format::Unknown => Self::Unsupported,
        }
    }
}

/// A format or a class of formats, by its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Kind {
    /// A class.
    Class(Class),
    /// A format.
    Format(Format),
}

impl Kind {
    /// The words that there are.
    fn words() -> impl Iterator<Item = &'static str> {
        // Those that are both are classes.
        let formats = Format::ALL.iter().filter(|format| !matches!(format, Format::Pdf | Format::Text));
        let formats = formats.filter(|format| **format != Format::Unknown).map(|format| format.as_str());
        Class::ALL.iter().map(|class| class.as_str()).chain(formats)
    }
}

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        let class = word.parse().map(Self::Class);
        class.or_else(|_| word.parse().map(Self::Format)).map_err(|_| {
            let known: Vec<_> = Self::words().collect();
            format!("`{word}` is not one of: {}", known.join(", "))
        })
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Class(class) => class.as_str().to_owned(),
            Kind::Format(format) => format.as_str().to_owned(),
        }
    }
}

impl JsonSchema for Kind {
    fn schema_name() -> Cow<'static, str> {
        "Kind".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<_> = Self::words().collect();
        json_schema!({ "type": "string", "description": "A class of formats, or a format.", "enum": words })
    }
}

/// A kind of container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Parent {
    /// A message or a mailbox.
    Mail,
    /// An archive.
    Archive,
    /// A PDF.
    Pdf,
}

impl Parent {
    /// What a container of a format is; none when it is no container.
    pub const fn of(format: Format) -> Option<Self> {
        match Class::of(Some(format)) {
            Class::Mail => Some(Self::Mail),
            Class::Archive => Some(Self::Archive),
            Class::Pdf => Some(Self::Pdf),
            Class::Image | Class::Office | Class::Text | Class::Web | Class::Executable | Class::Unsupported => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_from_the_word_that_it_is_written_as() {
        for word in Kind::words() {
            let kind: Kind = serde_json::from_value(word.into()).unwrap();
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
        }
        let error = serde_json::from_value::<Kind>("program".into()).unwrap_err().to_string();
        assert!(error.contains("`program`") && error.contains("executable") && error.contains("docx"), "{error}");
    }

    #[test]
    fn what_cannot_be_converted_is_unsupported() {
        for format in Format::ALL {
            assert_eq!(format.lane().is_none(), Class::of(Some(*format)) == Class::Unsupported, "{format}");
        }
    }
}
