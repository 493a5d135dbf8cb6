//! Time stamps of signatures, through the API and a real worker, by a server whose answers OpenSSL makes. OpenSSL also reads what
//! comes of it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::HeaderMap,
    response::Response,
    routing::post,
};
use bindery::pdf::{
    sign::{Verdict, signatures},
    validate::{claimed, validate},
};
use serde_json::{Value, json};

use super::sign::{Office, bytes};
use crate::support::{
    client::Finished,
    documents::file,
    remote::{Remote, chunks, nobody},
    service::bare,
};

/// Runs OpenSSL in a folder.
fn openssl(folder: &Path, args: &[&str]) -> Output {
    bare("openssl").args(args).current_dir(folder).output().expect("OpenSSL is installed, as .ci/install does it")
}

#[track_caller]
fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A server of time stamps as a folder.
pub(super) struct Authority(tempfile::TempDir, AtomicUsize);

impl Authority {
    pub(super) fn new() -> &'static Self {
        let folder = tempfile::tempdir().unwrap();
        let key = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/pdf/sign/testdata/tsa.p12").display().to_string();
        done(openssl(folder.path(), &["pkcs12", "-in", &key, "-passin", "pass:secret", "-nodes", "-out", "tsa.pem"]));
        let config = "[tsa]\ndefault_tsa = t\n[t]\nserial = serial\ncrypto_device = builtin\nsigner_cert = tsa.pem\n\
            signer_key = tsa.pem\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\nother_policies = 1.2.3.4.5\n\
            digests = sha256, sha384, sha512\naccuracy = secs:1\nordering = yes\ntsa_name = yes\ness_cert_id_alg = sha256\n";
        fs::write(folder.path().join("tsa.cnf"), config).unwrap();
        Box::leak(Box::new(Self(folder, AtomicUsize::new(0))))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Answers a request.
    pub(super) fn answer(&self, request: &[u8]) -> Vec<u8> {
        let place = self.1.fetch_add(1, Ordering::SeqCst);
        let (query, reply) = (format!("{place}.tsq"), format!("{place}.tsr"));
        fs::write(self.path().join(&query), request).unwrap();
        done(openssl(self.path(), &["ts", "-reply", "-config", "tsa.cnf", "-queryfile", &query, "-out", &reply]));
        fs::read(self.path().join(&reply)).unwrap()
    }

    /// A host that answers at `/`, after a change of what it is asked.
    pub(super) async fn serve(
        &'static self,
        change: impl Fn(&[u8]) -> Vec<u8> + Clone + Send + Sync + 'static,
    ) -> Remote {
        let answer = async move |headers: HeaderMap, request: Bytes| {
            assert_eq!(headers["content-type"], "application/timestamp-query");
            assert_eq!(headers["accept"], "application/timestamp-reply");
            let answer = self.answer(&change(&request));
            Response::builder().header("content-type", "application/timestamp-reply").body(Body::from(answer)).unwrap()
        };
        Remote::serving(Router::new().route("/", post(answer))).await
    }

    /// A host that answers at `/`, but for the first request, which has a status for an answer, or none for ever.
    pub(super) async fn serve_but_first(&'static self, status: Option<u16>) -> Remote {
        let asked = Arc::new(AtomicUsize::new(0));
        let route = post(move |request: Bytes| async move {
            if asked.fetch_add(1, Ordering::SeqCst) > 0 {
                return Response::new(Body::from(self.answer(&request)));
            }
            match status {
                Some(code) => Response::builder().status(code).body(Body::empty()).unwrap(),
                None => std::future::pending().await,
            }
        });
        Remote::serving(Router::new().route("/", route)).await
    }

