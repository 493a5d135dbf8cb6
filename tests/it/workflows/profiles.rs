//! Profiles, changed by the program and used by jobs.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::{Document, Site, documents, pdf, service::program, until, wait::seconds};

const WORKFLOW: &str = "Archive PDF/A-2";

/// Calls `bindery profiles` and gives its exit code and what it said.
fn call(site: &Site, args: &[&str], input: &Value) -> (i32, String) {
    let mut command = program();
    command.arg("profiles").args(args).env("DATABASE_URL", &site.db.url);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), text)
}

/// Applies a profile, and gives the exit code and what was said.
pub(super) fn apply(site: &Site, profile: &Value) -> (i32, String) {
    call(site, &["apply", "-"], profile)
}

fn page() -> Document {
    documents::file("a.html", "<!DOCTYPE html><title>A</title><p>Text</p>")
}

fn narrow() -> Value {
    let html = json!({ "convert": { "html": { "paperWidth": 100.0, "paperHeight": 200.0 } } });
    json!({ "workflow": WORKFLOW, "name": "Narrow", "description": "For receipts", "settings": html })
}

#[tokio::test]
async fn a_job_is_converted_by_the_version_of_its_profile_with_which_it_was_created() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    assert_eq!(apply(&site, &narrow()), (0, format!("created: Narrow of {WORKFLOW}\n")));
    let query = "?profile=narrow";
    // No worker yet, so both jobs wait while the profile is changed.
    let before = client.create_with(query, &[]).await;
    client.add(&before, &page()).await;
    let mut wider = narrow();
    wider["settings"]["convert"]["html"]["paperWidth"] = json!(150.0);
    assert_eq!(apply(&site, &wider), (0, format!("changed to version 2: Narrow of {WORKFLOW}\n")));
    assert_eq!(apply(&site, &wider), (0, format!("unchanged: Narrow of {WORKFLOW}\n")));
    let after = until("the service knows of the new version", seconds(10), async || {
        let job = client.create_with(query, &[]).await;
        let of_new = "select count(*) from jobs where profile_version = 2";
        (site.db.count(of_new).await > 0).then_some(job)
    })
    .await;
    client.add(&after, &page()).await;
    let _work = site.work();
    // Widths in points of 100 and of 150 mm.
    for (job, width) in [(before, 283), (after, 425)] {
        client.start(&job).await;
        let shown = pdf::widths(&client.finish(&job).await.pdf())[0];
        assert!((shown - width).abs() <= 1, "{shown} points instead of {width}");
    }
}

#[tokio::test]
async fn a_wrong_setting_is_named_and_nothing_is_applied() {
    let site = Site::new().await;
    let mut wrong = narrow();
    wrong["settings"]["convert"]["html"]["papper"] = json!(1);
    let (code, said) = apply(&site, &wrong);
    assert_eq!(code, 1);
    assert!(said.contains("convert.html.papper") && said.contains("unknown field"), "{said}");
    let (code, said) = apply(&site, &json!({ "workflow": "Print", "name": "a" }));
    assert!(code == 1 && said.contains("there is no workflow `Print`"), "{said}");
    let (code, said) = apply(&site, &json!({ "workflow": WORKFLOW, "name": " " }));
    assert!(code == 1 && said.contains("1 to 100 characters"), "{said}");
    let applied = "select count(*) from profiles where name in ('Narrow', 'a', ' ')";
    assert_eq!(site.db.count(applied).await, 0);
}

#[tokio::test]
async fn a_setting_that_was_written_by_hand_and_is_wrong_fails_the_job_with_its_name() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    site.db.execute("update profile_versions set settings = '{\"covnert\": {}}'").await;
    let done = client.convert_with("", &[], &[documents::text("a.txt")]).await;
    let (code, message) = done.error();
    assert_eq!(code, "configuration");
    assert!(message.contains("'default' (version 1)") && message.contains("covnert"), "{message}");
}

#[tokio::test]
async fn a_profile_is_listed_until_it_is_removed_and_its_jobs_go_on() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    apply(&site, &narrow());
    let listed = async || {
        let workflows = client.get("/workflows").await.expect(200).json();
        let archive = workflows.as_array().unwrap().iter().find(|workflow| workflow["name"] == WORKFLOW);
        archive.unwrap()["profiles"].clone()
    };
    let narrow_is_listed =
        async || listed().await.as_array().unwrap().contains(&json!({ "name": "Narrow", "isDefault": false }));
    assert_eq!(listed().await[0], json!({ "name": "default", "isDefault": true }));
    until("it is listed", seconds(10), async || narrow_is_listed().await.then_some(())).await;
    let job = client.create_with("?profile=Narrow", &[]).await;
    client.add(&job, &documents::text("a.txt")).await;
    assert_eq!(call(&site, &["remove", WORKFLOW, "narrow"], &Value::Null).0, 0);
    until("it is gone", seconds(10), async || (!narrow_is_listed().await).then_some(())).await;
    client.post("/jobs?profile=Narrow").await.problem(400);
    let _work = site.work();
    client.start(&job).await;
    assert_eq!(client.finish(&job).await.result["status"], "success");
    let (code, said) = call(&site, &["remove", WORKFLOW], &Value::Null);
    assert!(code == 1 && said.contains("make another one the default first"), "{said}");
    // What was removed may be applied again, and goes on counting.
    assert_eq!(apply(&site, &narrow()), (0, format!("unchanged: Narrow of {WORKFLOW}\n")));
}

#[tokio::test]
async fn what_is_exported_can_be_applied_and_what_is_shown_says_everything() {
    let site = Site::new().await;
    apply(&site, &narrow());
    let (_, exported) = call(&site, &["export", WORKFLOW, "Narrow"], &Value::Null);
    let exported: Value = serde_json::from_str(&exported).unwrap();
    assert_eq!(exported["settings"], narrow()["settings"]);
    assert_eq!(apply(&site, &exported), (0, format!("unchanged: Narrow of {WORKFLOW}\n")));
    let (_, shown) = call(&site, &["show", "archive as pdf/a-2", "NARROW"], &Value::Null);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["settings"]["convert"]["html"]["paperWidth"], 100.0);
    assert_eq!(shown["settings"]["convert"]["html"]["background"], true);
    let mut default = exported;
    default["isDefault"] = json!(true);
    apply(&site, &default);
    let (_, listed) = call(&site, &["list", "--json"], &Value::Null);
    let lines: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let defaults = lines.iter().filter(|line| line["workflow"] == WORKFLOW && line["isDefault"] == true);
    assert_eq!(defaults.map(|line| line["name"].clone()).collect::<Vec<_>>(), ["Narrow"]);
    let (_, schema) = call(&site, &["schema", WORKFLOW], &Value::Null);
    assert!(schema.contains("\"paperWidth\"") && schema.contains("Width of the paper"), "{schema}");
}
