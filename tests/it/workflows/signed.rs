//! Results that are signed by the job that makes them, through the API and a real worker.

use bindery::pdf::{
    attach,
    sign::signatures,
    validate::{claimed, is_linearized, validate},
};
use serde_json::{Value, json};

use super::{
    sign::{Office, bytes, certificates, holds, warnings},
    time_stamps::{Authority, PLAIN, STAMPED, stamps},
};
use crate::support::{
    Document,
    client::Finished,
    documents::{self, file},
    pdf,
    remote::nobody,
    service::program,
};

/// Workflows whose results are signed, with settings besides the signature and the part of PDF/A that comes of them.
fn workflows() -> [(&'static str, Value, &'static str); 5] {
    let stamps = json!([{ "content": { "type": "text", "text": "[page]" }, "position": { "right": 9, "bottom": 9 } }]);
    [
        ("Archive PDF/A-1", json!({ "stamps": stamps }), "1"),
        ("Archive PDF/A-2", json!({ "stamps": stamps, "optimise": { "purpose": "web" } }), "2"),
        ("Archive PDF/A-3", json!({}), "3"),
        ("Invoice", json!({}), "3"),
        ("Dossier", json!({ "pdfa": "pdfa2" }), "2"),
    ]
}

fn query(workflow: &str) -> String {
    format!("?workflow={}&profile=signed", workflow.replace(' ', "%20"))
}

fn inputs() -> [Document; 3] {
    [documents::text("a.txt"), documents::png("b.png"), documents::pdf("c.pdf", &[300])]
}

async fn made(office: &Office, workflow: &str, options: &[(&str, &str)], documents: &[Document]) -> Finished {
    office.client.convert_with(&query(workflow), options, documents).await
}