    /// Has OpenSSL check the last signature of a file, and the time stamp of it.
    pub(super) fn check(&self, bytes: &[u8], digest: &str) -> String {
        let document = lopdf::Document::load_mem(bytes).unwrap();
        let held = document.objects.values().filter_map(|object| object.as_dict().ok());
        let mut signed: Vec<_> = held.filter(|held| held.has(b"ByteRange")).collect();
        let range = |held: &lopdf::Dictionary| {
            let numbers = held.get(b"ByteRange").unwrap().as_array().unwrap().iter();
            numbers.map(|number| usize::try_from(number.as_i64().unwrap()).unwrap()).collect::<Vec<_>>()
        };
        signed.sort_by_key(|held| range(held)[1]);
        let last = signed.last().unwrap();
        let range = range(last);
        let content = [&bytes[..range[1]], &bytes[range[2]..range[2] + range[3]]].concat();
        let write = |name: &str, bytes: &[u8]| fs::write(self.path().join(name), bytes).unwrap();
        let cms = last.get(b"Contents").unwrap().as_str().unwrap();
        write("cms.der", cms);
        write("content", &content);
        let detached = ["-content", "content", "-out", "out", "-noverify"];
        done(openssl(
            self.path(),
            &[&["cms", "-verify", "-binary", "-inform", "DER", "-in", "cms.der"], &detached[..]].concat(),
        ));
        let parts = done(openssl(self.path(), &["asn1parse", "-inform", "DER", "-in", "cms.der"]));
        let parts: Vec<&str> = parts.lines().collect();
        let at = parts.iter().position(|part| part.contains("id-smime-aa-timeStampToken")).unwrap();
        let slice = |part: &str, with_head: bool| {
            let number = |from: &str| -> usize {
                let rest = part.split_once(from).unwrap().1.trim_start();
                rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
            };
            let start: usize = part.split(':').next().unwrap().trim().parse().unwrap();
            let (head, length) = (number("hl="), number(" l="));
            cms[if with_head { start } else { start + head }..start + head + length].to_vec()
        };
        // Behind the name of the attribute stand the set of its values and the first of these; before it the two heads of the
        // attributes, and before these the value of the signature.
        write("token.der", &slice(parts[at + 2], true));
        assert!(parts[at - 3].contains("OCTET STRING"), "{}", parts[at - 3]);
        write("value", &slice(parts[at - 3], false));
        let verify = ["ts", "-verify", "-data", "value", "-token_in", "-in", "token.der", "-CAfile", "tsa.pem"];
        done(openssl(self.path(), &verify));
        let said =
            done(openssl(self.path(), &["ts", "-reply", "-token_in", "-in", "token.der", "-token_out", "-text"]));
        assert!(said.contains(&format!("Hash Algorithm: {digest}")), "{said}");
        said
    }
}

/// An office whose profile `office` has time stamps.
async fn office(settings: &Value, allow: &str) -> Office {
    let more = json!({ "timeStamp": settings });
    Office::starting("p256", "secret\n", &more, &[("BINDERY_EGRESS_ALLOW", allow)]).await
}

async fn sign(office: &Office, given: &[u8]) -> Finished {
    office.sign(&[file("a.pdf", given.to_vec())]).await
}

pub(super) fn stamps(bytes: &[u8]) -> Vec<(Verdict, Option<Verdict>)> {
    signatures(bytes).unwrap().into_iter().map(|found| (found.verdict, found.time_stamp)).collect()
}

pub(super) const STAMPED: (Verdict, Option<Verdict>) = (Verdict::Valid, Some(Verdict::Valid));
pub(super) const PLAIN: (Verdict, Option<Verdict>) = (Verdict::Valid, None);

#[tokio::test]
async fn a_signature_has_a_time_stamp_that_openssl_verifies_and_a_second_one_leaves_it_valid() {
    let authority = Authority::new();
    let server = authority.serve(<[u8]>::to_vec).await;
    let settings = json!({ "url": server.url("/"), "hashAlgorithm": "sha512", "policy": "1.2.3.4.5" });
    let office = office(&settings, &server.entry()).await;
    for part in [1, 2, 3] {
        let given = office.archived(part, 300).await;
        let once = bytes(&sign(&office, &given).await);
        assert!(once.starts_with(&given));
        assert_eq!(stamps(&once), [STAMPED]);
        let said = authority.check(&once, "sha512");
        assert!(said.contains("Policy OID: 1.2.3.4.5"), "{said}");
        let twice = bytes(&sign(&office, &once).await);
        assert!(twice.starts_with(&once));
        assert_eq!(stamps(&twice), [STAMPED, STAMPED]);
        authority.check(&twice, "sha512");
        assert_eq!(validate(&twice, claimed(&given).unwrap()).failed, []);
    }
}

