//! Settings that LibreOffice takes from a document alone: it saves what it has opened as OpenDocument, the setting is
//! changed there, and the export is made from that.
//!
//! # Why so (2026-11)
//! Commands to an open document (`.uno:…`) are put off until LibreOffice's loop goes on, which is after the export. This
//! way serves all formats alike, under a password or not. A flat file would be a single part, but loses charts.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::Path,
};

use quick_xml::{
    Reader, Writer,
    events::{BytesStart, BytesText, Event},
};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{
    domain::Format,
    engines::settings::{self, PageFit, TrackedChanges},
};

/// The item of an OpenDocument text that says whether its tracked changes are shown. When they are not, the text stands as
/// if all were accepted.
const SHOW_CHANGES: &str = "ShowRedlineChanges";
/// Attributes that say how a sheet is made to fit on pages; only one of them counts.
const SCALES: [&str; 4] = ["style:scale-to", "style:scale-to-pages", "style:scale-to-X", "style:scale-to-Y"];

/// What is to be changed in an OpenDocument package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interim {
    /// In a text.
    Text {
        /// Whether tracked changes are shown, or the text stands as if all were accepted.
        changes_shown: bool,
    },
    /// In a table.
    Table {
        /// Whether hidden sheets are shown.
        hidden_sheets: bool,
        /// Whether all columns go beside each other on a page.
        one_page_wide: bool,
    },
}

/// What has to be changed for the settings; of a document whose kind is not known yet, either may be the one.
pub(super) fn wanted(format: Format, settings: &settings::Office) -> Vec<Interim> {
    let unknown = matches!(format, Format::EncryptedOffice);
    let mut wanted = Vec::new();
    let changes_shown = match settings.tracked_changes {
        TrackedChanges::AsSaved => None,
        TrackedChanges::Shown => Some(true),
        TrackedChanges::Accepted => Some(false),
    };
    if let Some(changes_shown) = changes_shown
        && (unknown || is_text(format))
    {
        wanted.push(Interim::Text { changes_shown });
    }
    let one_page_wide = settings.page_fit == PageFit::OnePageWide;
    if (settings.hidden_sheets || one_page_wide) && (unknown || is_table(format)) {
        wanted.push(Interim::Table { hidden_sheets: settings.hidden_sheets, one_page_wide });
    }
    wanted
}

const fn is_text(format: Format) -> bool {
    use Format::{Doc, Docx, Fodt, Odt, Rtf, WordXml};
    matches!(format, Doc | Docx | Rtf | WordXml | Odt | Fodt)
}

const fn is_table(format: Format) -> bool {
    use Format::{ExcelXml, Fods, Ods, Xls, Xlsb, Xlsx};
    matches!(format, Xls | Xlsx | Xlsb | ExcelXml | Ods | Fods)
}

impl Interim {
    /// The format of the package, which is also its extension. LibreOffice saves no document of another kind in it.
    pub(super) const fn format(self) -> &'static str {
        match self {
            Self::Text { .. } => "odt",
            Self::Table { .. } => "ods",
        }
    }

    /// The settings, in words for the client.
    pub(super) const fn described(self) -> &'static str {
        match self {
            Self::Text { .. } => "tracked changes",
            Self::Table { .. } => "hidden sheets and page fit",
        }
    }

    /// The parts that hold what is to be changed.
    const fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Text { .. } => &["settings.xml"],
            // Whether a sheet is hidden is a style of the first, its page a style of the second.
            Self::Table { .. } => &["content.xml", "styles.xml"],
        }
    }

    /// Copies a package that LibreOffice has saved and changes it on the way. Says whether there was what was looked for.
    ///
    /// # Errors
    /// When the package cannot be read, as one under a password, or the copy not be written.
    pub(super) fn change(self, from: &Path, to: &Path) -> io::Result<bool> {
        let mut package = ZipArchive::new(BufReader::new(File::open(from)?))?;
        let mut copy = ZipWriter::new(BufWriter::new(File::create(to)?));
        let mut found = false;
        for place in 0..package.len() {
            let part = package.by_index_raw(place)?;
            if !self.parts().contains(&part.name().unwrap_or_default().as_ref()) {
                copy.raw_copy_file(part)?;
                continue;
            }
            let name = part.name().unwrap_or_default().into_owned();
            drop(part);
            copy.start_file(name, SimpleFileOptions::default())?;
            found |= self.change_part(BufReader::new(package.by_index(place)?), &mut copy)?;
        }
        copy.finish()?.flush()?;
        Ok(found)
    }

    fn change_part(self, part: impl BufRead, copy: impl Write) -> io::Result<bool> {
        let mut reader = Reader::from_reader(part);
        let mut writer = Writer::new(copy);
        let mut buffer = Vec::new();
        let mut found = false;
        // Whether what comes next is the value that is to be replaced.
        let mut before_value = false;
        loop {
            buffer.clear();
            let event = reader.read_event_into(&mut buffer).map_err(io::Error::other)?;
            if event == Event::Eof {
                return Ok(found);
            }
            let value = std::mem::take(&mut before_value);
            let event = match (self, event) {
                (Self::Text { .. }, Event::Start(element)) => {
                    before_value = is_item(&element, SHOW_CHANGES);
                    Event::Start(element)
                }
                (Self::Text { changes_shown }, Event::Text(_)) if value => {
                    found = true;
                    Event::Text(BytesText::from_escaped(if changes_shown { "true" } else { "false" }))
                }
                (Self::Table { hidden_sheets, one_page_wide }, Event::Start(element)) => {
                    found |= is_page(&element);
                    Event::Start(styled(element, hidden_sheets, one_page_wide))
                }
                (Self::Table { hidden_sheets, one_page_wide }, Event::Empty(element)) => {
                    found |= is_page(&element);
                    Event::Empty(styled(element, hidden_sheets, one_page_wide))
                }
                (Self::Text { .. } | Self::Table { .. }, other) => other,
            };
            writer.write_event(event)?;
        }
    }
}

fn is_item(element: &BytesStart<'_>, name: &str) -> bool {
    element.name().as_ref() == "config:config-item"
        && element
            .attributes()
            .flatten()
            .any(|attribute| attribute.key.as_ref() == "config:name" && attribute.value == name)
}

fn is_page(element: &BytesStart<'_>) -> bool {
    element.name().as_ref() == "style:page-layout-properties"
}

/// A property of a style with its attributes as they are wanted.
fn styled(element: BytesStart<'_>, hidden_sheets: bool, one_page_wide: bool) -> BytesStart<'_> {
    if one_page_wide && is_page(&element) {
        let mut changed = BytesStart::new(element.name().as_ref().to_owned());
        changed.extend_attributes(
            element.attributes().flatten().filter(|attribute| !SCALES.contains(&attribute.key.as_ref())),
        );
        changed.push_attribute(("style:scale-to-X", "1"));
        changed.push_attribute(("style:scale-to-Y", "0"));
        changed
    } else if hidden_sheets && element.name().as_ref() == "style:table-properties" {
        let mut changed = BytesStart::new(element.name().as_ref().to_owned());
        for attribute in element.attributes().flatten() {
            if attribute.key.as_ref() == "table:display" {
                changed.push_attribute(("table:display", "true"));
            } else {
                changed.push_attribute(attribute);
            }
        }
        changed
    } else {
        element
    }
}
