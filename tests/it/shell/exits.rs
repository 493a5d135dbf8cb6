//! How a call that comes to nothing ends.

use super::{convert, convert_with, put};
use crate::support::{Site, documents, until, wait::seconds};

#[tokio::test]
async fn the_help_teaches_with_examples_and_names_every_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let called = convert_with(folder.path(), &[], &["--help"], None).await.expect(0);
    let help = called.lines().join("\n");
    for said in ["Examples:", "Exit codes:", "-pw", "-do", "-jo", "-url", "BINDERY_URL", "130"] {
        assert!(help.contains(said), "{said}\n{help}");
    }
    convert_with(folder.path(), &[], &[], None).await.expect(2);
}

#[tokio::test]
async fn bad_usage_is_found_before_anything_is_sent() {
    let site = Site::new().await;
    let folder = put(&site, &[documents::pdf("a.pdf", &[300]), documents::pdf("in/b.pdf", &[301])]);
    // Nobody listens there, and nobody is asked.
    let url = "http://127.0.0.1:1";
    for (args, said) in [
        (&["a.pdf", "-x"][..], "-x"),
        (&["in"], "say -r"),
        (&["-s", "a.pdf", "-o", "nowhere"], "no folder nowhere"),
        (&["-s", "a.pdf", "-o", "-"], "must be a folder"),
        (&["a.pdf", "-o", "-", "--json"], "--json"),
        (&["a.pdf", "-do", "A", "b"], "behind the last input"),
        (&["a.pdf", "--url", "host:13033"], "http://"),
        (&["a.pdf", "--timeout", "soon"], "soon"),
    ] {
        let called = convert(&folder, url, args).await.expect(2);
        assert!(called.stderr.contains(said), "{args:?}: {}", called.stderr);
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_told_from_one_that_refuses() {
    let site = Site::new().await;
    let (serve, _) = site.serve_with(&[("BINDERY_MAX_UPLOAD", "1KiB")]).await;
    let folder = put(&site, &[documents::pdf("a.pdf", &[300]), documents::file("large.txt", vec![b'x'; 4096])]);
    let began = std::time::Instant::now();
    let called =
        convert(&folder, "http://127.0.0.1:1", &["-s", "a.pdf", "large.txt", "a.pdf", "-o", "."]).await.expect(4);
    // The result of a.pdf would replace it; the others find out that nobody is there.
    assert!(called.stderr.contains("no service answers at http://127.0.0.1:1/"), "{}", called.stderr);
    assert!(began.elapsed() < seconds(10), "there is no point in waiting for it");
    let url = serve.url().unwrap();
    for (args, said) in [
        (&["a.pdf", "-o", "out.pdf", "-w", "Print"][..], "there is no workflow `Print`"),
        (&["large.txt", "-o", "out.pdf"], "more than 1024 bytes"),
    ] {
        let called = convert(&folder, &url, args).await.expect(3);
        assert!(called.stderr.contains(said), "{}", called.stderr);
    }
    let outside = url.strip_suffix("/rest").unwrap();
    convert(&folder, outside, &["a.pdf", "-o", "out.pdf"]).await.expect(3);
    assert!(!folder.join("out.pdf").exists());
    assert_eq!(site.db.count("select count(*) from jobs where deleted_at is null").await, 0);
}

#[tokio::test]
async fn what_cannot_be_read_or_written_here_has_a_code_of_its_own() {
    let site = Site::new().await;
    let (serve, _) = site.serve().await;
    let folder = put(&site, &[documents::pdf("a.pdf", &[300])]);
    let url = serve.url().unwrap();
    for (args, said) in [
        (["gone.docx", "-o", "out.pdf"], "cannot read gone.docx"),
        (["/dev/null", "-o", "out.pdf"], "neither a file nor a folder"),
        (["a.pdf", "-o", "no/out.pdf"], "there is no folder no"),
    ] {
        let called = convert(&folder, &url, &args).await.expect(4);
        assert!(called.stderr.contains(said), "{}", called.stderr);
    }
    // As users of other clients write it.
    let called = convert(&folder, &url, &["a.pdf", "out.pdf"]).await.expect(4);
    assert!(called.stderr.contains("with -o"), "{}", called.stderr);
    assert_eq!(site.db.count("select count(*) from jobs").await, 0);
}

#[tokio::test]
async fn a_job_that_takes_too_long_is_given_up_and_deleted() {
    let site = Site::new().await;
    // There is no worker.
    let (serve, _) = site.serve().await;
    let folder = put(&site, &[documents::pdf("a.pdf", &[300])]);
    let args = ["a.pdf", "-o", "out.pdf", "--timeout", "1s"];
    let called = convert(&folder, &serve.url().unwrap(), &args).await.expect(3);
    assert!(called.stderr.contains("--timeout"), "{}", called.stderr);
    assert_eq!(site.db.count("select count(*) from jobs").await, 1);
    until("the job is deleted", seconds(5), async || {
        (site.db.count("select count(*) from jobs where deleted_at is null").await == 0).then_some(())
    })
    .await;
}