/// What was there before the last update of a file.
fn below(bytes: &[u8]) -> &[u8] {
    let ends: Vec<usize> =
        bytes.windows(5).enumerate().filter(|(_, part)| *part == b"%%EOF").map(|(at, _)| at).collect();
    let end = ends[ends.len() - 2] + 5;
    let line = bytes[end..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    &bytes[..end + line.min(1)]
}

/// Has the program say whether a file conforms.
fn is_valid(office: &Office, bytes: &[u8]) -> bool {
    let path = office.site.folder.path().join("signed.pdf");
    std::fs::write(&path, bytes).unwrap();
    program().arg("validate").arg(&path).output().unwrap().status.success()
}

#[tokio::test]
async fn the_result_of_each_workflow_to_pdfa_is_signed_after_everything_else_and_conforms() {
    let office = Office::with("p256").await;
    for (workflow, settings, part) in workflows() {
        office.signing(workflow, &settings, &json!({}));
        let done = made(&office, workflow, &[("META.TITLE", "Vertrag")], &inputs()).await;
        assert_ne!(done.result["status"], "error", "{workflow}: {}", done.result);
        let signed = bytes(&done);
        holds(&signed, 1);
        assert!(is_valid(&office, &signed), "{workflow}");
        let claim = claimed(&signed).unwrap();
        assert!(claim.as_str().starts_with(part), "{workflow}: {claim}");
        let data = &done.result["dataList"];
        assert_eq!(data.as_array().unwrap().len(), 1, "{workflow}");
        assert!(data[0]["properties"].to_string().contains(&claim.to_string()), "{workflow}: {data}");
        assert_eq!(pdf::info(&done.pdf(), "Title").as_deref(), Some("Vertrag"), "{workflow}");
        // The gate's file stands below the signature, and is one by itself.
        let gate = below(&signed);
        assert_eq!((claimed(gate), signatures(gate).unwrap().len()), (Some(claim), 0), "{workflow}");
        assert_eq!(validate(gate, claim).failed, [], "{workflow}");
    }
    assert_eq!(office.site.db.count("select count(*) from results where rung is null").await, 0);
}

#[tokio::test]
async fn a_result_that_was_linearised_is_not_any_more_once_it_is_signed_and_the_client_is_told() {
    let office = Office::with("p256").await;
    let web = json!({ "optimise": { "purpose": "web" } });
    office.signing("Archive PDF/A-2", &web, &json!({}));
    let done = made(&office, "Archive PDF/A-2", &[], &[documents::pdf("a.pdf", &[300, 301])]).await;
    let signed = bytes(&done);
    holds(&signed, 1);
    assert!(is_linearized(below(&signed)) && !is_linearized(&signed));
    let told = done.result["events"].to_string();
    assert!(told.contains("NotLinearized") && told.contains("'a.pdf' is not linearised any more"), "{told}");
}

#[tokio::test]
async fn a_file_that_passes_as_it_is_is_signed_behind_its_bytes_and_its_signatures_stay_valid() {
    let office = Office::with("chain").await;
    for part in [1, 2, 3] {
        let workflow = format!("Archive PDF/A-{part}");
        office.signing(&workflow, &json!({}), &json!({}));
        let given = office.archived(part, 300).await;
        let once = bytes(&made(&office, &workflow, &[], &[file("a.pdf", given.clone())]).await);
        assert!(once.starts_with(&given), "{workflow}");
        holds(&once, 1);
        let twice = bytes(&made(&office, &workflow, &[], &[file("a.pdf", once.clone())]).await);
        assert!(twice.starts_with(&once), "{workflow}");
        holds(&twice, 2);
        // Merged it is changed, and only the new signature is there.
        let merged = made(&office, &workflow, &[], &[file("a.pdf", once), documents::pdf("b.pdf", &[301])]).await;
        assert!(merged.result["events"].to_string().contains("SignatureRemoved"), "{workflow}: {}", merged.result);
        let merged = bytes(&merged);
        let names: Vec<_> = signatures(&merged).unwrap().into_iter().map(|found| found.verdict).collect();
        assert_eq!(names.len(), 1, "{workflow}");
        holds(&merged, 1);
    }
}

#[tokio::test]
async fn files_inside_the_result_stay_as_they_are_and_the_signature_covers_them() {
    let office = Office::with("p256").await;
    office.signing("Archive PDF/A-3", &json!({ "children": { "collect": "collection" } }), &json!({}));
    let inner = [file("signed.pdf", bytes(&office.sign(&[file("a.pdf", office.archived(3, 300).await)]).await))];
    let done = made(&office, "Archive PDF/A-3", &[], &[documents::archive("all.zip", &inner)]).await;
    let signed = bytes(&done);
    holds(&signed, 1);
    let document = bindery::pdf::read(signed, &[]).unwrap().document;
    let files = attach::extract(&document, 1 << 20).unwrap().files;
    let [(_, held)] = files.as_slice() else { panic!("{} files", files.len()) };
    assert!(*held == inner[0].bytes);
    holds(held, 1);
}

#[tokio::test]
async fn a_missing_certificate_ends_the_job_as_in_the_workflow_sign_and_none_is_a_warning() {
    let office = Office::with("p256").await;
    office.signing("Archive PDF/A-2", &json!({}), &json!({ "certificate": "other" }));
    office.signing("Archive PDF/A-3", &json!({}), &json!({ "certificate": null }));
    office.signing("Invoice", &json!({}), &json!({}));
    std::fs::write(certificates(&office.site).join("office-1.password"), "abracadabra").unwrap();
    for (workflow, why) in [("Archive PDF/A-2", "no certificate 'other'"), ("Invoice", "password")] {
        let (code, message) = made(&office, workflow, &[], &inputs()).await.error();
        assert!(code == "configuration" && message.contains(why) && !message.contains("abra"), "{message}");
    }
    let done = made(&office, "Archive PDF/A-3", &[], &inputs()).await;
    let told = warnings(&done);
    assert_eq!(told, ["Nothing is signed, as the profile names no certificate."]);
    assert_eq!(signatures(&bytes(&done)).unwrap(), []);
}

#[tokio::test]
async fn the_signature_of_each_result_has_a_time_stamp_that_openssl_verifies() {
    let authority = Authority::new();
    let server = authority.serve(<[u8]>::to_vec).await;
    let office = Office::starting("p256", "secret", &json!({}), &[("BINDERY_EGRESS_ALLOW", &server.entry())]).await;
    for (count, (workflow, settings, _)) in (1..).zip(workflows()) {
        office.signing(workflow, &settings, &json!({ "timeStamp": { "url": server.url("/") } }));
        let done = made(&office, workflow, &[], &inputs()).await;
        let signed = bytes(&done);
        assert_eq!(stamps(&signed), [STAMPED], "{workflow}");
        holds(&signed, 1);
        authority.check(&signed, "sha256");
        assert!(is_valid(&office, &signed), "{workflow}");
        assert_eq!(server.arrived().len(), count, "one for each file");
    }
    assert_eq!(office.site.db.count("select count(*) from results where rung is null").await, 0);
}

#[tokio::test]
async fn a_result_without_its_time_stamp_is_an_error_or_a_warning_that_names_it() {
    let down = format!("http://{}/", nobody().await);
    let office = Office::starting("p256", "secret", &json!({}), &[("BINDERY_EGRESS_ALLOW", "127.0.0.1")]).await;
    let settings = |on_failure: &str| json!({ "timeStamp": { "url": down, "onFailure": on_failure } });
    office.signing("Archive PDF/A-1", &json!({}), &settings("fail"));
    office.signing("Archive PDF/A-2", &json!({}), &settings("warn"));
    let (code, message) = made(&office, "Archive PDF/A-1", &[], &inputs()).await.error();
    assert!(code == "external" && message.contains("no connection"), "{code}: {message}");
    let done = made(&office, "Archive PDF/A-2", &[], &inputs()).await;
    let told = warnings(&done);
    assert!(told.len() == 1 && told[0].contains("The signature of the result has no time stamp"), "{told:?}");
    let signed = bytes(&done);
    assert_eq!(stamps(&signed), [PLAIN]);
    holds(&signed, 1);
}

#[tokio::test]
async fn a_worker_that_is_killed_between_signature_and_time_stamp_leaves_one_result_that_is_signed_once() {
    let authority = Authority::new();
    let server = authority.serve_but_first(None).await;
    let allow = [("BINDERY_EGRESS_ALLOW", server.entry())];
    let allow = allow.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut office = Office::starting("p256", "secret", &json!({}), &allow).await;
    office.signing("Archive PDF/A-1", &json!({}), &json!({ "timeStamp": { "url": server.url("/") } }));
    let job = office.client.create_with(&query("Archive PDF/A-1"), &[]).await;
    for document in inputs() {
        office.client.add(&job, &document).await;
    }
    office.client.start(&job).await;
    server.is_asked().await;
    let next = office.start_worker(&allow);
    std::mem::replace(&mut office.work, next).kill();
    let done = office.client.finish(&job).await;
    let signed = bytes(&done);
    assert_eq!(stamps(&signed), [STAMPED]);
    holds(&signed, 1);
    authority.check(&signed, "sha256");
    assert_eq!(done.result["dataList"].as_array().unwrap().len(), 1);
    assert_eq!(pdf::page_count(&done.pdf()), 3);
}
