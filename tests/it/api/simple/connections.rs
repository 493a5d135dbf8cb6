//! Connections are rows.

use super::{at_root, refused};
use crate::support::{Site, documents};

const ALL: [&str; 8] = [
    "archive-pdfa2-default",
    "archive-pdfa2-email-optimization",
    "archive-pdfa2-print-optimization",
    "archive-pdfa2-web-optimization",
    "archive-pdfa3-default",
    "convert-to-pdf",
    "dossier-default",
    "repair-pdf",
];

#[tokio::test]
async fn the_eight_of_the_reference_are_there_and_answer_with_results() {
    let site = Site::new().await;
    let mut conn = site.db.connect().await;
    let there: Vec<String> = sqlx::query_scalar(
        r#"select id from connections where enabled and response = 'result' order by id collate "C""#,
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert_eq!(there, ALL);
    let (_serve, client) = site.serve().await;
    let simple = at_root(&client);
    // An empty call makes no job, and is refused as soon as its connection is found to be set up.
    for id in ALL {
        refused(&simple.post(&format!("/http.input/{id}")).await);
    }
}

#[tokio::test]
async fn a_connection_that_does_not_exist_or_is_switched_off_is_not_found() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let simple = at_root(&client);
    site.db.execute("update connections set enabled = false where id = 'repair-pdf'").await;
    for id in ["repair-pdf", "none", "Convert-To-PDF", "a%00b", "a%20b", "%C3%BC"] {
        for path in [format!("/http.input/{id}"), format!("/http.inputstructured/{id}")] {
            let answer = simple.post_body(&path, "application/json", "{}").await;
            answer.problem(404);
            assert_eq!(answer.json()["type"], "urn:bindery:problem:connectionNotFound", "{path}");
        }
    }
}

#[tokio::test]
async fn a_row_that_is_changed_or_added_holds_from_the_next_call_on() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let simple = at_root(&client);
    let call = || simple.post_body("/http.input/convert-to-pdf", "text/plain", documents::text("").bytes);
    site.db.execute("update connections set profile = 'Best' where id = 'convert-to-pdf'").await;
    let detail = call().await.problem(500);
    assert!(detail.contains("`convert-to-pdf`") && detail.contains("`Conversion` has no profile `Best`"), "{detail}");
    assert_eq!(site.db.count("select count(*) from jobs").await, 0);
    site.db.execute("update connections set profile = 'default', response = 'immediately'").await;
    call().await.expect(202);
    let own = "insert into connections (id, title, workflow, response) values ('own.1', 'Ours', 'archive AS pdf/a-2', 'immediately')";
    site.db.execute(own).await;
    simple.post_body("/http.input/own.1", "text/plain", "a").await.expect(202);
    assert_eq!(
        site.db.count("select count(*) from jobs where workflow = 'Archive PDF/A-2' and profile = 'default'").await,
        1
    );
}
