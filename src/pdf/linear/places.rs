//! Tables that say where objects are (ISO 32000-1, 7.5.4 and 7.5.8). Their length depends on how many objects there are, not
//! on where these are.

use lopdf::{Dictionary, Object, Writer};

use super::{NUMBER_WIDTH, as_i64, cannot};
use crate::pdf::{Error, object, stream};

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere.
    Free,
    /// At a byte of the file.
    At(u64),
    /// In a stream of objects: its number, and the place in it.
    In(u32, u16),
}

/// The places of objects whose numbers follow each other.
#[derive(Debug)]
pub(super) struct Section {
    /// The first number.
    pub(super) first: u32,
    /// The places.
    pub(super) places: Vec<Place>,
}

impl Section {
    /// For numbers from `first` up to `end`, none of which is anywhere yet.
    pub(super) fn of(first: u32, end: u32) -> Self {
        let count = usize::try_from(end.saturating_sub(first)).unwrap_or(0);
        Self { first, places: vec![Place::Free; count] }
    }

    /// Says where an object is.
    pub(super) fn set(&mut self, number: u32, place: Place) {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(slot) = index.and_then(|index| self.places.get_mut(index)) {
            *slot = place;
        }
    }

    /// As a table of text, with how many bytes come before its first line of places.
    pub(super) fn table(&self) -> (Vec<u8>, usize) {
        let mut text = format!("xref\n{} {}", self.first, self.places.len());
        let before = text.len();
        text.push('\n');
        for place in &self.places {
            match place {
                Place::At(at) => text.push_str(&format!("{at:010} 00000 n \n")),
                Place::Free | Place::In(..) => text.push_str("0000000000 65535 f \n"),
            }
        }
        (text.into_bytes(), before)
    }

    /// As a stream, with what else is in its dictionary; `prev` is where the other section is. It is packed when nothing
    /// that comes after it depends on its length.
    pub(super) fn stream(&self, trailer: &Dictionary, prev: Option<u64>) -> Result<Vec<u8>, Error> {
        let mut content = Vec::with_capacity(self.places.len() * 7);
        for place in &self.places {
            let (kind, first, second) = match place {
                Place::Free => (0, 0, u16::MAX),
                Place::At(at) => (1, u32::try_from(*at).map_err(|_| too_large())?, 0),
                Place::In(pack, index) => (2, *pack, *index),
            };
            content.push(kind);
            content.extend(first.to_be_bytes());
            content.extend(second.to_be_bytes());
        }
        let mut dictionary = trailer.clone();
        dictionary.set("Type", object::named("XRef"));
        dictionary.set("W", vec![1.into(), 4.into(), 2.into()]);
        dictionary.set("Index", vec![i64::from(self.first).into(), as_i64(self.places.len()).into()]);
        if prev.is_none() {
            content = stream::pack(&content);
            dictionary.set("Filter", object::named("FlateDecode"));
        }
        dictionary.set("Length", as_i64(content.len()));
        let head = with_prev(&dictionary, prev)?;
        Ok([&head[..], b"\nstream\n", &content, b"\nendstream"].concat())
    }
}

/// A trailer with where the other section is, in as many bytes wherever that is.
pub(super) fn with_prev(trailer: &Dictionary, prev: Option<u64>) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    Writer::write_object(&mut bytes, &Object::Dictionary(trailer.clone())).map_err(cannot)?;
    if let Some(prev) = prev {
        bytes.truncate(bytes.len().saturating_sub(b">>".len()));
        bytes.extend_from_slice(format!("/Prev {prev:<NUMBER_WIDTH$}>>").as_bytes());
    }
    Ok(bytes)
}

fn too_large() -> Error {
    Error::limit("a file too large to be linearised")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_long_wherever_its_objects_are() {
        let mut section = Section::of(7, 9);
        let (before, head) = section.table();
        section.set(8, Place::At(123));
        section.set(6, Place::At(1));
        let (after, _) = section.table();
        assert_eq!(before.len(), after.len());
        assert_eq!(after, b"xref\n7 2\n0000000000 65535 f \n0000000123 00000 n \n");
        assert_eq!(after[head], b'\n');
    }

    #[test]
    fn the_trailer_is_as_long_wherever_the_other_section_is() {
        let trailer = Dictionary::from_iter([("Size", Object::Integer(4))]);
        assert_eq!(with_prev(&trailer, Some(5)).unwrap(), b"<</Size 4/Prev 5         >>");
        assert_eq!(with_prev(&trailer, Some(5_000_000)).unwrap().len(), with_prev(&trailer, Some(0)).unwrap().len());
    }
}
