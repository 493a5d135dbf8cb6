//! Stamps and optimisation, which a profile asks for.

use bindery::pdf::validate::{claimed, validate};
use serde_json::json;

use crate::support::{Site, client::Finished, documents};

const ARCHIVE: &str = "?workflow=Archive%20PDF/A-2";

#[track_caller]
fn conforms(done: &Finished) -> Vec<u8> {
    let bytes = done.file.as_ref().unwrap_or_else(|| panic!("{}", done.result)).body.to_vec();
    let flavour = claimed(&bytes).expect("it claims PDF/A");
    let report = validate(&bytes, flavour);
    assert!(report.is_compliant(), "{:?}", report.failed);
    bytes
}

#[tokio::test]
async fn a_stamp_says_on_each_page_which_one_it_is_and_of_which_document() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let text = json!({ "type": "text", "text": "[job.name]: [document.title] [document.page]/[document.pages], [page]/[pages]" });
    site.set_profile(
        "Archive PDF/A-2",
        &json!({ "stamps": [{ "content": text, "position": { "right": 20, "bottom": 20 } }] }),
    )
    .await;
    let _work = site.work();
    let inputs = [documents::pdf("one.pdf", &[500, 501]), documents::text("two.txt")];
    let done = client.convert_with(&format!("{ARCHIVE}&name=claim"), &[], &inputs).await;
    let bytes = conforms(&done);
    for (page, said) in ["claim: one 1/2, 1/3", "claim: one 2/2, 2/3", "claim: two 1/1, 3/3"].into_iter().enumerate() {
        let shown = bindery::pdf::text::extract(&bytes, page).unwrap();
        let lines: Vec<String> = shown.lines.iter().map(bindery::pdf::text::Line::text).collect();
        assert!(lines.iter().any(|line| line == said), "{page}: {lines:?}");
    }
}

#[tokio::test]
async fn a_placeholder_without_a_value_ends_the_job_with_its_name() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let stamp = json!({ "name": "number", "content": { "type": "text", "text": "[custom:CASE]" } });
    site.set_profile("Conversion", &json!({ "stamps": [stamp] })).await;
    let done = client.convert_with("?workflow=Conversion", &[], &[documents::text("a.txt")]).await;
    let (code, message) = done.error();
    assert_eq!(code, "option");
    assert!(message.contains("number") && message.contains("CASE"), "{message}");
}

#[tokio::test]
async fn results_for_the_web_for_print_and_for_mail_are_smaller_and_still_conform() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    // At 600 dots to the inch, so that each purpose has something to take away.
    let photo = || documents::photograph("photo.jpg", 1_200);
    let plain = conforms(&client.convert_with(ARCHIVE, &[], &[photo()]).await).len();
    let mut sizes = Vec::new();
    for profile in ["Ready to Print PDF/A-2", "Ready for Web PDF/A-2", "ready for email pdf/a-2"] {
        let query = format!("{ARCHIVE}&profile={}", profile.replace(' ', "%20"));
        let done = client.convert_with(&query, &[], &[photo()]).await;
        let bytes = conforms(&done);
        let head = String::from_utf8_lossy(&bytes[..1_024]).into_owned();
        assert_eq!(head.contains("/Linearized"), profile.contains("Web"), "{profile}: {head}");
        sizes.push(bytes.len());
    }
    assert!(sizes[0] <= plain && sizes[1] < sizes[0] && sizes[2] < sizes[1], "{plain} {sizes:?}");
    let repaired =
        client.convert_with("?workflow=Conversion&profile=Repair", &[], &[documents::pdf("a.pdf", &[300])]).await;
    assert_eq!(repaired.result["status"], "success", "{}", repaired.result);
}
