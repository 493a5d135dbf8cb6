//! Documents that came out of others: what rules make of them, and what becomes of those that cannot be converted.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    mail::{SHEET, mail},
    profiles::apply,
};
use crate::support::{
    Document, Site,
    client::{Client, Finished},
    documents::{self, archive, file},
    pdf, until,
    wait::seconds,
};

/// Makes a profile of a workflow with settings for children.
#[track_caller]
pub(super) fn profile(site: &Site, workflow: &str, name: &str, settings: &Value) {
    let applied = apply(site, &json!({ "workflow": workflow, "name": name, "settings": settings }));
    assert_eq!(applied, (0, format!("created: {name} of {workflow}\n")));
}

/// Converts documents by a profile of a workflow.
pub(super) async fn convert(client: &Client, workflow: &str, profile: &str, inputs: &[Document]) -> Finished {
    let encoded = |text: &str| text.replace(' ', "%20");
    client.convert_with(&format!("?workflow={}&profile={}", encoded(workflow), encoded(profile)), &[], inputs).await
}

/// A program by its content, whatever it is called.
fn program(name: &str) -> Document {
    let mut bytes = vec![0; 0x100];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = 0x80;
    bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    file(name, bytes)
}

/// Code, severity and part of each event, but for what merging has to say.
fn events(done: &Finished) -> Vec<(String, String, String)> {
    let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let all = done.result["events"].as_array().unwrap().iter().filter(|event| event["code"] != "StructureRemoved");
    all.map(|event| (text(event, "code"), text(event, "severity"), text(event, "dataPart"))).collect()
}

fn removed(parts: &[&str]) -> Vec<(String, String, String)> {
    parts.iter().map(|part| ("EmbeddedFileRemoved".to_owned(), "warning".to_owned(), (*part).to_owned())).collect()
}

#[tokio::test]
async fn programs_in_mails_are_left_out_by_name_and_by_content_however_deep_they_are() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let tools = archive("tools.zip", &[file("run.vbs", "x = 1"), documents::pdf("c.pdf", &[203])]);
    let letter = mail("mail.eml", "m", &[file("report.exe", "text"), program("photo.jpg"), tools]);
    let outer = archive("outer.zip", &[documents::pdf("b.pdf", &[202]), letter]);
    let done = client.convert(&[documents::pdf("a.pdf", &[201]), outer]).await;
    assert_eq!(done.result["status"], "warning", "{}", done.result);
    assert_eq!(pdf::widths(&done.pdf()), [201, 202, SHEET, 203]);
    let mut told = events(&done);
    told.sort();
    let parts = ["mail.eml/photo.jpg", "mail.eml/report.exe", "mail.eml/tools.zip/run.vbs"];
    assert_eq!(told, removed(&parts), "{}", done.result);
    assert!(done.result["events"][0]["message"].as_str().unwrap().contains("a program"), "{}", done.result);
    assert_eq!(site.db.count("select count(*) from documents where state = 'dropped'").await, 3);
    assert_eq!(site.db.count("select converted from ops.jobs").await, 10);
}

#[tokio::test]
async fn a_program_outside_of_mails_is_judged_like_any_other_document() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let (code, message) = client.convert(&[archive("a.zip", &[program("setup.exe")])]).await.error();
    assert_eq!(code, "unsupportedFormat");
    assert!(message.contains("'setup.exe' in 'a.zip'"), "{message}");
    let rules = json!([{ "when": { "formats": ["executable"] }, "convert": "drop" }]);
    profile(&site, "Conversion", "no programs", &json!({ "children": { "rules": rules } }));
    let some = archive("a.zip", &[program("setup.exe"), documents::pdf("a.pdf", &[201])]);
    let done = convert(&client, "Conversion", "no programs", &[some]).await;
    assert_eq!((pdf::widths(&done.pdf()), events(&done)), (vec![201], removed(&["setup.exe"])));
    let (code, message) =
        convert(&client, "Conversion", "no programs", &[archive("b.zip", &[program("b")])]).await.error();
    assert_eq!(code, "generic", "{message}");
    assert!(message.contains("Nothing is left"), "{message}");
    let (code, message) = convert(&client, "Conversion", "no programs", &[program("setup.exe")]).await.error();
    assert_eq!(code, "unsupportedFormat", "what the client added itself is never dropped: {message}");
}

