//! The catalogue of problems: it is told in `docs/problems.md`, all of it is used, and nothing else is sent.

use std::{collections::BTreeSet, fs, path::Path};

use bindery::api::catalogue::{self, Kind};
use reqwest::Method;

use crate::support::{
    Answer, Client, Document, Process, Site, by_hand,
    client::{Part, multipart},
    cut_proxy::CutProxy,
    documents,
    remote::nobody,
    service::files,
    until,
    wait::seconds,
};

/// Kinds that no process can be brought to send within a second, and where they are tested.
const ELSEWHERE: &[(Kind, &str)] = &[(Kind::TooSlow, "src/api/server/tests.rs, with less patience")];

#[test]
fn the_table_of_the_documentation_is_the_one_of_the_code() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/problems.md")).unwrap();
    let told = page.split_once("<!-- problems -->\n\n").and_then(|(_, rest)| rest.split_once("\n<!-- end -->"));
    let (told, _) = told.expect("docs/problems.md has the table between `<!-- problems -->` and `<!-- end -->`");
    let wanted = catalogue::table();
    assert!(told == wanted, "docs/problems.md is behind; between its marks there must be:\n\n{wanted}");
}

#[test]
fn every_kind_is_made_somewhere_and_no_type_is_written_anywhere_else() {
    let sources = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api"));
    // What tells of problems is no place that sends them.
    let told = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api/openapi");
    let others = sources.iter().filter(|path| !path.ends_with("catalogue.rs") && !path.starts_with(&told));
    let code: String = others.map(|path| fs::read_to_string(path).unwrap()).collect();
    let unused: Vec<_> = Kind::ALL.iter().filter(|kind| !code.contains(&format!("Kind::{kind:?}"))).collect();
    assert!(unused.is_empty(), "never sent: {unused:?}");
    assert!(!code.contains("urn:bindery:problem"), "a type beside the catalogue");
}

/// Checks that an answer is a problem as the catalogue has it, and gives its type.
#[track_caller]
fn check(answer: &Answer, kind: Kind) -> String {
    let entry = kind.entry();
    answer.problem(entry.status.as_u16());
    let problem = answer.json();
    assert_eq!((&problem["type"], &problem["title"]), (&entry.uri.into(), &entry.title.into()), "{problem}");
    entry.uri.to_owned()
}

#[tokio::test]
async fn every_kind_is_sent_by_a_real_process() {
    let site = Site::new().await;
    let (serve, client) =
        site.serve_with(&[("BINDERY_MAX_OPEN_JOBS", "3"), ("BINDERY_EGRESS_ALLOW", "127.0.0.1")]).await;
    let mut sent = of_requests(&serve).await;
    sent.extend(of_calls(&client).await);
    sent.extend(of_jobs(&site, &client).await);
    sent.extend(of_simple(&site).await);
    let mut way = CutProxy::open(&site.db);
    let (_other, cut_off) = site.serve_with(&[("DATABASE_URL", &way.url)]).await;
    way.cut();
    sent.insert(check(&cut_off.get("/jobs").await, Kind::Unavailable));
    site.db.execute("alter table jobs rename column name to label").await;
    sent.insert(check(&client.post("/jobs").await, Kind::Internal));
    let elsewhere = ELSEWHERE.iter().map(|(kind, _)| kind.entry().uri.to_owned());
    let known: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.entry().uri.to_owned()).collect();
    assert_eq!(sent.into_iter().chain(elsewhere).collect::<BTreeSet<_>>(), known);
}

/// What is wrong with a request itself.
async fn of_requests(serve: &Process) -> BTreeSet<String> {
    let long = "x".repeat(20_000);
    let mut sent = BTreeSet::new();
    for (bytes, kind) in [
        ("nonsense\r\n\r\n".to_owned(), Kind::BadRequest),
        (format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n"), Kind::TargetTooLong),
        (format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "a: b\r\n".repeat(100)), Kind::HeadTooLarge),
        ("GET / HTTP/1.1\r\nhost: a\r\nexpect: more\r\n\r\n".to_owned(), Kind::ExpectationFailed),
        ("GET / HTTP/3.0\r\nhost: a\r\n\r\n".to_owned(), Kind::VersionNotSupported),
    ] {
        sent.insert(check(&by_hand::exchange(serve, bytes).await, kind));
    }
    sent
}

/// What is wrong with a call.
async fn of_calls(client: &Client) -> BTreeSet<String> {
    let html = client.request(Method::GET, "/workflows").header("accept", "text/html");
    let answers = [
        (client.post("/jobs?workflow=Print").await, Kind::WorkflowNotFound),
        (client.post("/jobs?profile=best").await, Kind::ProfileNotFound),
        (client.get("/nothing").await, Kind::NotFound),
        (client.get("/jobs/job_1").await, Kind::JobNotFound),
        (client.send(client.request(Method::PUT, "/jobs")).await, Kind::MethodNotAllowed),
        (client.send(html).await, Kind::NotAcceptable),
        (client.post_body("/jobs", "application/json", vec![b' '; (1 << 20) + 1]).await, Kind::TooLarge),
        (client.post_body("/jobs", "text/plain", "x").await, Kind::UnsupportedMediaType),
    ];
    answers.iter().map(|(answer, kind)| check(answer, *kind)).collect()
}

