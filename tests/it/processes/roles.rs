//! How each role begins and ends.

use crate::support::{Database, Process, Site, documents, wait::seconds};

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn all_that_is_wrong_with_the_configuration_is_said_at_once_and_no_secret_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let env = environment(&[
        ("DATABASE_URL", "postgres//user:s3cret@host"),
        ("BINDERY_SLOTS", "many"),
        ("BINDERY_RETENTION", "soon"),
    ]);
    let mut serve = Process::start("serve", &["serve"], &env, folder.path());
    assert!(!serve.ended(seconds(20)).await.success());
    let said = serve.output();
    assert!(["DATABASE_URL", "BINDERY_SLOTS", "BINDERY_RETENTION"].iter().all(|name| said.contains(name)), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}

#[tokio::test]
async fn the_address_of_another_kind_of_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_string_lossy();
    let env = environment(&[("DATABASE_URL", "mysql://user:s3cret@localhost/name"), ("BINDERY_DATA", &data)]);
    let mut serve = Process::start("serve", &["serve"], &env, folder.path());
    assert!(!serve.ended(seconds(10)).await.success());
    assert!(serve.output().contains("DATABASE_URL") && !serve.output().contains("s3cret"), "{}", serve.output());
}

#[tokio::test]
async fn without_a_database_a_role_says_what_to_give_it() {
    let folder = tempfile::tempdir().unwrap();
    for role in ["serve", "work", "migrate"] {
        let data = folder.path().to_string_lossy();
        let mut process = Process::start(role, &[role], &environment(&[("BINDERY_DATA", &data)]), folder.path());
        assert!(!process.ended(seconds(20)).await.success());
        assert!(
            process.output().contains("DATABASE_URL") && process.output().contains("bindery up"),
            "{}",
            process.output()
        );
    }
}

#[tokio::test]
async fn migrate_makes_the_schema_and_is_done_when_it_is_there() {
    let site = Site::on(Database::empty().await);
    for said in ["create_jobs", "0 migrations applied"] {
        let mut migrate = site.start("migrate", &[]);
        assert!(migrate.ended(seconds(20)).await.success(), "{}", migrate.output());
        assert!(migrate.output().contains(said), "{}", migrate.output());
    }
    let (_serve, client) = site.serve().await;
    client.create().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_one_clear_sentence() {
    let site = Site::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut serve = site.start("serve", &[("BINDERY_LISTEN", &address)]);
    assert!(!serve.ended(seconds(20)).await.success());
    assert!(serve.output().contains(&format!("cannot listen on {address}")), "{}", serve.output());
}

#[tokio::test]
async fn idle_roles_stop_cleanly_and_at_once() {
    let site = Site::new().await;
    let (mut serve, _) = site.serve().await;
    let mut work = site.work();
    work.says("working", seconds(20)).await;
    for process in [&mut serve, &mut work] {
        let status = process.stop(seconds(5)).await;
        assert!(status.success(), "{status}");
    }
    assert_eq!(site.db.count("select count(*) from workers").await, 0);
}

#[tokio::test]
async fn the_shell_client_converts_files_and_says_what_went_wrong() {
    let site = Site::new().await;
    let (serve, _) = site.serve().await;
    let _work = site.work();
    let folder = site.folder.path();
    let url = serve.url().unwrap();
    for document in [documents::text("a.txt"), documents::png("b.png"), documents::noise("bad.pdf", 500)] {
        std::fs::write(folder.join(&document.name), &document.bytes).unwrap();
    }
    let mut convert =
        Process::start("convert", &["convert", "--url", &url, "a.txt", "b.png", "-o", "both.pdf"], &[], folder);
    assert!(convert.ended(seconds(60)).await.success(), "{}", convert.output());
    assert_eq!(lopdf::Document::load(folder.join("both.pdf")).unwrap().get_pages().len(), 2);
    let mut convert =
        Process::start("convert", &["convert", "--url", &url, "bad.pdf", "-o", "bad-out.pdf"], &[], folder);
    assert!(!convert.ended(seconds(60)).await.success());
    assert!(convert.output().contains("bad.pdf") && convert.output().contains("corrupt"), "{}", convert.output());
    assert!(!folder.join("bad-out.pdf").exists());
    assert_eq!(site.db.count("select count(*) from jobs where deleted_at is null").await, 0, "it leaves no job behind");
}