#[tokio::test]
async fn a_broken_document_in_an_archive_is_what_the_profile_makes_of_it() {
    const WORKFLOW: &str = "Archive PDF/A-3";
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    for failure in ["fail", "drop", "original"] {
        profile(&site, WORKFLOW, failure, &json!({ "children": { "failure": failure } }));
    }
    let broken = || file("dir/broken.pdf", "%PDF-1.7\nand nothing else");
    let post = || archive("post.zip", &[documents::pdf("a.pdf", &[201]), broken(), documents::pdf("b.pdf", &[202])]);
    let (code, message) = convert(&client, WORKFLOW, "fail", &[post()]).await.error();
    assert_eq!(code, "corrupt");
    assert!(message.contains("'dir/broken.pdf' in 'post.zip'"), "{message}");
    let done = convert(&client, WORKFLOW, "drop", &[post()]).await;
    assert_eq!((pdf::widths(&done.pdf()), events(&done)), (vec![201, 202], removed(&["dir/broken.pdf"])));
    assert_eq!(done.result["status"], "warning");
    assert!(pdf::files(&done.file.as_ref().unwrap().body).is_empty());
    let done = convert(&client, WORKFLOW, "original", &[post()]).await;
    let bytes = super::children_collected::conforming(&done);
    assert_eq!((pdf::widths(&done.pdf()), pdf::files(&bytes)), (vec![201, 202], vec!["broken.pdf".to_owned()]));
    assert_eq!(super::children_collected::taken(&bytes)[0].1, broken().bytes);
    assert_eq!(done.result["status"], "warning", "{}", done.result);
    // Neither is what the client added itself, nor the sheet of a mail that it added.
    for failure in ["drop", "original"] {
        let (code, message) =
            convert(&client, WORKFLOW, failure, &[documents::pdf("a.pdf", &[201]), broken()]).await.error();
        assert_eq!(code, "corrupt", "{message}");
    }
}

#[tokio::test]
async fn a_document_that_kills_its_engine_each_time_is_left_out_where_the_profile_says_so() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work_with_faults(&[]);
    profile(&site, "Conversion", "drop", &json!({ "children": { "failure": "drop" } }));
    let post = archive("post.zip", &[documents::pdf("a.pdf", &[201]), documents::text("fault-crash.txt")]);
    let done = convert(&client, "Conversion", "drop", &[post]).await;
    assert_eq!((pdf::widths(&done.pdf()), events(&done)), (vec![201], removed(&["fault-crash.txt"])));
    assert_eq!(site.db.count("select count(*) from attempts where fault = 'crashed'").await, 3);
}

#[tokio::test]
async fn rules_go_by_name_format_and_container_and_the_first_that_fits_decides() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let rules = json!([
        { "when": { "names": ["KEEP*"] }, "convert": "convert" },
        { "when": { "names": ["*.txt"], "parents": ["archive"] }, "convert": "drop" },
        { "when": { "formats": ["image"] }, "convert": "original" },
    ]);
    profile(&site, "Archive PDF/A-3", "rules", &json!({ "children": { "rules": rules } }));
    let post = archive(
        "post.zip",
        &[
            documents::text("dir/a.TXT"),
            documents::text("keep.txt"),
            documents::png("logo.png"),
            documents::pdf("a.pdf", &[201]),
        ],
    );
    let inputs =
        [post, mail("m.eml", "m", &[documents::text("b.txt")]), documents::text("c.txt"), documents::jpeg("d.jpg")];
    let done = convert(&client, "Archive PDF/A-3", "rules", &inputs).await;
    let bytes = super::children_collected::conforming(&done);
    let widths = pdf::widths(&done.pdf());
    assert_eq!((widths.len(), widths[1]), (6, 201), "keep.txt, a.pdf, the sheet, b.txt, c.txt and d.jpg: {widths:?}");
    assert_eq!(super::children_collected::taken(&bytes), [("logo.png".to_owned(), documents::png("").bytes)]);
    let kept = ("Generic".to_owned(), "info".to_owned(), "logo.png".to_owned());
    assert_eq!(events(&done), [removed(&["dir/a.TXT"]), vec![kept]].concat(), "{}", done.result);
}

