//! What goes in and where it comes out.

use std::fs;

use super::{convert, convert_with, put, widths};
use crate::support::{Site, documents, service::files};

#[tokio::test]
async fn files_and_folders_become_one_file_in_the_order_that_was_given() {
    let site = Site::new().await;
    let (serve, _) = site.serve().await;
    let _work = site.work();
    let folder = put(
        &site,
        &[
            documents::pdf("z.pdf", &[300]),
            documents::pdf("more/b/2.pdf", &[304]),
            documents::pdf("more/b/1.pdf", &[302, 303]),
            documents::pdf("more/a.pdf", &[301]),
            documents::pdf("more/.hidden.pdf", &[400]),
            documents::pdf("more/~$a.pdf", &[401]),
            documents::pdf("a.pdf", &[305]),
        ],
    );
    let called =
        convert(&folder, &serve.url().unwrap(), &["--keep", "-r", "z.pdf", "more", "a.pdf", "-o", "all.pdf"]).await;
    assert_eq!(called.expect(0).lines(), ["all.pdf"]);
    assert_eq!(widths(&folder.join("all.pdf")), [300, 301, 302, 303, 304, 305]);
    assert_eq!(site.db.count("select count(*) from jobs").await, 1);
    let names = "select count(*) from documents where file_name in ('z.pdf', '1.pdf', '2.pdf', 'a.pdf')";
    assert_eq!(site.db.count(names).await, 5, "names go without their folders");
}

#[tokio::test]
async fn split_inputs_become_a_file_each_in_folders_like_theirs_and_one_failure_stops_no_other() {
    let site = Site::new().await;
    let (serve, _) = site.serve().await;
    let _work = site.work();
    let folder = put(
        &site,
        &[
            documents::pdf("in/a.pdf", &[300]),
            documents::text("in/a.txt"),
            documents::pdf("in/deep/er/a.pdf", &[301]),
            documents::noise("in/bad.pdf", 500),
            documents::png("in/c.png"),
            documents::pdf("other.pdf", &[302]),
        ],
    );
    fs::create_dir(folder.join("out")).unwrap();
    let url = serve.url().unwrap();
    let args = ["-s", "-r", "--parallel", "3", "in", "other.pdf", "-o", "out"];
    let called = convert(&folder, &url, &args).await.expect(1);
    assert!(called.stderr.contains("in/bad.pdf: failed") && called.stderr.contains("(corrupt)"), "{}", called.stderr);
    assert!(called.stderr.contains("5 converted, 1 failed"), "{}", called.stderr);
    let mut written = called.lines();
    written.sort();
    assert_eq!(written, ["out/a-1.pdf", "out/a.pdf", "out/c.pdf", "out/deep/er/a.pdf", "out/other.pdf"]);
    assert_eq!(files(&folder.join("out")).len(), 5, "no half file is left");
    assert_eq!(widths(&folder.join("out/deep/er/a.pdf")), [301]);
    assert_eq!(widths(&folder.join("out/other.pdf")), [302]);
    assert_eq!(site.db.count("select count(*) from jobs where deleted_at is null").await, 0, "it leaves no job behind");
}

#[tokio::test]
async fn a_line_of_json_tells_of_each_job() {
    let site = Site::new().await;
    let (serve, _) = site.serve().await;
    let _work = site.work();
    let picture = documents::png("named-wrongly.pdf");
    let folder = put(&site, &[documents::pdf("a.pdf", &[300]), documents::noise("bad.pdf", 500), picture]);
    fs::create_dir(folder.join("out")).unwrap();
    let args = ["-s", "--json", "a.pdf", "bad.pdf", "named-wrongly.pdf", "gone.pdf", "-o", "out"];
    // What is not there is found out before anything is sent.
    assert!(convert(&folder, &serve.url().unwrap(), &args).await.expect(4).lines().is_empty());
    let args = ["-s", "--json", "a.pdf", "bad.pdf", "named-wrongly.pdf", "-o", "out"];
    let called = convert(&folder, &serve.url().unwrap(), &args).await.expect(1);
    let [good, bad, warned] = called.json().try_into().unwrap();
    assert_eq!((&good["status"], &good["error"]), (&"success".into(), &serde_json::Value::Null), "{good}");
    assert_eq!(good["files"], serde_json::json!(["out/a.pdf"]));
    assert!(good["job"].as_str().unwrap().starts_with("job_") && good["seconds"].as_f64().unwrap() > 0.0, "{good}");
    assert_eq!((&bad["status"], &bad["error"]["code"]), (&"error".into(), &"corrupt".into()), "{bad}");
    assert_eq!(bad["files"], serde_json::json!([]));
    assert_eq!(bad["events"][0]["severity"], "error", "{bad}");
    assert_eq!(warned["status"], "warning", "{warned}");
    assert!(warned["events"].to_string().contains("PNG"), "{warned}");
}

