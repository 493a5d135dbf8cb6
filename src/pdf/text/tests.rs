use std::fmt::Write as _;

use lopdf::{Document, Object, Stream, dictionary};

use super::extract;
use crate::pdf::Error;

fn write(mut document: Document) -> Result<Vec<u8>, Error> {
    crate::pdf::write(&mut document, crate::pdf::Shape::Packed)
}

/// A file of one page with some content; `F` is Helvetica, and `H` a font of two Hebrew letters and a space.
fn file(content: &str) -> Vec<u8> {
    let mut document = Document::new();
    let latin = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
    });
    let map = "begincmap 1 begincodespacerange <00> <FF> endcodespacerange \
               3 beginbfchar <61> <05D0> <62> <05D1> <20> <0020> endbfchar endcmap";
    let map = document.add_object(Stream::new(dictionary! {}, map.as_bytes().to_vec()));
    let hebrew = document.add_object(dictionary! {
        "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
        "ToUnicode" => map,
    });
    let content = document.add_object(Stream::new(dictionary! {}, content.as_bytes().to_vec()));
    let root = document.new_object_id();
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => root, "MediaBox" => vec![0.into(), 0.into(), 400.into(), 200.into()],
        "Contents" => content,
        "Resources" => dictionary! { "Font" => dictionary! { "F" => latin, "H" => hebrew } },
    });
    let pages = dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => vec![Object::Reference(page)] };
    document.objects.insert(root, pages.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    write(document).unwrap()
}

fn lines(content: &str) -> Vec<String> {
    extract(&file(content), 0).unwrap().lines.iter().map(super::Line::text).collect()
}

#[test]
fn words_end_at_spaces_and_at_gaps_and_lines_where_the_text_goes_elsewhere() {
    let content = "BT /F 10 Tf 20 150 Td (One two) Tj [-400 (th) 30 (ree) -100 (x)] TJ 0 -14 Td (four) Tj ET";
    assert_eq!(lines(content), ["One two threex", "four"]);
}

#[test]
fn a_word_says_where_it_is_on_the_page() {
    let text = extract(&file("q 2 0 0 2 10 20 cm BT /F 10 Tf 5 10 Td (ab c) Tj ET Q"), 0).unwrap();
    let word = &text.lines[0].words[0];
    assert_eq!((word.start, word.size), ([20.0, 40.0], 20.0));
    assert!((word.end[0] - word.start[0] - 20.0 * 1.112).abs() < 0.01, "{word:?}");
    assert!(!word.is_invisible && word.space_follows);
}

#[test]
fn turned_text_is_a_line_of_its_own_direction() {
    let text = extract(&file("BT /F 10 Tf 0 1 -1 0 50 20 Tm (up the wall) Tj ET"), 0).unwrap();
    assert_eq!(text.lines[0].text(), "up the wall");
    let word = &text.lines[0].words[2];
    assert!((word.start[0] - 50.0).abs() < 0.01 && word.end[1] > word.start[1] + 10.0, "{word:?}");
}

#[test]
fn what_is_raised_goes_on_without_a_gap() {
    assert_eq!(lines("BT /F 10 Tf 20 150 Td (x) Tj 4 Ts /F 6 Tf (2) Tj 0 Ts /F 10 Tf ( = 4) Tj ET"), ["x2 = 4"]);
}

#[test]
fn a_script_from_right_to_left_is_in_the_order_of_reading_however_it_is_drawn() {
    // As it stands beside each other, from the left.
    assert_eq!(lines("BT /H 10 Tf 20 150 Td (bba aab) Tj ET"), ["באא אבב"]);
    // Letter by letter, from the right.
    let mut content = "BT /H 10 Tf ".to_owned();
    for (place, letter) in [(100.0, 'a'), (94.44, 'b'), (88.88, 'b')] {
        write!(content, "1 0 0 1 {place} 150 Tm ({letter}) Tj ").unwrap();
    }
    let text = extract(&file(&(content + "ET")), 0).unwrap();
    let word = &text.lines[0].words[0];
    assert_eq!((word.text.as_str(), word.shown.as_str(), word.start), ("אבב", "בבא", [88.88, 150.0]));
}

#[test]
fn words_of_the_other_direction_keep_their_order() {
    let content = "BT /H 10 Tf 20 150 Td (ab ) Tj /F 10 Tf (one two ) Tj /H 10 Tf (bb) Tj ET";
    assert_eq!(lines(content), ["בב one two בא"]);
}

#[test]
fn text_that_nobody_sees_is_marked_and_text_that_is_filled_and_outlined_is_there_once() {
    let text = extract(&file("BT /F 10 Tf 20 150 Td 3 Tr (seen) Tj 0 -20 Td 2 Tr (twice) Tj ET"), 0).unwrap();
    let words: Vec<_> = text.lines.iter().flat_map(|line| &line.words).collect();
    assert_eq!(
        words.iter().map(|word| (word.text.as_str(), word.is_invisible)).collect::<Vec<_>>(),
        [("seen", true), ("twice", false)]
    );
}

#[test]
fn a_page_without_text_has_no_lines_and_a_file_that_is_none_is_corrupt() {
    assert!(extract(&file("0 0 10 10 re f"), 0).unwrap().is_empty());
    assert!(matches!(extract(&file(""), 1), Err(Error::Corrupt { .. })));
    assert!(matches!(extract(b"no PDF", 0), Err(Error::Corrupt { .. })));
}
