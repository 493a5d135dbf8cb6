use lopdf::Document;

use super::*;
use crate::domain::EventCode;

fn svg(content: &str) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="300" height="200">{content}</svg>"#
    )
}

/// The text of the page and what the client is told.
fn check(drawing: &str) -> (String, Vec<Event>) {
    let (pdf, events) = to_pdf(drawing.as_bytes(), &Faces::new(&[])).unwrap();
    let document = Document::load_mem(&pdf).unwrap();
    assert_eq!(document.get_pages().len(), 1);
    // Letters of drawings stand each by itself.
    (document.extract_text(&[1]).unwrap().replace('\n', ""), events)
}

#[test]
fn what_leads_outside_is_left_out_kind_by_kind_and_the_rest_is_drawn() {
    let (text, events) = check(&svg(concat!(
        r#"<style>@import url("http://127.0.0.1:9/a.css"); @font-face{font-family:F;src:url("http://127.0.0.1:9/f")}</style>"#,
        r#"<image href="file:///etc/passwd" width="9" height="9"/><image xlink:href="http://127.0.0.1:9/b.png" width="9" height="9"/>"#,
        r#"<use href="http://127.0.0.1:9/c.svg#a"/><foreignObject><iframe src="file:///etc/passwd"/></foreignObject>"#,
        r#"<script>fetch("http://127.0.0.1:9/d")</script><rect onclick="e()" width="5" height="5"/>"#,
        r#"<text x="10" y="50">visible text</text>"#
    )));
    assert!(text.contains("visible text"), "{text}");
    let told: Vec<_> = events.iter().map(|event| (event.code, event.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (EventCode::ExternalResourceUnavailable, "2 linked pictures were not loaded."),
            (EventCode::ExternalResourceUnavailable, "1 shape of other files was not loaded."),
            (EventCode::ExternalResourceUnavailable, "1 linked style sheet was not loaded."),
            (EventCode::ExternalResourceUnavailable, "1 linked font or picture of a style was not loaded."),
            (EventCode::ActionRemoved, "2 scripts were removed."),
            (EventCode::ContentClipped, "1 piece of HTML inside the drawing was left out."),
        ]
    );
}

#[test]
fn what_is_inside_the_drawing_stays() {
    let (text, events) = check(&svg(concat!(
        r##"<defs><text id="t" y="20">again</text></defs><use href="#t"/><use href="#t" y="50"/>"##,
        r#"<image href="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==" width="9" height="9"/>"#,
        r#"<a href="https://example.org"><text y="90">link &amp; more</text></a>"#
    )));
    assert_eq!(text.matches("again").count(), 2);
    assert!(text.contains("link & more"), "{text}");
    assert!(events.is_empty(), "{events:?}");
}

#[test]
fn a_drawing_inside_a_drawing_reads_no_file_either() {
    // <svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd" width="1" height="1"/></svg>
    let inner = "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciPjxpbWFnZSBocmVmPSIvZXRjL3Bhc3N3ZCIgd2lkdGg9IjEiIGhlaWdodD0iMSIvPjwvc3ZnPg==";
    let (text, _) = check(&svg(&format!(
        r#"<image href="data:image/svg+xml;base64,{inner}" width="9" height="9"/><text y="20">outer</text>"#
    )));
    assert!(text.contains("outer"), "{text}");
}

#[test]
fn characters_that_no_font_has_are_named() {
    let (text, events) = check(&svg("<text y=\"20\">a\u{12000}b&#x12001;c</text>"));
    assert!(text.contains("a\u{fffd}b\u{fffd}c"), "{text}");
    assert_eq!(events.len(), 1);
    assert!(events[0].message.contains("U+12000, U+12001;"), "{}", events[0].message);
}

#[test]
fn a_drawing_that_breaks_off_is_refused() {
    assert!(matches!(
        to_pdf(b"<svg xmlns=\"http://www.w3.org/2000/svg\"><g><te", &Faces::new(&[])),
        Err(Error::Corrupt { .. })
    ));
}
