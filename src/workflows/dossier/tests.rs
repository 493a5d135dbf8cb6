use serde_json::json;

use super::*;
use crate::{domain::options::JobOption, engines::protocol::Target, workflows::options::Given};

fn options(given: &[(&str, &str)]) -> Vec<JobOption> {
    given.iter().map(|(name, value)| JobOption { name: (*name).to_owned(), value: (*value).to_owned() }).collect()
}

/// The order of a job, and the title of its result.
fn order(settings: &serde_json::Value, of_job: &[(&str, &str)], name: Option<&str>) -> (Order, Option<String>) {
    let of_job = options(of_job);
    let of_first = options(&[("document-title", "First"), ("ADD-DOCUMENT-OUTLINE", "no")]);
    let documents = [&of_first[..], &[]].map(|options| JobDocument {
        file_name: "a.pdf",
        media_type: None,
        is_first: false,
        is_own: true,
        is_kept: false,
        path: "",
        options: Given(options),
    });
    let line = (DOSSIER.line)(settings).unwrap();
    let mut steps = line.steps(&Job { options: Given(&of_job), name, documents: &documents }).unwrap();
    match (steps.pop(), steps.pop()) {
        (Some(Step::Finish { metadata, .. }), Some(Step::Dossier(order))) => {
            (*order, metadata.0.get(Property::Title).map(str::to_owned))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_title_is_the_option_else_that_of_the_profile_else_that_of_the_result_else_the_name_of_the_job() {
    let profile = json!({ "titlePage": { "title": "Profile" } });
    let all = [("DOSSIER-TITLE", "Option"), ("META.TITLE", "Metadata")];
    for (settings, given, name, expected) in [
        (&profile, &all[..], Some("job.pdf"), "Option"),
        (&profile, &all[1..], Some("job.pdf"), "Profile"),
        (&json!({}), &all[1..], Some("job.pdf"), "Metadata"),
        (&json!({}), &[("DOSSIER-TITLE", " ")], Some("job.pdf"), "job"),
        (&json!({}), &[], None, "Dossier"),
    ] {
        let (order, title) = order(settings, given, name);
        assert_eq!((order.title.as_str(), order.title_page.unwrap().title.as_str()), (expected, expected));
        // What the result says of itself may be asked for apart.
        let asked = given.iter().find(|(name, _)| *name == "META.TITLE").map(|(_, value)| *value);
        assert_eq!(title.as_deref(), asked.or(Some(expected)));
    }
}

#[test]
fn options_of_documents_are_those_of_each_and_of_the_job_win_over_the_profile() {
    let settings = json!({ "titlePage": { "subtitle": "a" }, "outline": { "contentsTitle": "b" } });
    let (order, _) = order(&settings, &[("DOSSIER-SUBTITLE", "c"), ("TOC-OUTLINE-TITLE", "d")], None);
    assert_eq!(order.title_page.unwrap().subtitle, "c");
    assert_eq!(order.bookmarks.contents_title, "d");
    assert_eq!(order.documents[0].title.as_deref(), Some("First"));
    assert_eq!(order.documents.iter().map(|titles| titles.has_bookmark).collect::<Vec<_>>(), [Some(false), None]);
}

#[test]
fn stamps_may_show_options_of_the_job_but_no_password() {
    let (order, _) = order(&json!({}), &[("DOC.PASSWORD", "secret"), ("META.AUTHOR", "A")], None);
    assert_eq!(order.custom["META.AUTHOR"], "A");
    assert_eq!(order.custom["DOSSIER-TITLE"], "");
    assert!(!order.custom.contains_key("DOC.PASSWORD") && !order.custom.contains_key("DOCUMENT-TITLE"));
}

#[test]
fn pages_that_are_switched_off_are_not_asked_for_and_the_target_is_that_of_the_profile() {
    let off = json!({ "titlePage": { "enabled": false }, "tableOfContents": { "enabled": false }, "pdfa": "pdfa3" });
    let (order, _) = order(&off, &[], None);
    assert!(order.title_page.is_none() && order.contents.is_none());
    assert_eq!(order.target, Target::PdfA3);
}

#[test]
fn a_wrong_setting_is_named() {
    for (settings, path) in [
        (json!({ "titlePage": { "titleSize": 1000 } }), "titlePage.titleSize"),
        (json!({ "tableOfContents": { "size": 0 } }), "tableOfContents.size"),
        (json!({ "tableOfContents": { "dots": true } }), "tableOfContents.dots"),
        (json!({ "stamps": [{ "content": { "type": "text", "text": "[nothing]" } }] }), "stamps[0]"),
        (json!({ "pdfa": "pdfa4" }), "pdfa"),
    ] {
        assert_eq!((DOSSIER.line)(&settings).unwrap_err().path, path);
        assert_eq!((DOSSIER.settings.complete)(&settings).unwrap_err().path, path);
    }
}
