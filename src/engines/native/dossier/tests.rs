use std::path::PathBuf;

use super::*;
use crate::pdf;

/// The folders in which the machines of this service have their fonts.
fn faces() -> Faces {
    Faces::new(&[PathBuf::from("/usr/share/fonts")])
}

fn entries(titles: &[&str]) -> Vec<Entry> {
    (3..).zip(titles).map(|(page, title)| Entry { title: (*title).to_owned(), page }).collect()
}

fn set(titles: &[&str]) -> (Vec<u8>, Vec<Event>) {
    contents(&TableOfContents::default(), &entries(titles), Paper::A4, &faces()).unwrap()
}

fn page_count(bytes: Vec<u8>) -> usize {
    pdf::page_count(&pdf::read(bytes, &[]).unwrap().document)
}

#[test]
fn a_title_is_one_line_and_a_name_of_a_file_may_be_broken_at_its_signs() {
    let mut fonts = Fonts::of(&Faces::new(&[]));
    assert_eq!(shown(" Annual\n report\t2026 ", &mut fonts), "Annual report 2026");
    assert_eq!(
        shown("2026_annual_report_of_the_board.pdf", &mut fonts).replace('\u{200b}', "|"),
        "2026_|annual_|report_|of_|the_|board.|pdf"
    );
    let long = shown(&"x".repeat(2000), &mut fonts);
    assert!(long.split('\u{200b}').all(|piece| piece.len() <= WORD_CHARS_MAX), "{long}");
    assert_eq!(long.replace('\u{200b}', "").len(), limits::NAME_CHARS_MAX);
}

#[test]
fn what_a_title_says_is_text_and_no_code() {
    let title = "#panic(\"a\") *b* $c$ @d <e> [f] // g \\ `h` = i";
    let (bytes, events) = set(&[title]);
    assert_eq!(events, []);
    let lines: Vec<String> = pdf::text::extract(&bytes, 0).unwrap().lines.iter().map(pdf::text::Line::text).collect();
    assert!(lines.iter().any(|line| line.contains(title)), "{lines:?}");
}

#[test]
fn however_long_titles_are_a_title_page_is_one_page() {
    let words = "Of the many words that a title may have ".repeat(40);
    for (title, subtitle) in [("A", ""), (words.as_str(), words.as_str()), (&"x".repeat(5000), &"漢字".repeat(900))] {
        let look = TitlePage {
            title: title.to_owned(),
            subtitle: subtitle.to_owned(),
            title_size: 96.0,
            subtitle_size: 96.0,
            ..TitlePage::default()
        };
        for paper in [Paper::A4, Paper::Letter] {
            let (bytes, _) = title_page(&look, paper, &faces()).unwrap();
            assert_eq!(page_count(bytes), 1);
        }
    }
}

#[test]
fn a_long_table_takes_several_pages_and_an_empty_one_is_a_page() {
    let titles: Vec<String> = (0..200).map(|index| format!("Document {index}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let pages = page_count(set(&titles).0);
    assert!((4..=7).contains(&pages), "{pages}");
    assert_eq!(page_count(set(&[]).0), 1);
}
