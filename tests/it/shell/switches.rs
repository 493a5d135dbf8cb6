//! Switches whose place on the command line counts, as the reference's client has them.

use super::{convert, put};
use crate::support::{Site, documents};

#[tokio::test]
async fn passwords_are_for_the_inputs_that_follow_and_options_for_the_next() {
    let site = Site::new().await;
    let (serve, _) = site.serve().await;
    let _work = site.work();
    let folder = put(
        &site,
        &[
            documents::pdf("open.pdf", &[300]),
            documents::encrypted_pdf("one.pdf", "-one"),
            documents::encrypted_pdf("two.pdf", "two"),
            documents::encrypted_pdf("three.pdf", "three"),
        ],
    );
    let url = serve.url().unwrap();
    let args = [
        "open.pdf",
        "-pw",
        "-one",
        "one.pdf",
        "-do",
        "DOC.PASSWORD",
        "two",
        "two.pdf",
        "--password=three",
        "three.pdf",
        "-jo",
        "META.TITLE",
        "Three doors",
        "-o",
        "all.pdf",
        "--keep",
    ];
    convert(&folder, &url, &args).await.expect(0);
    let of = |name: &str| {
        format!(
            "select count(*) from job_options as option join documents as document on option.document_id = document.id
             where document.file_name = '{name}' and option.name = 'DOC.PASSWORD'"
        )
    };
    let mut conn = site.db.connect().await;
    for (name, count) in [("open.pdf", 0_i64), ("one.pdf", 1), ("two.pdf", 2), ("three.pdf", 2)] {
        let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(of(name))).fetch_one(&mut conn).await.unwrap();
        assert_eq!(found, count, "{name}");
    }
    let title =
        "select count(*) from job_options where document_id is null and name = 'META.TITLE' and value = 'Three doors'";
    assert_eq!(site.db.count(title).await, 1);
    // Behind all inputs it is for all.
    convert(&folder, &url, &["one.pdf", "--password", "-one", "-o", "one-out.pdf"]).await.expect(0);
    // Behind its document and before another it comes too late.
    let called = convert(&folder, &url, &["one.pdf", "-pw", "-one", "open.pdf", "-o", "late.pdf"]).await.expect(1);
    assert!(called.stderr.contains("(password)"), "{}", called.stderr);
}

#[tokio::test]
async fn the_address_may_be_told_in_three_ways() {
    let site = Site::new().await;
    let (serve, _) = site.serve().await;
    let _work = site.work();
    let folder = put(&site, &[documents::pdf("a.pdf", &[300])]);
    let url = serve.url().unwrap();
    let short = url.strip_suffix("/conversion/v1.0/rest").unwrap();
    for args in [["-url", &url], ["--url", short], ["--url", &format!("{short}/")]] {
        let args = [&args[..], &["a.pdf", "-o", "out.pdf"]].concat();
        convert(&folder, "http://127.0.0.1:1", &args).await.expect(0);
    }
    convert(&folder, &url, &["a.pdf", "-o", "out.pdf"]).await.expect(0);
}
