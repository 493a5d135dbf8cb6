//! Options that a profile adds, and what they are put into: stamps and metadata.

use bindery::pdf::{metadata, validate};
use serde_json::json;

use crate::support::{Site, client::Finished, documents};

const ARCHIVE: &str = "?workflow=Archive%20PDF/A-1";
const NAMESPACE: &str = "http://example.com/files/1.0/";

/// A site whose default profile has two options of its own, on a stamp and in the metadata.
async fn site() -> Site {
    let site = Site::new().await;
    let schema = json!({
        "name": "Files", "namespace": NAMESPACE, "prefix": "files",
        "properties": [
            { "name": "Number", "description": "Number of the case", "value": "No. [custom:case-number]" },
            { "name": "Clerk", "description": "Who keeps it", "value": "[custom:CLERK] of [job.name]" },
        ],
    });
    let stamp = json!({ "content": { "type": "text", "text": "Case [custom:CASE-NUMBER]" } });
    let settings = json!({
        "customOptions": [{ "name": "CASE-NUMBER", "default": "none" }, { "name": "Clerk" }],
        "stamps": [stamp], "metadata": { "schemas": [schema] },
    });
    site.set_profile("Archive PDF/A-1", &settings).await;
    site
}

/// What the result says in the schema, and what its page shows.
fn said(done: &Finished) -> ([Option<String>; 2], String) {
    let bytes = done.file.as_ref().unwrap_or_else(|| panic!("{}", done.result)).body.to_vec();
    let claimed = validate::claimed(&bytes).expect("it claims PDF/A");
    assert_eq!(validate::validate(&bytes, claimed).failed, []);
    let schemas = metadata::schemas(&done.pdf());
    let schema = schemas.iter().find(|schema| schema.namespace() == NAMESPACE);
    let said = ["Number", "Clerk"].map(|name| schema.and_then(|schema| schema.value(name)).map(str::to_owned));
    let page = bindery::pdf::text::extract(&bytes, 0).unwrap();
    (said, page.lines.iter().map(bindery::pdf::text::Line::text).collect::<Vec<_>>().join("\n"))
}

#[tokio::test]
async fn options_of_a_profile_are_shown_on_stamps_and_said_in_schemas_of_its_own() {
    let site = site().await;
    let ((_serve, client), _work) = (site.serve().await, site.work());
    let options = [("Case-Number", "4711"), ("CLERK", "Ödön & Söhne"), ("META.EXT.XMPRIGHTS.MARKED", "yes")];
    let query = format!("{ARCHIVE}&name=claim");
    let done = client.convert_with(&query, &options, &[documents::text("a.txt")]).await;
    let (in_schema, page) = said(&done);
    assert_eq!(in_schema, [Some("No. 4711".to_owned()), Some("Ödön & Söhne of claim".to_owned())]);
    assert!(page.contains("Case 4711"), "{page}");
    let marked = metadata::said(&done.pdf());
    assert_eq!(marked.get(bindery::domain::metadata::Property::Marked), Some("True"));
    // Without them: the default, and nothing where there is none.
    let (in_schema, page) = said(&client.convert_with(ARCHIVE, &[], &[documents::text("a.txt")]).await);
    assert_eq!(in_schema, [Some("No. none".to_owned()), None]);
    assert!(page.contains("Case none"), "{page}");
}

#[tokio::test]
async fn an_option_of_a_profile_is_unknown_in_others_and_belongs_to_the_job() {
    let site = site().await;
    let ((_serve, client), _work) = (site.serve().await, site.work());
    let options = [("CASE-NUMBER", "4711")];
    let done = client.convert_with("?workflow=Conversion", &options, &[documents::text("a.txt")]).await;
    let (code, message) = done.error();
    assert!(code == "option" && message.contains("'CASE-NUMBER' is unknown"), "{message}");
    let twice = [("CASE-NUMBER", "1"), ("case-number", "2")];
    let (code, message) = client.convert_with(ARCHIVE, &twice, &[documents::text("a.txt")]).await.error();
    assert!(code == "option" && message.contains("more than once"), "{message}");
}
