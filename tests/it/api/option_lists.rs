//! Lists of options on their way through the API into the database.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::support::{
    Client, Site,
    client::{Part, multipart},
    xml,
};

type Pairs = Vec<(String, String)>;

fn to_json(options: &Pairs) -> String {
    options.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect::<Value>().to_string()
}

/// The options of a job, or those of its one document.
async fn stored(site: &Site, job: &str, of_document: bool) -> Pairs {
    let mut conn = site.db.connect().await;
    let id: bindery::domain::JobId = job.parse().unwrap();
    let sql =
        "select name, value from job_options where job_id = $1 and (document_id is not null) = $2 order by ordinal";
    sqlx::query_as(sql).bind(id).bind(of_document).fetch_all(&mut conn).await.unwrap()
}

/// How a client writes lists.
#[derive(Debug, Clone, Copy)]
enum Form {
    Json,
    Xml,
}

async fn survives(site: &Site, client: &Client, form: Form, of_job: &Pairs, of_document: &Pairs) {
    let (declared, list, part) = match form {
        Form::Json => ("application/json", to_json(of_job), Part::options(&to_json(of_document))),
        Form::Xml => ("application/xml", xml::options(of_job), Part::options_in_xml(xml::options(of_document))),
    };
    let created = client.post_body("/jobs", declared, list).await.expect(201).json();
    let job = created["jobId"].as_str().unwrap();
    let (content_type, body) = multipart(&[part, Part::file("a.txt", "a")]);
    client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await.expect(201);
    assert_eq!(&stored(site, job, false).await, of_job);
    assert_eq!(&stored(site, job, true).await, of_document);
}

/// Sends lists of text with such characters; names repeat.
fn check(form: Form, character: &'static str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let site = runtime.block_on(Site::new());
    let (serve, client) = runtime.block_on(site.serve());
    let odd = prop::sample::select(vec![
        "\r",
        "\r\n",
        "\n",
        "\t",
        " ",
        "]]>",
        "&amp;",
        "<",
        "\u{FEFF}",
        "\u{2028}",
        "\u{10FFFF}",
    ]);
    let any = prop_oneof![4 => character, 1 => odd.prop_map(str::to_owned)];
    let text = move |most: usize| prop::collection::vec(any.clone(), 1..most).prop_map(|pieces| pieces.concat());
    let name = prop_oneof![Just("DOC.PASSWORD".to_owned()), text(40)];
    let list = prop::collection::vec((name, prop_oneof![Just(String::new()), text(150)]), 0..12);
    let mut runner = TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&(list.clone(), list), |(of_job, of_document)| {
        runtime.block_on(survives(&site, &client, form, &of_job, &of_document));
        Ok(())
    });
    ran.unwrap_or_else(|failed| panic!("{failed}"));
    drop(serve);
}

#[test]
fn lists_of_options_arrive_as_they_were_sent() {
    // No text column of the database holds NUL.
    check(Form::Json, r"[^\x00]");
}

#[test]
fn lists_of_options_in_xml_arrive_as_they_were_sent() {
    // What XML 1.0 can hold.
    check(Form::Xml, r"[^\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]");
}