#[tokio::test]
async fn a_setting_that_cannot_be_is_refused_with_its_name() {
    let site = Site::new().await;
    let original = json!({ "rules": [{ "convert": "drop" }, { "convert": "original" }] });
    for (workflow, children, path) in [
        ("Archive PDF/A-1", json!({ "collect": "attach" }), "children.collect"),
        ("Archive PDF/A-1", json!({ "collect": "collection" }), "children.collect"),
        ("Archive PDF/A-1", json!({ "failure": "original" }), "children.failure"),
        ("Archive PDF/A-2", json!({ "failure": "original" }), "children.failure"),
        ("Archive PDF/A-2", original, "children.rules[1].convert"),
        (
            "Conversion",
            json!({ "rules": [{ "convert": "drop", "when": { "names": ["[a"] } }] }),
            "children.rules[0].when.names[0]",
        ),
        (
            "Conversion",
            json!({ "rules": [{ "convert": "drop", "when": { "formats": ["programs"] } }] }),
            "children.rules[0].when.formats[0]",
        ),
        ("Conversion", json!({ "rule": [] }), "children.rule"),
    ] {
        let profile = json!({ "workflow": workflow, "name": "a", "settings": { "children": children } });
        let (code, said) = apply(&site, &profile);
        assert!(code == 1 && said.contains(&format!("`{path}`")), "{workflow}, {path}: {said}");
    }
    assert_eq!(site.db.count("select count(*) from profiles where name = 'a'").await, 0);
}

#[tokio::test]
async fn fifty_attachments_of_a_mail_are_converted_by_both_workers() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let slots = &[("BINDERY_SLOTS", "native=1")];
    let (_one, _two) = (site.start("work", slots), site.start("work", slots));
    let both = "select count(*) from workers where alive_until > now()";
    until("both are there", seconds(30), async || (site.db.count(both).await == 2).then_some(())).await;
    let attachments: Vec<_> = (0..50).map(|number| documents::pdf(&format!("{number}.pdf"), &[300 + number])).collect();
    let done = client.convert(&[mail("many.eml", "m", &attachments)]).await;
    let wanted: Vec<i64> = [SHEET].into_iter().chain(300..350).collect();
    assert_eq!(pdf::widths(&done.pdf()), wanted, "{}", done.result);
    let workers = "select count(distinct worker_id) from attempts where kind = 'convert'";
    assert_eq!(site.db.count(workers).await, 2);
}

#[tokio::test]
async fn what_is_judged_twice_is_judged_the_same() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let mut entries = vec![documents::pdf("a.pdf", &[201])];
    entries.extend((0..20).map(|number| file(&format!("{number}.exe"), "text")));
    let job = client.begin(&[mail("m.eml", "m", &entries)]).await;
    // A worker dies with what it holds while there is something left to judge.
    let first = site.start("work", &[("BINDERY_SLOTS", "native=1")]);
    let dropped = "select count(*) from documents where state = 'dropped'";
    until("some are judged", seconds(60), async || (site.db.count(dropped).await > 0).then_some(())).await;
    first.kill();
    let _second = site.work();
    let done = client.finish(&job).await;
    assert_eq!(pdf::widths(&done.pdf()), [SHEET, 201], "{}", done.result);
    assert_eq!(events(&done).len(), 20, "each is told once: {}", done.result);
    let mut parts = String::new();
    for (_, _, part) in events(&done) {
        write!(parts, "{part} ").unwrap();
    }
    assert!((0..20).all(|number| parts.contains(&format!("{number}.exe"))), "{parts}");
}
