//! Documents that cannot be converted, and those that are not what their name says.

use crate::support::{Client, Document, Site, documents};

/// Converts one document beside a good one and checks how the job ends.
async fn check(client: &Client, document: Document, code: &str) {
    let name = document.name.clone();
    let done = client.convert(&[documents::text("good.txt"), document]).await;
    let (found, message) = done.error();
    assert_eq!(found, code, "{name}: {message}");
    assert!(message.contains(&name), "the message names the document {name}: {message}");
}

#[tokio::test]
async fn bytes_that_are_no_document_are_corrupt_when_their_name_promises_one() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work_with_office();
    for name in ["noise.docx", "noise.pdf", "noise.png", "noise.xlsx", "noise.jpg"] {
        check(&client, documents::noise(name, 4000), "corrupt").await;
    }
}

#[tokio::test]
async fn documents_that_are_cut_off_are_corrupt_unless_a_part_of_them_can_be_shown() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work_with_office();
    let cut = |document: Document| {
        let half = document.bytes.len() / 2;
        documents::file(&document.name, document.bytes.get(..half).unwrap())
    };
    check(&client, cut(documents::docx("half.docx")), "corrupt").await;
    check(&client, documents::file("head.pdf", "%PDF-1.7\n"), "corrupt").await;
    // Of a picture the part that is there can be shown.
    let done = client.convert(&[cut(documents::png("half.png"))]).await;
    assert_eq!(done.result["status"], "warning", "{}", done.result);
    assert_eq!(done.result["events"][0]["code"], "CorruptionRepaired");
}

#[tokio::test]
async fn a_picture_whose_coding_is_not_supported_is_an_unsupported_feature() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let mut arithmetic = documents::jpeg("arithmetic.jpg");
    let frame = arithmetic.bytes.windows(2).position(|bytes| bytes == [0xff, 0xc0]).unwrap();
    arithmetic.bytes[frame + 1] = 0xc9;
    check(&client, arithmetic, "unsupportedFeature").await;
}

#[tokio::test]
async fn an_empty_file_is_corrupt_whatever_its_name() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work_with_office();
    for name in ["empty.pdf", "empty.txt", "empty.docx", "empty"] {
        check(&client, documents::file(name, ""), "corrupt").await;
    }
}

#[tokio::test]
async fn a_file_of_an_unknown_type_is_an_unsupported_format() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    check(&client, documents::noise("noise.bin", 4000), "unsupportedFormat").await;
    check(&client, documents::noise("noise", 4000), "unsupportedFormat").await;
    check(
        &client,
        documents::file("program.exe", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".repeat(64)),
        "unsupportedFormat",
    )
    .await;
}

#[tokio::test]
async fn a_picture_that_is_named_as_a_pdf_is_converted_with_a_warning() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let picture = documents::png("picture.png");
    let job = client.create().await;
    let id = client.add(&job, &documents::file("picture.pdf", picture.bytes)).await;
    client.start(&job).await;
    let done = client.finish(&job).await;
    assert_eq!((done.result["status"].as_str(), done.result["success"].as_bool()), (Some("warning"), Some(true)));
    assert_eq!(done.pdf().get_pages().len(), 1);
    let warnings: Vec<_> =
        done.result["events"].as_array().unwrap().iter().filter(|event| event["severity"] == "warning").collect();
    assert_eq!(warnings.len(), 1, "{}", done.result);
    assert_eq!(warnings[0]["dataId"], id.as_str());
    assert!(warnings[0]["message"].as_str().unwrap().contains("PNG"), "{}", warnings[0]);
}

#[tokio::test]
async fn a_document_of_office_that_is_named_as_a_picture_finds_its_engine() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work_with_office();
    let letter = documents::rtf("letter.rtf");
    let done = client.convert(&[documents::file("letter.png", letter.bytes)]).await;
    assert_eq!(done.result["status"], "warning", "{}", done.result);
    assert_eq!(done.pdf().get_pages().len(), 1);
    assert_eq!(site.db.count("select count(*) from attempts where ending = 'rerouted'").await, 1);
    assert_eq!(
        site.db.count("select count(*) from attempts where attempt > 1").await,
        0,
        "the detour costs no attempt"
    );
}

#[tokio::test]
async fn bad_input_is_final_at_the_first_attempt_and_every_bad_document_has_its_event() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let done = client
        .convert(&[documents::noise("one.pdf", 100), documents::noise("two.pdf", 100), documents::text("good.txt")])
        .await;
    let (_, message) = done.error();
    assert!(message.contains("one.pdf"), "the first in the order of adding: {message}");
    let told = done.result["events"].to_string();
    assert!(told.contains("one.pdf") && told.contains("two.pdf"), "{told}");
    assert_eq!(site.db.count("select count(*) from attempts where ending = 'failed' and fault = 'input'").await, 2);
    assert_eq!(site.db.count("select count(*) from attempts where attempt > 1").await, 0);
    assert_eq!(site.db.count("select count(*) from results").await, 0);
}