#[tokio::test]
async fn standard_input_becomes_standard_output() {
    let site = Site::new().await;
    let (serve, _) = site.serve().await;
    let _work = site.work();
    let folder = put(&site, &[documents::pdf("b.pdf", &[301])]);
    let url = serve.url().unwrap();
    let env = [("BINDERY_URL", url.as_str())];
    let bytes = documents::pdf("a.pdf", &[300]).bytes;
    let called = convert_with(&folder, &env, &["--keep", "-", "--name", "a.pdf", "-o", "-"], Some(bytes.clone())).await;
    let called = called.expect(0);
    assert!(called.stdout.starts_with(b"%PDF-"));
    assert_eq!(site.db.count("select count(*) from documents where file_name = 'a.pdf'").await, 1);
    assert_eq!(site.db.count("select count(*) from jobs where name is null").await, 1);
    let called = convert_with(&folder, &env, &["-q", "b.pdf", "-"], Some(bytes.clone())).await.expect(4);
    assert!(called.stderr.contains("b.pdf is there already"), "{}", called.stderr);
    let called = convert_with(&folder, &env, &["-v", "-", "b.pdf"], Some(bytes)).await.expect(0);
    assert_eq!(called.lines(), ["stdin.pdf"]);
    assert!(called.stderr.contains("stdin: added, 1 of 2"), "{}", called.stderr);
    assert_eq!(widths(&folder.join("stdin.pdf")), [300, 301]);
}

#[tokio::test]
async fn a_file_that_is_there_is_replaced_only_when_it_was_named_or_when_told_so() {
    let site = Site::new().await;
    let (serve, _) = site.serve().await;
    let _work = site.work();
    let folder = put(&site, &[documents::pdf("scan.pdf", &[300])]);
    let url = serve.url().unwrap();
    let original = fs::read(folder.join("scan.pdf")).unwrap();
    // Beside itself: the scan stays, and nothing is converted in vain.
    let called = convert(&folder, &url, &["scan.pdf"]).await.expect(4);
    assert!(called.stderr.contains("scan.pdf is there already"), "{}", called.stderr);
    assert_eq!(site.db.count("select count(*) from jobs").await, 0);
    convert(&folder, &url, &["scan.pdf", "-i"]).await.expect(4);
    convert(&folder, &url, &["scan.pdf", "-o", "scan.pdf"]).await.expect(2);
    assert_eq!(fs::read(folder.join("scan.pdf")).unwrap(), original);
    for name in ["scan-1.pdf", "scan-2.pdf"] {
        assert_eq!(convert(&folder, &url, &["scan.pdf", "-u"]).await.expect(0).lines(), [name]);
    }
    for _ in 0..2 {
        convert(&folder, &url, &["scan.pdf", "-o", "out.pdf"]).await.expect(0);
    }
    assert_eq!(fs::read(folder.join("scan.pdf")).unwrap(), original);
    convert(&folder, &url, &["scan.pdf", "-f"]).await.expect(0);
    assert_ne!(fs::read(folder.join("scan.pdf")).unwrap(), original);
    assert_eq!(files(&folder).len(), 4, "no half file is left");
}

#[tokio::test]
async fn a_job_may_be_named_and_kept() {
    let site = Site::new().await;
    let (serve, client) = site.serve().await;
    let _work = site.work();
    let folder = put(&site, &[documents::pdf("a.pdf", &[300])]);
    let args = ["--keep", "--name", "claim-4711", "-w", "Conversion", "-p", "default", "-v", "a.pdf"];
    let called = convert(&folder, &serve.url().unwrap(), &args).await.expect(0);
    assert_eq!(called.lines(), ["claim-4711.pdf"]);
    let kept = client.get("/jobs").await.expect(200).json();
    let id = kept[0]["jobId"].as_str().unwrap();
    assert!(called.stderr.contains(&format!("job {id} created")), "{}", called.stderr);
    assert_eq!(
        site.db.count("select count(*) from jobs where workflow = 'Conversion' and name = 'claim-4711'").await,
        1
    );
}
