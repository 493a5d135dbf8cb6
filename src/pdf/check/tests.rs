use lopdf::{Dictionary, Document, Object, Stream, dictionary};

use super::shortfalls;

fn clauses(content: &[u8], page: Dictionary) -> Vec<&'static str> {
    let mut document = Document::new();
    let content = document.add_object(Stream::new(Dictionary::new(), content.to_vec()));
    let mut all = dictionary! {
        "Type" => "Page", "Contents" => content, "Resources" => dictionary! {},
        "MediaBox" => vec![0.into(), 0.into(), 100.into(), 100.into()],
    };
    for (key, value) in page {
        all.set(key, value);
    }
    let page = document.add_object(all);
    let root = document.add_object(dictionary! { "Type" => "Pages", "Count" => 1, "Kids" => vec![page.into()] });
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    shortfalls(&document).into_iter().map(|found| found.clause).filter(|clause| *clause != "6.6.2.1").collect()
}

#[test]
fn an_empty_page_has_no_shortfall() {
    assert!(clauses(b"", dictionary! {}).is_empty());
}

#[test]
fn colours_without_an_output_intent_are_found() {
    assert_eq!(clauses(b"1 0 0 rg", dictionary! {}), ["6.2.4.3"]);
}

#[test]
fn pages_out_of_size_deep_nesting_and_lost_resources_are_found() {
    let huge: Vec<Object> = vec![0.into(), 0.into(), 20_000.into(), 100.into()];
    assert_eq!(clauses(b"", dictionary! { "MediaBox" => huge }), ["6.1.13"]);
    assert_eq!(clauses(&b"q ".repeat(29), dictionary! {}), ["6.1.13"]);
    assert_eq!(clauses(b"/Im0 Do", dictionary! {}), ["6.2.2"]);
}

#[test]
fn actions_are_found_wherever_they_are() {
    let page = dictionary! { "X" => vec![dictionary! { "S" => "Launch", "Type" => "Action" }.into()] };
    assert_eq!(clauses(b"", page), ["6.5.1"]);
}
