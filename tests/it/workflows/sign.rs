//! Signatures of PDF/A, through the API and a real worker.

use std::{fs, path::PathBuf};

use bindery::pdf::{
    sign::{Coverage, Verdict, signatures},
    validate::{claimed, validate},
};
use serde_json::{Value, json};

use super::profiles::apply;
use crate::support::{
    Client, Document, Process, Site,
    client::Finished,
    documents::{self, archive, file},
    pdf,
    service::program,
};

pub(super) const QUERY: &str = "?workflow=Sign&profile=office";

/// A site with certificates, and a profile `office` that has one of them.
pub(super) struct Office {
    pub(super) client: Client,
    pub(super) work: Process,
    _serve: Process,
    // Dropped last: the processes write into its folder.
    pub(super) site: Site,
}

impl Office {
    /// The certificate is one of those for tests of [`bindery::pdf::sign`].
    pub(super) async fn with(certificate: &str) -> Self {
        Self::with_password(certificate, "secret\n").await
    }

    async fn with_password(certificate: &str, password: &str) -> Self {
        Self::starting(certificate, password, &json!({}), &[]).await
    }

    /// The same with further settings of the profile and variables of the worker.
    pub(super) async fn starting(
        certificate: &str,
        password: &str,
        settings: &Value,
        variables: &[(&str, &str)],
    ) -> Self {
        let site = Site::new().await;
        let folder = certificates(&site);
        let keys = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/pdf/sign/testdata");
        fs::create_dir(&folder).unwrap();
        fs::copy(keys.join(format!("{certificate}.p12")), folder.join("office-1.p12")).unwrap();
        fs::write(folder.join("office-1.password"), password).unwrap();
        let mut all = json!({ "certificate": "office-1", "reason": "Grün & frei", "location": "Bern", "contact": "post@example.com" });
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let profile = json!({ "workflow": "Sign", "name": "office", "settings": all });
        assert_eq!(apply(&site, &profile).0, 0);
        let (serve, client) = site.serve().await;
        let work = start_worker(&site, variables);
        Self { client, work, _serve: serve, site }
    }

    /// Starts a further worker.
    pub(super) fn start_worker(&self, more: &[(&str, &str)]) -> Process {
        start_worker(&self.site, more)
    }

    /// Makes a profile `signed` of a workflow, with these settings and a signature by the certificate and with these.
    pub(super) fn signing(&self, workflow: &str, settings: &Value, signature: &Value) {
        let mut sign = json!({ "certificate": "office-1", "reason": "Grün & frei" });
        sign.as_object_mut().unwrap().extend(signature.as_object().unwrap().clone());
        let mut settings = settings.clone();
        settings["signature"] = sign;
        let profile = json!({ "workflow": workflow, "name": "signed", "settings": settings });
        assert_eq!(apply(&self.site, &profile).0, 0);
    }

    /// A file that is PDF/A.
    pub(super) async fn archived(&self, part: u8, width: i64) -> Vec<u8> {
        let query = format!("?workflow=Archive%20PDF/A-{part}");
        bytes(&self.client.convert_with(&query, &[], &[documents::pdf("a.pdf", &[width])]).await)
    }

    pub(super) async fn sign(&self, documents: &[Document]) -> Finished {
        self.client.convert_with(QUERY, &[], documents).await
    }
}

fn start_worker(site: &Site, more: &[(&str, &str)]) -> Process {
    let folder = certificates(site).display().to_string();
    let own = [("BINDERY_CERTIFICATES", folder.as_str()), ("BINDERY_LOG", "bindery=debug")];
    site.start("work", &[&own, more].concat())
}

pub(super) fn certificates(site: &Site) -> PathBuf {
    site.folder.path().join("certificates")
}

pub(super) fn bytes(done: &Finished) -> Vec<u8> {
    done.file.as_ref().unwrap_or_else(|| panic!("no file: {}", done.result)).body.to_vec()
}

/// The messages of warnings of a job that has files all the same.
pub(super) fn warnings(done: &Finished) -> Vec<String> {
    assert_eq!(done.result["status"], "warning", "{}", done.result);
    let events = done.result["events"].as_array().unwrap().iter();
    let told = events.filter(|event| event["severity"] == "warning");
    told.map(|event| event["message"].as_str().unwrap().to_owned()).collect()
}

/// Expects so many signatures, all of which hold, and the last of which is over all of the file.
#[track_caller]
pub(super) fn holds(bytes: &[u8], count: usize) {
    let found = signatures(bytes).unwrap();
    assert_eq!(found.len(), count);
    for (index, signature) in found.iter().enumerate() {
        assert_eq!(signature.verdict, Verdict::Valid, "{signature:?}");
        let coverage = if index + 1 == count { Coverage::File } else { Coverage::Revision };
        assert_eq!((signature.coverage, signature.sub_filter.as_str()), (coverage, "ETSI.CAdES.detached"));
    }
    assert_eq!(validate(bytes, claimed(bytes).unwrap()).failed, []);
}

