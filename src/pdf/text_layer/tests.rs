use lopdf::{Document, Object, dictionary};

use super::{Line, Recognised, Word, add};
use crate::pdf::{
    Error, archive,
    fonts::FontFolder,
    gate, object, pages,
    validate::{Flavour, Part},
};

/// Pages of 200 by 100 units that lie away from the origin and are turned; all share their resources.
fn document(turns: &[i64]) -> Document {
    let mut document = Document::new();
    let resources = document.add_object(dictionary! {});
    let root = document.new_object_id();
    let kids: Vec<Object> = turns
        .iter()
        .map(|turn| {
            let content =
                document.add_object(lopdf::Stream::new(dictionary! {}, format!("% {turn}\n0 0 9 9 re f").into_bytes()));
            let page = dictionary! {
                "Type" => "Page", "Parent" => root, "Contents" => content, "Resources" => resources, "Rotate" => *turn,
                "MediaBox" => vec![10.into(), 20.into(), 210.into(), 120.into()],
            };
            document.add_object(page).into()
        })
        .collect();
    let count = i64::try_from(turns.len()).unwrap();
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => count, "Kids" => kids }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    document
}

fn word(text: &str, bounds: [i32; 4]) -> Word {
    let [left, _, right, bottom] = bounds;
    Word { text: text.to_owned(), confidence: 90.0, bounds, baseline: [left, bottom - 2, right, bottom - 2] }
}

/// A picture with two pixels a unit, in which a line of text stands.
fn found(turn: i64, words: &[Word]) -> Recognised {
    let (width, height) = if turn % 180 == 0 { (400, 200) } else { (200, 400) };
    Recognised { width, height, lines: vec![Line { words: words.to_vec() }] }
}

fn layer(document: &Document, page: usize) -> String {
    let page = pages::list(document)[page];
    let contents = object::array(document, object::at(document, page).unwrap(), b"Contents").unwrap();
    let stream = object::resolve(document, &contents[0]).as_stream().unwrap();
    String::from_utf8(stream.content.clone()).unwrap()
}

#[test]
fn the_words_are_found_in_the_order_of_reading_with_a_space_between_them() {
    let mut document = document(&[0]);
    let words = [word("Grüße", [20, 10, 60, 30]), word("aus", [70, 10, 90, 30]), word("🙂", [95, 10, 99, 30])];
    add(&mut document, &[(0, found(0, &words))]).unwrap();
    assert_eq!(document.extract_text(&[1]).unwrap().trim(), "Grüße aus 🙂");
}

#[test]
fn a_word_stands_where_it_was_seen_however_the_page_is_turned() {
    let turns = [0, 90, 180, 270];
    let mut document = document(&turns);
    let recognised: Vec<_> =
        turns.iter().enumerate().map(|(page, turn)| (page, found(*turn, &[word("ab", [20, 10, 60, 32])]))).collect();
    add(&mut document, &recognised).unwrap();
    // Ten units from the left and fifteen from the top as it is shown; eleven high, and two letters are as wide as that.
    for (page, matrix) in [
        "1.00000 0.00000 -0.00000 1.00000 20.00 105.00 Tm",
        "0.00000 1.00000 -1.00000 0.00000 25.00 30.00 Tm",
        "-1.00000 0.00000 -0.00000 -1.00000 200.00 35.00 Tm",
        "0.00000 -1.00000 1.00000 0.00000 195.00 110.00 Tm",
    ]
    .into_iter()
    .enumerate()
    {
        let layer = layer(&document, page);
        assert!(layer.contains(matrix), "{page}: {layer}");
        assert!(layer.contains(" 11.00 Tf\n181.82 Tz\n") && layer.contains("\n3 Tr\n"), "{layer}");
    }
}

#[test]
fn words_of_a_script_from_right_to_left_are_shown_from_the_left_as_everywhere_in_a_pdf() {
    let mut document = document(&[0]);
    add(&mut document, &[(0, found(0, &[word("אבג", [20, 10, 60, 30]), word("abg", [70, 10, 90, 30])]))]).unwrap();
    // Codes go by the order of characters; the first is the space.
    let layer = layer(&document, 0);
    assert!(layer.contains("<0007000600050001>") && layer.contains("<0002000300040001>"), "{layer}");
}

#[test]
fn what_a_page_draws_stays_as_it_was_and_shared_resources_too() {
    let mut document = document(&[0, 0]);
    let before = document.objects.clone();
    add(&mut document, &[(1, found(0, &[word("a", [20, 10, 60, 30])]))]).unwrap();
    let changed: Vec<_> = before.iter().filter(|(id, object)| document.objects.get(id) != Some(object)).collect();
    assert_eq!(changed.iter().map(|(id, _)| **id).collect::<Vec<_>>(), [pages::list(&document)[1]]);
    let contents = object::at(&document, pages::list(&document)[1]).unwrap().get(b"Contents").unwrap();
    assert_eq!(contents.as_array().unwrap()[1..], [changed[0].1.as_dict().unwrap().get(b"Contents").unwrap().clone()]);
}

#[test]
fn a_document_with_a_text_layer_is_pdfa() {
    let mut document = document(&[0, 90]);
    add(&mut document, &[(0, found(0, &[word("a", [20, 10, 60, 30])])), (1, found(90, &[word("b", [2, 2, 9, 30])]))])
        .unwrap();
    let events = archive::to_pdfa(&mut document, Part::Two, &FontFolder::open(&[])).unwrap();
    assert_eq!(events, []);
    assert_eq!(gate::refusals(&document, Flavour::A2B), [""; 0]);
}

#[test]
fn a_layer_for_no_page_is_refused_and_one_without_words_changes_nothing() {
    let mut document = document(&[0]);
    let error = add(&mut document, &[(1, found(0, &[word("a", [20, 10, 60, 30])]))]).unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
    let mut untouched = self::document(&[0]);
    add(&mut untouched, &[(0, found(0, &[]))]).unwrap();
    assert_eq!(untouched.objects, self::document(&[0]).objects);
}