#[tokio::test]
async fn each_of_several_documents_has_a_time_stamp_of_its_own() {
    let authority = Authority::new();
    let server = authority.serve(<[u8]>::to_vec).await;
    let office = office(&json!({ "url": server.url("/") }), &server.entry()).await;
    let given = [office.archived(2, 301).await, office.archived(3, 302).await];
    let done = office.sign(&[file("one.pdf", given[0].clone()), file("two.PDF", given[1].clone())]).await;
    let list = done.result["dataList"].as_array().unwrap();
    let names: Vec<_> = list.iter().map(|data| data["fileName"].as_str().unwrap()).collect();
    assert_eq!(names, ["one.pdf", "two.PDF"], "{}", done.result);
    for (data, given) in list.iter().zip(&given) {
        let path = format!("/jobs/{}/result/{}", done.job, data["resultId"].as_str().unwrap());
        let signed = office.client.get(&path).await.expect(200).body.to_vec();
        assert!(signed.starts_with(given));
        authority.check(&signed, "sha256");
    }
    assert_eq!(server.arrived().len(), 2);
}

/// A server that answers what was asked by another request of the same kind, which `openssl ts -query` makes.
fn other(request: &[u8], folder: &Path, keeps_digest: bool) -> Vec<u8> {
    // In a request of ours the digest of 32 bytes stands behind its tag and length.
    let at = request.windows(2).position(|head| head == [0x04, 0x20]).unwrap() + 2;
    let digest: String = if keeps_digest {
        request[at..at + 32].iter().map(|byte| format!("{byte:02x}")).collect()
    } else {
        "ab".repeat(32)
    };
    done(openssl(folder, &["ts", "-query", "-digest", &digest, "-sha256", "-cert", "-out", "other.tsq"]));
    fs::read(folder.join("other.tsq")).unwrap()
}

#[tokio::test]
async fn a_time_stamp_for_something_else_does_not_go_in_and_ends_the_job_or_warns() {
    let authority = Authority::new();
    for (keeps_digest, why) in [(false, "not for this signature"), (true, "answers another request")] {
        let server = authority.serve(move |request| other(request, authority.path(), keeps_digest)).await;
        let failing = office(&json!({ "url": server.url("/") }), &server.entry()).await;
        let given = failing.archived(2, 300).await;
        let (code, message) = sign(&failing, &given).await.error();
        assert!(code == "external" && message.contains(why), "{code}: {message}");
        let warning = office(&json!({ "url": server.url("/"), "onFailure": "warn" }), &server.entry()).await;
        warned(&sign(&warning, &given).await, &given, why);
    }
}

/// Expects a file that is signed without a time stamp, and a warning that says why.
#[track_caller]
fn warned(done: &Finished, given: &[u8], why: &str) {
    assert_eq!(done.result["status"], "warning", "{}", done.result);
    let told = done.result["events"].to_string();
    assert!(told.contains("The signature of 'a.pdf' has no time stamp") && told.contains(why), "{told}");
    assert!(!told.contains("127.0.0.1") && !told.contains("sesame"), "{told}");
    let signed = bytes(done);
    assert!(signed.starts_with(given));
    assert_eq!(stamps(&signed), [PLAIN]);
    assert_eq!(validate(&signed, claimed(given).unwrap()).failed, []);
}

#[tokio::test]
async fn a_server_that_gives_no_stamp_costs_a_warning_where_that_is_enough() {
    let refusal: &[u8] = b"\x30\x05\x30\x03\x02\x01\x02";
    let router = Router::new()
        .route("/endless", post(|| async { Body::from_stream(chunks(1 << 20)) }))
        .route("/html", post(|| async { "<html>sesame</html>" }))
        .route("/refusal", post(move || async move { refusal }))
        .route("/broken", post(|| async { Response::builder().status(500).body(Body::from("sesame")).unwrap() }));
    let server = Remote::serving(router).await;
    let down = format!("http://{}/", nobody().await);
    let given = Office::with("p256").await.archived(2, 300).await;
    for (url, why) in [
        (server.url("/endless"), "the answer is too long"),
        (server.url("/html"), "cannot be read"),
        (server.url("/refusal"), "refused with status 2"),
        (server.url("/broken"), "status 500"),
        (server.url("/missing"), "status 404"),
        (down, "no connection"),
    ] {
        let office = office(&json!({ "url": url, "onFailure": "warn" }), "127.0.0.1").await;
        warned(&sign(&office, &given).await, &given, why);
    }
}

