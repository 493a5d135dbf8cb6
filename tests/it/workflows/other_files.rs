//! Workflows whose results are no PDF.

use std::io::Cursor;

use bindery::{
    domain::metadata::Metadata,
    pdf::{
        Shape,
        attach::{Attachment, Relationship, attach_all},
    },
};
use serde_json::Value;
use time::OffsetDateTime;

use crate::support::{Client, Document, Site, client::Finished, documents};

/// A PDF that holds files.
pub(super) fn holding(name: &str, files: &[(&str, &[u8])]) -> Document {
    let mut document = bindery::pdf::read(documents::pdf(name, &[300]).bytes, &[]).unwrap().document;
    let attachments: Vec<Attachment<'_>> = files
        .iter()
        .map(|(name, bytes)| Attachment {
            name,
            media_type: "application/octet-stream",
            bytes,
            relationship: Relationship::Data,
            modified: OffsetDateTime::UNIX_EPOCH,
            created: None,
            description: None,
        })
        .collect();
    attach_all(&mut document, &attachments).unwrap();
    bindery::pdf::metadata::write(&mut document, &Metadata::default(), None, OffsetDateTime::UNIX_EPOCH).unwrap();
    documents::file(name, bindery::pdf::write(&mut document, Shape::Packed).unwrap())
}

/// The files of a job: name, media type and bytes.
async fn files(client: &Client, done: &Finished) -> Vec<(String, String, Vec<u8>)> {
    let list = done.result["dataList"].as_array().unwrap_or_else(|| panic!("{}", done.result));
    let mut files = Vec::new();
    for data in list {
        let id = data["resultId"].as_str().unwrap();
        let answer = client.get(&format!("/jobs/{}/result/{id}", done.job)).await.expect(200);
        let disposition = answer.header("content-disposition").to_owned();
        let name = disposition.split("filename=\"").nth(1).and_then(|rest| rest.split('"').next());
        files.push((
            name.unwrap_or(&disposition).to_owned(),
            answer.header("content-type").to_owned(),
            answer.body.to_vec(),
        ));
    }
    files
}

#[tokio::test]
async fn the_xml_in_documents_comes_out_byte_for_byte_under_its_own_names() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let (first, second) = (&b"<?xml version=\"1.0\"?>\r\n<a>\xC3\xA4</a>\n"[..], &b"<b/>"[..]);
    let inputs = [
        holding("one.pdf", &[("a.xml", first), ("notes.txt", b"no XML")]),
        documents::pdf("none.pdf", &[300]),
        holding("two.pdf", &[("../b.xml", second)]),
    ];
    let done = client.convert_with("?workflow=extract%20xml%20from%20PDF", &[], &inputs).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    let xml = "application/xml".to_owned();
    let expected = [("a.xml".to_owned(), xml.clone(), first.to_vec()), ("b.xml".to_owned(), xml, second.to_vec())];
    assert_eq!(files(&client, &done).await, expected);
    let done = client.convert_with("?workflow=Extract%20XML", &[], &[documents::pdf("none.pdf", &[300])]).await;
    let (code, message) = done.error();
    assert_eq!(code, "generic");
    assert!(message.contains("none of the documents holds an XML file"), "{message}");
}

#[tokio::test]
async fn each_document_becomes_xml_with_its_text_and_its_metadata() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let inputs = [documents::file("a.txt", "Grüße & more\n"), documents::file("b.md", "# Heading\n\ntext\n")];
    let done = client.convert_with("?workflow=Convert%20to%20XML", &[], &inputs).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    let files = files(&client, &done).await;
    assert_eq!(files.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), ["a.xml", "b.xml"]);
    let [first, second] = [0, 1].map(|place| String::from_utf8(files[place].2.clone()).unwrap());
    assert!(first.contains("urn:bindery:document:1") && first.contains("Grüße") && first.contains("&amp;"), "{first}");
    assert!(second.contains("Heading") && second.contains("<h1"), "{second}");
    assert_eq!(done.result["dataList"][0]["properties"][0]["name"], Value::from("pages"));
}

#[tokio::test]
async fn the_pages_of_all_documents_become_one_tiff() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let inputs = [documents::text("a.txt"), documents::png("b.png"), documents::pdf("c.pdf", &[300, 301])];
    let done = client.convert_with("?workflow=Archive%20as%20TIFF&name=scan", &[], &inputs).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    let files = files(&client, &done).await;
    let [(name, media_type, bytes)] = files.as_slice() else { panic!("{} files", files.len()) };
    assert_eq!((name.as_str(), media_type.as_str()), ("scan.tif", "image/tiff"));
    let mut read = tiff::decoder::Decoder::new(Cursor::new(bytes)).unwrap();
    // 300 points are 1,250 dots at 300 to the inch.
    let mut widths = vec![read.dimensions().unwrap().0];
    while read.more_images() {
        read.next_image().unwrap();
        widths.push(read.dimensions().unwrap().0);
    }
    assert_eq!(widths.len(), 4);
    assert_eq!(widths[2], 1_250);
    assert_eq!(site.db.count("select count(*) from results where pages = 4 and conformance is null").await, 1);
}