#[tokio::test]
async fn a_file_that_is_signed_twice_has_two_signatures_that_hold_and_is_the_pdfa_that_it_was() {
    let office = Office::with("chain").await;
    for part in [1, 2, 3] {
        let given = office.archived(part, 300).await;
        let done = office.sign(&[file("contract.pdf", given.clone())]).await;
        assert_eq!(done.result["status"], "success", "{}", done.result);
        let data = &done.result["dataList"][0];
        assert_eq!(data["fileName"], "contract.pdf");
        let claim = claimed(&given).unwrap().to_string();
        assert!(data["properties"].to_string().contains(&claim), "{claim}: {data}");
        let once = bytes(&done);
        assert!(once.starts_with(&given) && once.len() > given.len());
        holds(&once, 1);
        let twice = bytes(&office.sign(&[file("contract.pdf", once.clone())]).await);
        assert!(twice.starts_with(&once));
        holds(&twice, 2);
        assert_eq!(claimed(&twice).unwrap().to_string(), claim);
    }
}

#[tokio::test]
async fn a_signature_says_who_why_and_where() {
    let office = Office::with("p256").await;
    let signed = bytes(&office.sign(&[file("a.pdf", office.archived(2, 300).await)]).await);
    assert!(signatures(&signed).unwrap()[0].signer.is_some());
    let document = lopdf::Document::load_mem(&signed).unwrap();
    let held = document.objects.values().filter_map(|object| object.as_dict().ok());
    let signature = held.into_iter().find(|held| held.has(b"ByteRange")).unwrap();
    for (key, text) in [("Reason", "Grün & frei"), ("Location", "Bern"), ("ContactInfo", "post@example.com")] {
        assert_eq!(lopdf::decode_text_string(signature.get(key.as_bytes()).unwrap()).unwrap(), text);
    }
}

#[tokio::test]
async fn metadata_change_in_the_same_update_and_an_earlier_signature_stays_valid() {
    let office = Office::with("p256").await;
    let once = bytes(&office.sign(&[file("a.pdf", office.archived(2, 300).await)]).await);
    let titled = office.client.convert_with(QUERY, &[("META.TITLE", "Vertrag")], &[file("a.pdf", once.clone())]).await;
    assert_eq!(pdf::info(&titled.pdf(), "Title").as_deref(), Some("Vertrag"));
    assert!(pdf::xmp(&titled.pdf()).contains("Vertrag"));
    let twice = bytes(&titled);
    assert!(twice.starts_with(&once));
    let ends = |bytes: &[u8]| bytes.windows(5).filter(|part| part == b"%%EOF").count();
    assert_eq!(ends(&twice), ends(&once) + 1, "one update");
    holds(&twice, 2);
}

#[tokio::test]
async fn several_documents_are_signed_each_by_itself_in_their_order() {
    let office = Office::with("p384").await;
    let (one, two) = (office.archived(2, 301).await, office.archived(3, 302).await);
    let inner = archive("more.zip", &[file("in/third.pdf", one.clone())]);
    let done = office.sign(&[file("one.pdf", one.clone()), file("two.PDF", two.clone()), inner]).await;
    let list = done.result["dataList"].as_array().unwrap();
    let names: Vec<_> = list.iter().map(|data| data["fileName"].as_str().unwrap()).collect();
    assert_eq!(names, ["one.pdf", "two.PDF", "third.pdf"], "{}", done.result);
    for (data, given) in list.iter().zip([&one, &two, &one]) {
        let path = format!("/jobs/{}/result/{}", done.job, data["resultId"].as_str().unwrap());
        let signed = office.client.get(&path).await.expect(200).body;
        assert!(signed.starts_with(given));
        holds(&signed, 1);
    }
}

#[tokio::test]
async fn what_is_no_pdfa_is_refused_by_name() {
    let office = Office::with("p256").await;
    let mut broken = office.archived(2, 300).await;
    // The header has to have bytes beyond ASCII behind it.
    let at = broken.iter().position(|byte| *byte == b'\n').unwrap() + 2;
    broken[at..at + 4].copy_from_slice(b"abcd");
    for (document, code, why) in [
        (documents::pdf("plain.pdf", &[300]), "conformance", "does not claim to be PDF/A"),
        (file("broken.pdf", broken), "conformance", "claims to be PDF/A-2u and is not"),
        (documents::encrypted_pdf("secret.pdf", "sesame"), "conformance", "encrypted"),
        (documents::text("notes.txt"), "unsupportedFormat", "only PDF files"),
        (documents::png("photo.png"), "unsupportedFormat", "only PDF files"),
    ] {
        let name = document.name.clone();
        let done = office.client.convert_with(QUERY, &[("DOC.PASSWORD", "sesame")], &[document]).await;
        let (said, message) = done.error();
        assert_eq!(said, code, "{message}");
        assert!(message.contains(&name) && message.contains(why), "{message}");
    }
}

