//! Placeholders in the text of stamps: `[page]`, `[custom:NAME]` and the like; `[[` is a bracket.

use super::{Error, Values};

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands.
    Literal(String),
    /// What a value is put in for.
    Placeholder(Placeholder),
}

/// What a value is put in for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Placeholder {
    Page,
    Pages,
    DocumentTitle,
    DocumentPage,
    DocumentPages,
    JobName,
    Date,
    /// With the name that it has in the text.
    Custom(String),
}

impl Piece {
    /// Whether it means something on a page only.
    pub(super) const fn is_of_page(&self) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Placeholder(placeholder) => match placeholder {
                Placeholder::Page | Placeholder::Pages | Placeholder::DocumentPage | Placeholder::DocumentPages => true,
                Placeholder::DocumentTitle | Placeholder::JobName | Placeholder::Date | Placeholder::Custom(_) => false,
            },
        }
    }
}

/// The names, without those of the form `custom:NAME`.
const NAMES: [(&str, Placeholder); 7] = [
    ("page", Placeholder::Page),
    ("pages", Placeholder::Pages),
    ("document.title", Placeholder::DocumentTitle),
    ("document.page", Placeholder::DocumentPage),
    ("document.pages", Placeholder::DocumentPages),
    ("job.name", Placeholder::JobName),
    ("date", Placeholder::Date),
];

/// What the names of values of the caller begin with.
const CUSTOM: &str = "custom:";

/// Cuts a text into pieces.
///
/// # Errors
/// `Placeholder` for one that does not exist, `Settings` for one that does not end.
pub(super) fn parse(text: &str, stamp: &str) -> Result<Vec<Piece>, Error> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('[') {
        literal.push_str(before);
        if let Some(behind) = behind.strip_prefix('[') {
            literal.push('[');
            rest = behind;
            continue;
        }
        let unknown = |name: &str| Error::Placeholder { stamp: stamp.to_owned(), name: name.to_owned() };
        let (name, behind) = behind.split_once(']').ok_or_else(|| Error::Settings {
            stamp: stamp.to_owned(),
            what: "`text` has a placeholder that does not end; a bracket alone is written [[".to_owned(),
        })?;
        let placeholder = named(name.trim()).ok_or_else(|| unknown(name))?;
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        pieces.push(Piece::Placeholder(placeholder));
        rest = behind;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

fn named(name: &str) -> Option<Placeholder> {
    if let Some((head, custom)) = name.split_at_checked(CUSTOM.len())
        && head.eq_ignore_ascii_case(CUSTOM)
    {
        return Some(Placeholder::Custom(custom.trim().to_owned())).filter(|_| !custom.trim().is_empty());
    }
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, placeholder)| placeholder.clone())
}

/// The text, when there are no placeholders in it.
pub(super) fn literal(pieces: &[Piece]) -> Option<String> {
    let texts = pieces.iter().map(|piece| match piece {
        Piece::Literal(text) => Some(text.as_str()),
        Piece::Placeholder(_) => None,
    });
    texts.collect()
}

/// Puts the values of a page in, which is counted from 0.
///
/// # Errors
/// `Placeholder` for a value that the caller does not give.
pub(super) fn fill(pieces: &[Piece], values: &Values, page: usize, pages: usize, stamp: &str) -> Result<String, Error> {
    let document = values.documents.iter().find(|document| document.pages.contains(&page));
    let mut text = String::new();
    for piece in pieces {
        let placeholder = match piece {
            Piece::Literal(literal) => {
                text.push_str(literal);
                continue;
            }
            Piece::Placeholder(placeholder) => placeholder,
        };
        match placeholder {
            Placeholder::Page => text.push_str(&(page + 1).to_string()),
            Placeholder::Pages => text.push_str(&pages.to_string()),
            Placeholder::DocumentTitle => text.push_str(document.map_or(&values.title, |document| &document.title)),
            Placeholder::DocumentPage => {
                let first = document.map_or(0, |document| document.pages.start);
                text.push_str(&(page + 1 - first).to_string());
            }
            Placeholder::DocumentPages => {
                text.push_str(&document.map_or(pages, |document| document.pages.len()).to_string());
            }
            Placeholder::JobName => text.push_str(&values.job_name),
            Placeholder::Date => text.push_str(&values.date),
            Placeholder::Custom(name) => {
                let mut known = values.custom.iter();
                let value = known.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
                text.push_str(
                    value.ok_or_else(|| Error::Placeholder {
                        stamp: stamp.to_owned(),
                        name: format!("{CUSTOM}{name}"),
                    })?,
                );
            }
        }
    }
    Ok(text)
}
