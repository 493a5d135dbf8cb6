//! Files in PDFs.

use memchr::memmem;

use super::Store;
use crate::{
    domain::{Event, EventCode},
    engines::{Error, children::Embedded},
    pdf::{
        self, Shape,
        attach::{self, Place},
    },
};

/// Takes the files out of a PDF, if it has any that are to be documents of their own; what it shows itself comes first, without
/// them. Gives whether it did.
///
/// # Errors
/// `Limit` past the budget of the store.
pub fn unpack(
    bytes: &[u8],
    file_name: &str,
    passwords: &[String],
    embedded: Embedded,
    store: &mut Store<'_>,
) -> Result<bool, Error> {
    let (mut document, events) = match embedded {
        Embedded::Keep => return Ok(false),
        // Reading a document takes time, and hardly any is a portfolio. What is embedded is a stream, which stands in no other
        // one, and programs that make portfolios say of what type it is.
        Embedded::Portfolios if memmem::find(bytes, b"EmbeddedFile").is_none() => return Ok(false),
        Embedded::Portfolios | Embedded::Children => match pdf::read(bytes.to_vec(), passwords) {
            Ok(opened) => (opened.document, opened.events),
            // Its conversion says what is wrong.
            Err(_) => return Ok(false),
        },
    };
    if embedded == Embedded::Portfolios && !attach::is_portfolio(&document) {
        return Ok(false);
    }
    let mut files = attach::list(&document)?;
    // Parts of a film or a model are nothing without what shows them.
    files.retain(|file| file.place != Place::Part);
    if files.is_empty() {
        return Ok(false);
    }
    store.tell_of_all(events);
    if pdf::page_count(&document) > 0 {
        let mut shown = document.clone();
        attach::detach(&mut shown, &files)?;
        let written = pdf::write(&mut shown, Shape::Packed)?;
        store.put_body(file_name, written.as_slice())?;
    }
    for file in &files {
        match attach::read(&document, file, store.budget().bytes_max) {
            Ok(content) => store.put(&file.name, content.as_slice())?,
            Err(pdf::Error::Limit { which }) => return Err(Error::Limit { which }),
            Err(error) => {
                let message = format!("The embedded file '{}' could not be taken out: {error}.", file.name);
                store.tell(&file.name, Event::warning(EventCode::PartialExtraction, message));
            }
        }
        document.objects.remove(&file.stream);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lopdf::{Document, dictionary};
    use time::macros::datetime;

    use super::*;
    use crate::{
        engines::unpack::{Budget, Unpacked, file_of},
        pdf::attach::{Attachment, Relationship},
    };

    fn document(files: &[(&str, &[u8])]) -> Document {
        let mut document = Document::new();
        let size = vec![0.into(), 0.into(), 100.into(), 100.into()];
        let page = document.add_object(dictionary! { "Type" => "Page", "MediaBox" => size });
        let root = document.add_object(dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => vec![page.into()] });
        document.get_object_mut(page).unwrap().as_dict_mut().unwrap().set("Parent", root);
        let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
        document.trailer.set("Root", catalog);
        let files: Vec<_> = files
            .iter()
            .map(|(name, bytes)| Attachment {
                name,
                media_type: "text/plain",
                bytes,
                relationship: Relationship::Supplement,
                modified: datetime!(2026-01-02 3:04:05 UTC),
                created: None,
                description: None,
            })
            .collect();
        attach::attach_all(&mut document, &files).unwrap();
        document
    }

    fn check(
        mut document: Document,
        embedded: Embedded,
        bytes_max: u64,
    ) -> (Result<Option<Unpacked>, Error>, Vec<Vec<u8>>) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::new(folder.path(), Budget { bytes_max, entries_max: 10 });
        let bytes = pdf::write(&mut document, Shape::Packed).unwrap();
        let done = unpack(&bytes, "a.pdf", &[], embedded, &mut store);
        let unpacked = done.map(|done| done.then(|| store.finish()));
        let files = (0..).map_while(|number| fs::read(folder.path().join(file_of(number))).ok()).collect();
        (unpacked, files)
    }

    #[test]
    fn files_come_out_behind_what_the_document_shows_which_has_none_any_more() {
        let (unpacked, files) = check(document(&[("b.txt", b"1"), ("a.txt", b"2")]), Embedded::Children, 1 << 20);
        let unpacked = unpacked.unwrap().unwrap();
        assert_eq!((unpacked.names, unpacked.bodies), (["a.pdf", "a.txt", "b.txt"].map(str::to_owned).to_vec(), 1));
        assert_eq!((files[1].as_slice(), files[2].as_slice()), (&b"2"[..], &b"1"[..]));
        let shown = pdf::read(files[0].clone(), &[]).unwrap().document;
        assert!(attach::list(&shown).unwrap().is_empty());
        assert_eq!(pdf::page_count(&shown), 1);
    }

    #[test]
    fn only_a_portfolio_is_taken_apart_where_others_are_not() {
        let plain = document(&[("a.txt", b"1")]);
        let mut portfolio = plain.clone();
        attach::collection(&mut portfolio).unwrap();
        assert!(check(plain.clone(), Embedded::Portfolios, 1 << 20).0.unwrap().is_none());
        assert!(check(portfolio.clone(), Embedded::Keep, 1 << 20).0.unwrap().is_none());
        let (unpacked, files) = check(portfolio, Embedded::Portfolios, 1 << 20);
        assert_eq!(unpacked.unwrap().unwrap().names, ["a.pdf", "a.txt"]);
        assert!(!attach::is_portfolio(&pdf::read(files[0].clone(), &[]).unwrap().document));
        assert!(check(document(&[]), Embedded::Children, 1 << 20).0.unwrap().is_none());
    }

    #[test]
    fn files_that_unpack_without_end_stop_at_the_budget() {
        let bomb = document(&[("zeros", &vec![0; 4 << 20])]);
        assert!(matches!(check(bomb, Embedded::Children, 1 << 20).0, Err(Error::Limit { .. })));
    }
}