#[tokio::test]
async fn without_a_certificate_a_file_comes_out_as_it_came_with_a_warning() {
    let office = Office::with("p256").await;
    let given = office.archived(2, 300).await;
    for options in [&[][..], &[("META.TITLE", "Vertrag")]] {
        let done = office.client.convert_with("?workflow=sign%20PDF", options, &[file("a.pdf", given.clone())]).await;
        let told = warnings(&done);
        assert!(told.len() == 1 && told[0].contains("names no certificate"), "{told:?}");
        assert_eq!(told[0].contains("metadata"), !options.is_empty(), "{told:?}");
        assert_eq!(bytes(&done), given);
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named_without_its_place_and_its_password() {
    let office = Office::with_password("p256", "abracadabra").await;
    let given = office.archived(2, 300).await;
    let failed = async || {
        let (code, message) = office.sign(&[file("a.pdf", given.clone())]).await.error();
        assert_eq!(code, "configuration");
        assert!(message.contains("'office-1'"), "{message}");
        assert!(!message.contains("abracadabra") && !message.contains('/'), "{message}");
        message
    };
    assert!(failed().await.contains("password"));
    let folder = certificates(&office.site);
    fs::write(folder.join("office-1.p12"), "no key").unwrap();
    assert!(failed().await.contains("not a PKCS#12 file"));
    fs::remove_file(folder.join("office-1.p12")).unwrap();
    assert!(failed().await.contains("there is no certificate"));
    assert!(!office.work.output().contains("abracadabra"));
    // None of the three was tried again.
    assert_eq!(office.site.db.count("select max(attempt)::bigint from attempts where kind = 'assemble'").await, 1);
}

#[tokio::test]
async fn a_certificate_that_is_replaced_signs_the_next_job_and_no_key_is_kept() {
    let office = Office::with("small").await;
    let given = office.archived(2, 300).await;
    let (code, message) = office.sign(&[file("a.pdf", given.clone())]).await.error();
    assert!(code == "configuration" && message.contains("RSA of 2048"), "{message}");
    let keys = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/pdf/sign/testdata");
    fs::copy(keys.join("p256.p12"), certificates(&office.site).join("office-1.p12")).unwrap();
    holds(&bytes(&office.sign(&[file("a.pdf", given)]).await), 1);
    assert!(!office.work.output().contains("secret"), "the password");
    assert_eq!(
        office.site.db.count("select count(*) from profile_versions where settings::text like '%secret%'").await,
        0
    );
}

#[tokio::test]
async fn a_certificate_that_is_not_meant_for_signatures_signs_with_a_warning() {
    let office = Office::with("enc").await;
    let done = office.sign(&[file("a.pdf", office.archived(2, 300).await)]).await;
    let told = warnings(&done);
    assert!(told.len() == 1 && told[0].contains("'office-1'") && told[0].contains("not meant for"), "{told:?}");
    holds(&bytes(&done), 1);
}

#[tokio::test]
async fn a_signature_that_was_broken_before_is_told_and_stands_in_nobodys_way() {
    let office = Office::with("p256").await;
    let mut once = bytes(&office.sign(&[file("a.pdf", office.archived(2, 300).await)]).await);
    // Another byte of the comment behind the header.
    let at = once.iter().position(|byte| *byte == b'\n').unwrap() + 2;
    once[at] ^= 1;
    assert_eq!(signatures(&once).unwrap()[0].verdict, Verdict::Altered);
    let done = office.sign(&[file("a.pdf", once)]).await;
    let told = warnings(&done);
    assert!(told.len() == 1 && told[0].contains("'a.pdf'") && told[0].contains("altered"), "{told:?}");
    assert_eq!(signatures(&bytes(&done)).unwrap()[1].verdict, Verdict::Valid);
}

#[tokio::test]
async fn doctor_lists_certificates_with_their_owner_and_their_time() {
    let office = Office::with("p256").await;
    let folder = certificates(&office.site);
    fs::copy(folder.join("office-1.p12"), folder.join("other.pfx")).unwrap();
    let doctor = |folder: &str| {
        let mut command = program();
        command.arg("doctor").args(["--certificates", folder]).env("BINDERY_DATA", office.site.folder.path());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let said = doctor(&folder.display().to_string());
    let line =
        |start: &str| said.lines().find(|line| line.contains(start)).unwrap_or_else(|| panic!("{start}: {said}"));
    assert!(line("office-1: ").starts_with("ok ") && line("office-1: ").contains("2126-11-02"), "{said}");
    assert!(line("other: ").starts_with("missing ") && line("other: ").contains("password"), "{said}");
    assert!(doctor("/nonexistent").contains("cannot be read"));
}