/// What is wrong with a call of the Simple API.
async fn of_simple(site: &Site) -> BTreeSet<String> {
    let (mut serve, client) = site.serve().await;
    let simple = Client::new(&serve.simple_url().unwrap());
    let work = site.work();
    let convert = |id: &str, document: Document| {
        let simple = simple.clone();
        let path = format!("/http.input/{id}?filename={}", document.name);
        async move { simple.post_body(&path, "", document.bytes).await }
    };
    site.db.execute("update connections set workflow = 'Print' where id = 'repair-pdf'").await;
    let mut sent = BTreeSet::new();
    for (id, document, kind) in [
        ("none", documents::text("a.txt"), Kind::ConnectionNotFound),
        ("repair-pdf", documents::text("a.txt"), Kind::ConnectionNotUsable),
        ("convert-to-pdf", documents::noise("a.bin", 3000), Kind::UnsupportedFormat),
        ("convert-to-pdf", documents::encrypted_pdf("a.pdf", "s3cret"), Kind::NotConverted),
    ] {
        sent.insert(check(&convert(id, document).await, kind));
    }
    // A job stays where it is from now on.
    drop(work);
    for kind in [Kind::ConversionFailed, Kind::Stopping] {
        let call = tokio::spawn(convert("convert-to-pdf", documents::text("a.txt")));
        let job = until("the job is started", seconds(10), async || {
            let jobs = client.get("/jobs?state=pending").await.json();
            jobs[0]["jobId"].as_str().map(str::to_owned)
        })
        .await;
        if kind == Kind::ConversionFailed {
            client.post(&format!("/jobs/{job}:cancel")).await.expect(202);
        } else {
            serve.stop(seconds(10)).await;
        }
        sent.insert(check(&call.await.unwrap(), kind));
    }
    sent
}

/// What is wrong with the state that a job is in.
async fn of_jobs(site: &Site, client: &Client) -> BTreeSet<String> {
    let mut sent = BTreeSet::new();
    let job = client.create().await;
    sent.insert(check(&client.get(&format!("/jobs/{job}/result")).await, Kind::WrongState));
    let nobody = nobody().await;
    for (url, kind) in
        [(format!("http://{nobody}/a"), Kind::DownloadFailed), ("http://10.0.0.1/a".to_owned(), Kind::UrlNotAllowed)]
    {
        let path = format!("/jobs/{job}/data?url={url}");
        sent.insert(check(&client.post_body(&path, "application/json", "[]").await, kind));
    }
    // As if another process were at it.
    let held = "insert into upload_keys (job_id, idempotency_key, document_id, held_until)
                select id, 'a', gen_random_uuid(), now() + interval '1 hour' from jobs";
    site.db.execute(held).await;
    let (content_type, body) = multipart(&[Part::file("a.txt", "a")]);
    let request = client.request(Method::POST, &format!("/jobs/{job}/data")).header("idempotency-key", "a");
    let answer = client.send(request.header("content-type", content_type).body(body)).await;
    sent.insert(check(&answer, Kind::IdempotencyUnderWay));
    site.db.execute("update jobs set documents_next = 10001").await;
    let (content_type, body) = multipart(&[Part::file("a.txt", "a")]);
    let answer = client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await;
    sent.insert(check(&answer, Kind::TooManyDocuments));
    let begun = client.begin(&[documents::text("a.txt")]).await;
    let waiting = client.request(Method::GET, &format!("/jobs/{begun}/result")).header("prefer", "wait=0");
    sent.insert(check(&client.send(waiting).await, Kind::NotYet));
    let create = |path: &str| client.send(client.request(Method::POST, path).header("idempotency-key", "b"));
    create("/jobs?name=one").await.expect(201);
    sent.insert(check(&create("/jobs?name=other").await, Kind::IdempotencyConflict));
    sent.insert(check(&client.post("/jobs").await, Kind::TooManyJobs));
    let _work = site.work();
    let done = client.finish(&begun).await;
    let result = done.result["dataList"][0]["resultId"].as_str().unwrap();
    sent.insert(check(&client.get(&format!("/jobs/{begun}/result/res_1")).await, Kind::ResultNotFound));
    let store = format!("/jobs/{begun}/result/{result}:put?url=http://{nobody}/a");
    sent.insert(check(&client.post(&store).await, Kind::StoreFailed));
    let outside = client.request(Method::GET, &format!("/jobs/{begun}/result/{result}"));
    let answer = client.send(outside.header("range", "bytes=100000000-")).await;
    sent.insert(check(&answer, Kind::BadRange));
    sent
}