#[tokio::test]
async fn a_server_that_keeps_us_waiting_is_given_up_in_time() {
    let silent = Remote::by_hand(|stream| async move {
        let _stream = stream;
        std::future::pending().await
    })
    .await;
    let office = office(&json!({ "url": silent.url("/"), "onFailure": "warn" }), "127.0.0.1").await;
    let given = office.archived(2, 300).await;
    // Two documents, and the second is not asked for.
    let done = office.sign(&[file("a.pdf", given.clone()), file("b.pdf", given)]).await;
    let told = done.result["events"].to_string();
    assert!(
        told.contains("of 'a.pdf' has no time") && told.contains("of 'b.pdf' has no time") && told.contains("too slow"),
        "{told}"
    );
    assert_eq!(silent.connections(), 1);
}

#[tokio::test]
async fn a_server_inside_the_walls_is_not_called_without_leave_and_the_job_says_so() {
    let authority = Authority::new();
    let server = authority.serve(<[u8]>::to_vec).await;
    let office = office(&json!({ "url": server.url("/").replace("//", "//user:sesame@") }), "127.0.0.1:1").await;
    let (code, message) = sign(&office, &office.archived(2, 300).await).await.error();
    assert!(code == "configuration" && message.contains("may not call"), "{code}: {message}");
    assert!(!message.contains("127.0.0.1") && !message.contains("sesame"), "{message}");
    assert!(server.arrived().is_empty() && !office.work.output().contains("sesame"));
    assert_eq!(office.site.db.count("select max(attempt)::bigint from attempts where kind = 'assemble'").await, 1);
}

#[tokio::test]
async fn a_server_that_says_no_fails_the_job_at_once_and_one_that_is_down_after_three_tries() {
    let server = Remote::serving(Router::new()).await;
    let down = format!("http://{}/", nobody().await);
    for (url, why, tries) in [(server.url("/missing"), "status 404", 1), (down, "no connection", 3)] {
        let office = office(&json!({ "url": url }), "127.0.0.1").await;
        let (code, message) = sign(&office, &office.archived(2, 300).await).await.error();
        assert!(code == "external" && message.contains(why), "{code}: {message}");
        assert!(!message.contains("127.0.0.1"), "{message}");
        let made = office.site.db.count("select max(attempt)::bigint from attempts where kind = 'assemble'").await;
        assert_eq!(made, tries);
    }
}

#[tokio::test]
async fn a_server_that_is_down_for_a_moment_is_asked_again() {
    let authority = Authority::new();
    let server = authority.serve_but_first(Some(503)).await;
    let office = office(&json!({ "url": server.url("/") }), &server.entry()).await;
    let signed = bytes(&sign(&office, &office.archived(2, 300).await).await);
    authority.check(&signed, "sha256");
    assert_eq!(server.arrived().len(), 2);
}

#[tokio::test]
async fn a_worker_that_is_killed_while_the_server_is_asked_leaves_one_good_result() {
    let authority = Authority::new();
    let server = authority.serve_but_first(None).await;
    let mut office = office(&json!({ "url": server.url("/") }), &server.entry()).await;
    let given = office.archived(2, 300).await;
    let job = office.client.create_with(super::sign::QUERY, &[]).await;
    office.client.add(&job, &file("a.pdf", given.clone())).await;
    office.client.start(&job).await;
    server.is_asked().await;
    let next = office.start_worker(&[("BINDERY_EGRESS_ALLOW", &server.entry())]);
    std::mem::replace(&mut office.work, next).kill();
    let done = office.client.finish(&job).await;
    let signed = bytes(&done);
    assert!(signed.starts_with(&given));
    assert_eq!(stamps(&signed), [STAMPED]);
    authority.check(&signed, "sha256");
    assert_eq!(done.result["dataList"].as_array().unwrap().len(), 1);
}
