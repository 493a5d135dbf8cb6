//! The zygote for our own engines, and that its copies are hosts as any other.

use bindery::{
    domain::Lane,
    engines::{
        assemble::output_of,
        host::{HostConfig, Hosts},
        protocol::{Answer, Assemble, Input, Metadata, Request, Step, Target},
    },
};
use nix::unistd::Pid;

use crate::support::{
    Document, documents, hosts,
    service::{children, zygotes},
};

/// A document of each kind.
fn all() -> Vec<Document> {
    let table = (0..200).map(|row| format!("thing {row},{row},{row}.50\n")).collect::<String>();
    let drawing =
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><text x="9" y="30">Text 漢字</text></svg>"#;
    let mail = "From: a@example.com\r\nTo: b@example.com\r\nSubject: Words\r\n\r\nText.\r\n";
    vec![
        documents::file("words.txt", "Words, слова, λέξεις, 漢字.\n".repeat(2_000)),
        documents::file(
            "words.md",
            "# Title\n\nText with `code`, **more** and\n\n| A | B |\n|---|---|\n| 1 | 2 |\n".repeat(40),
        ),
        documents::file("table.csv", format!("Name,Count,Price\n{table}")),
        documents::file("drawing.svg", drawing),
        documents::png("picture.png"),
        documents::jpeg("picture.jpg"),
        documents::pdf("pages.pdf", &[300, 400]),
        documents::file("mail.eml", mail),
    ]
}

/// What hosts make of a document: each file in the folder of its host, and how many pages they say it has.
async fn made(hosts: &Hosts, config: &HostConfig, document: &Document) -> (Vec<(String, Vec<u8>)>, Option<usize>) {
    let folder = tempfile::tempdir().unwrap();
    let (answer, ran) = hosts::convert(hosts, &config.engines, folder.path(), Lane::Native, document).await;
    let pages = if let Answer::Done { pages, .. } = answer { Some(pages) } else { None };
    assert!(pages.is_some() || matches!(answer, Answer::Unpacked { .. }), "{}: {answer:?} {ran:?}", document.name);
    let work = std::fs::read_dir(folder.path().join(format!("work-{}", document.name))).unwrap();
    let mut files: Vec<_> = work
        .map(|entry| entry.unwrap().path())
        .map(|file| (file.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&file).unwrap()))
        .collect();
    files.sort();
    (files, pages)
}

#[tokio::test]
async fn a_copy_of_the_zygote_makes_of_a_document_what_a_host_makes_that_was_started() {
    let folder = tempfile::tempdir().unwrap();
    let (copied, started) = (hosts::of_zygotes(), HostConfig { zygote_args: None, ..hosts::config() });
    let copies = Hosts::new(copied.clone(), folder.path().join("copies"));
    let others = Hosts::new(started.clone(), folder.path().join("others"));
    for document in all() {
        let (copy, other) = (made(&copies, &copied, &document).await, made(&others, &started, &document).await);
        assert!(copy.0.len() > 1, "{}", document.name);
        assert!(copy == other, "{}", document.name);
    }
}

#[tokio::test]
async fn a_job_is_put_together_by_a_copy_of_the_zygote() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = Hosts::new(hosts::of_zygotes(), folder.path().join("zygote"));
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    std::fs::write(work.join("0.pdf"), documents::pdf("pages.pdf", &[300, 400]).bytes).unwrap();
    let input = Input { file: "0.pdf".into(), file_name: "pages.pdf".to_owned(), words: Vec::new() };
    let request = Request::Assemble(Assemble {
        inputs: vec![input.clone(), input],
        steps: vec![Step::Merge, Step::Finish { target: Target::Pdf, metadata: Metadata::default(), linearise: false }],
        made: Vec::new(),
        straighten: bindery::pdf::text_layer::Straighten::default(),
        fonts: Vec::new(),
        now: 0,
    });
    let (answer, ran) = hosts.run(&work, &request).await;
    let Answer::Assembled { files, .. } = answer else { panic!("{answer:?} {ran:?}") };
    assert_eq!(files.iter().map(|file| file.pages).collect::<Vec<_>>(), [Some(4)]);
    assert!(work.join(output_of(0)).is_file());
}

#[tokio::test]
async fn a_zygote_has_one_thread_and_no_host_before_the_first_document() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = Hosts::new(hosts::config(), folder.path().join("zygote"));
    hosts.warm().await;
    for kind in ["office", "native"] {
        let zygote = zygotes(Pid::this(), kind)[0];
        assert_eq!(std::fs::read_dir(format!("/proc/{zygote}/task")).unwrap().count(), 1, "{kind}");
        assert_eq!(children(zygote), []);
    }
}
