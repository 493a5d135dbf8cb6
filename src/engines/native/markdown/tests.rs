use lopdf::Document;
use serde_json::json;

use super::*;
use crate::{
    domain::{EventCode, Severity},
    pdf::{
        archive,
        fonts::FontFolder,
        gate,
        validate::{Flavour, Part},
    },
};

fn data(text: &str) -> (Value, Vec<Event>) {
    let mut events = Vec::new();
    let data = read(text, &mut Fonts::of(&Faces::new(&[])), &mut events).unwrap();
    (data, events)
}

/// What the first paragraph holds.
fn line(text: &str) -> Value {
    data(text).0["blocks"][0]["body"].clone()
}

/// The PDF, which the archiver must have nothing against, and its text.
fn check(text: &str) -> (Document, String) {
    let (pdf, _) = to_pdf(text.as_bytes(), &Faces::new(&[])).unwrap();
    let mut document = Document::load_mem(&pdf).unwrap();
    let pages: Vec<u32> = document.get_pages().keys().copied().collect();
    let text = document.extract_text(&pages).unwrap();
    archive::to_pdfa(&mut document, Part::Two, &FontFolder::open(&[])).unwrap();
    assert_eq!(gate::refusals(&document, Flavour::A2B), [""; 0]);
    (document, text)
}

#[test]
fn what_looks_like_code_of_the_typesetter_is_text() {
    let hostile = r##"#read("/data.json") #import "/base.typ": ink $x^2$ `#panic()` <label> @ref = no heading \ #{1+1} // no comment"##;
    let (_, text) = check(hostile);
    let text = text.replace(['\n', ' ', '\u{200b}'], "");
    for piece in
        [r##"#read("/data.json")"##, r##"#import"/base.typ":ink"##, "$x^2$", "#panic()", "@ref", "#{1+1}//nocomment"]
    {
        assert!(text.contains(piece), "{piece} is not in {text}");
    }
}

#[test]
fn headings_make_the_outline() {
    let (document, _) = check("# One\n\ntext\n\n## *Two*\n\n# Three\n");
    let toc = document.get_toc().unwrap();
    let entries: Vec<_> = toc.toc.iter().map(|entry| (entry.level, entry.title.as_str())).collect();
    assert_eq!(entries, [(1, "One"), (2, "Two"), (1, "Three")]);
}

#[test]
fn every_construct_is_set_and_its_words_are_there() {
    let (_, text) = check(
        "A *b* **c** ~~d~~ `e` <https://example.org/x> line  \nbreak\n\n1. first\n   - [x] done\n   - [ ] open\n2. second\n\n\
         > [!NOTE]\n> alert\n\n| h1 | h2 |\n|---|--:|\n| k1 | k2 |\n\n```rust\nfn code() {}\n```\n\n    indented\n\n***\n\n\
         Term\n: meaning\n\nnote[^n]\n\n[^n]: the note\n",
    );
    for word in [
        "line", "break", "first", "done", "second", "Note", "alert", "h2", "k2", "code", "indented", "meaning",
        "the note",
    ] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
}

#[test]
fn lists_are_tight_when_their_text_is() {
    assert_eq!(data("- a\n- b\n").0["blocks"][0]["tight"], true);
    assert_eq!(data("- a\n\n- b\n").0["blocks"][0]["tight"], false);
    assert_eq!(data("7. a\n8. b\n").0["blocks"][0]["start"], 7);
}

#[test]
fn links_lead_to_the_web_to_mail_and_to_headings_only() {
    assert_eq!(line("[a](https://x.org/ä)")[0]["to"], "https://x.org/%C3%A4");
    assert_eq!(line("<a@b.org>")[0]["to"], "mailto:a@b.org");
    assert_eq!(line("[a](#here)\n\n# Here")[0], json!({"is": "jump", "to": "here", "body": ["a"]}));
    assert_eq!(line("[a](#nowhere)"), json!(["a"]));
    for bad in ["javascript:alert(1)", "file:///etc/passwd", "other.md"] {
        let (data, events) = data(&format!("[a]({bad})"));
        assert_eq!(data["blocks"][0]["body"], json!(["a"]));
        assert_eq!(events[0].code, EventCode::ActionRemoved);
    }
    // Each link of this text has a place to go to, or the typesetter would refuse it.
    check("# A\n# A\n[x](#a) [y](#a-1) [z](#a-2)\n\n[^1]\n\n[^1]: # In a note\n\n    [x](#in-a-note)\n");
}

#[test]
fn pictures_are_described_and_never_loaded() {
    let (data, events) = data("![a *map*](file:///etc/passwd) ![](http://127.0.0.1/x.png)");
    let body = &data["blocks"][0]["body"];
    assert_eq!(body[0], json!({"is": "aside", "text": "[picture: a map]"}));
    assert_eq!(body[2], json!({"is": "aside", "text": "[picture]"}));
    assert_eq!((events[0].code, events[0].severity), (EventCode::ExternalResourceUnavailable, Severity::Warning));
    assert!(events[0].message.starts_with("2 linked pictures"), "{}", events[0].message);
}

#[test]
fn html_is_shown_as_written_and_its_comments_are_not() {
    let (data, events) = data("<script>alert(1)</script>\n\na<br/>b <b>c</b><!-- d -->\n\n<!-- e -->\n");
    assert_eq!(data["blocks"][0]["parts"][0], "<script>alert(1)</script>");
    assert_eq!(data["blocks"][1]["body"][1]["is"], "break");
    assert_eq!(data["blocks"][1]["body"][3], json!({"is": "aside", "text": "<b>"}));
    assert!(!data.to_string().contains("<!--"));
    assert_eq!(events.len(), 1);
}

#[test]
fn footnotes_that_refer_to_each_other_have_an_end() {
    let (_, text) = check("a[^1] b[^2] c[^1]\n\n[^1]: one[^2] and itself[^1]\n\n[^2]: two[^1]\n\n[^3]: nobody asks\n");
    for word in ["one", "two", "nobody asks"] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
}

#[test]
fn what_is_nested_without_end_is_set_at_a_depth_that_a_page_has() {
    for (begin, end) in [("> ", ""), ("- ", ""), ("1. > ", ""), ("*a **b ", "** c*")] {
        let text = format!("{}deep{}\n\nafter\n", begin.repeat(150), end.repeat(150));
        let (_, text) = check(&text);
        assert!(text.contains("deep") && text.contains("after"), "{text}");
    }
    assert!(data(&format!("{}deep", "> ".repeat(150))).1[0].message.starts_with("138 quotes"));
}

#[test]
fn long_words_get_places_to_break() {
    let long = "x".repeat(100);
    let text = line(&long)[0].as_str().unwrap().to_owned();
    assert!(text.split('\u{200b}').all(|piece| piece.len() <= 40));
    assert_eq!(text.replace('\u{200b}', ""), long);
    assert!(!line("漢字".repeat(100).as_str())[0].as_str().unwrap().contains('\u{200b}'));
}
