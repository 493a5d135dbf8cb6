//! Documents that came out of others: attached to the result, shown as a collection, and taken out of PDFs.

use bindery::pdf::{
    attach,
    validate::{Part, claimed, validate},
};
use serde_json::json;

use super::{
    children::{convert, profile},
    mail::{SHEET, mail},
};
use crate::support::{
    Document, Site,
    client::Finished,
    documents::{self, archive, file},
    pdf,
};

/// The result, which conforms to what it claims.
#[track_caller]
pub(super) fn conforming(done: &Finished) -> Vec<u8> {
    let bytes = done.file.as_ref().unwrap_or_else(|| panic!("{}", done.result)).body.to_vec();
    let flavour = claimed(&bytes).expect("it claims PDF/A");
    let report = validate(&bytes, flavour);
    assert!(report.is_compliant(), "{:?}", report.failed);
    bytes
}

/// Names and bytes of the files in a PDF.
pub(super) fn taken(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let document = bindery::pdf::read(bytes.to_vec(), &[]).unwrap().document;
    let extracted = attach::extract(&document, 1 << 24).unwrap();
    extracted.files.into_iter().map(|(file, bytes)| (file.name, bytes)).collect()
}

/// A mail with a mail in it, and documents in both.
fn letter() -> Document {
    let inner = mail("inner.eml", "inner", &[documents::pdf("c.pdf", &[203])]);
    mail("letter.eml", "outer", &[documents::pdf("b.pdf", &[202]), documents::text("b.txt"), inner])
}

#[tokio::test]
async fn attached_children_are_pdfs_in_a_file_that_conforms() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    for workflow in ["Archive PDF/A-2", "Archive PDF/A-3", "Conversion"] {
        profile(&site, workflow, "attach", &json!({ "children": { "collect": "attach" } }));
        let done = convert(&client, workflow, "attach", &[documents::pdf("a.pdf", &[201]), letter()]).await;
        assert_eq!(done.result["status"], "success", "{workflow}: {}", done.result);
        assert_eq!(pdf::widths(&done.pdf()), [201, SHEET], "{workflow}");
        let bytes =
            if workflow == "Conversion" { done.file.as_ref().unwrap().body.to_vec() } else { conforming(&done) };
        let mut names = pdf::files(&bytes);
        names.sort();
        // The sheet of a mail goes by the name of the mail.
        assert_eq!(names, ["b (2).pdf", "b.pdf", "c.pdf", "inner.pdf"], "{workflow}");
        assert!(!done.pdf().catalog().unwrap().has(b"Collection"));
        for (name, file) in taken(&bytes) {
            let parsed = lopdf::Document::load_mem(&file).unwrap();
            assert_eq!(pdf::page_count(&parsed), 1, "{workflow}: {name}");
            if workflow != "Conversion" {
                assert!(validate(&file, claimed(&file).unwrap()).is_compliant(), "{workflow}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn a_collection_shows_what_holds_the_files_or_a_cover_that_names_them() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    for workflow in ["Archive PDF/A-2", "Archive PDF/A-3", "Conversion"] {
        profile(&site, workflow, "all", &json!({ "children": { "collect": "collection" } }));
        let done = convert(&client, workflow, "all", &[letter()]).await;
        assert_eq!(pdf::widths(&done.pdf()), [SHEET], "{workflow}: {}", done.result);
        let collection = done.pdf();
        let held = collection.catalog().unwrap().get(b"Collection").unwrap();
        let held = collection.dereference(held).unwrap().1.as_dict().unwrap();
        assert!(held.has(b"Schema") && held.has(b"View"), "{workflow}: {held:?}");
        let done =
            convert(&client, workflow, "all", &[archive("post.zip", &[documents::pdf("dir/[a]*.pdf", &[201])])]).await;
        assert_eq!(done.result["status"], "success", "{workflow}: {}", done.result);
        let bytes =
            if workflow == "Conversion" { done.file.as_ref().unwrap().body.to_vec() } else { conforming(&done) };
        assert_eq!(pdf::files(&bytes), ["[a]*.pdf"], "{workflow}");
        let shown = bindery::pdf::text::extract(&bytes, 0).unwrap();
        let lines: Vec<String> = shown.lines.iter().map(bindery::pdf::text::Line::text).collect();
        assert!(lines.concat().contains("post.zip/dir/[a]*.pdf"), "{workflow}: {lines:?}");
        // Without children there is nothing to collect.
        let done = convert(&client, workflow, "all", &[documents::pdf("a.pdf", &[201])]).await;
        assert!(!done.pdf().catalog().unwrap().has(b"Collection"), "{workflow}");
    }
}

#[tokio::test]
async fn a_stamp_for_the_first_page_of_a_collection_is_an_error_that_names_it() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    for pages in ["first", "last", "all"] {
        let stamp = json!({ "name": "mark", "content": { "type": "text", "text": "X" }, "pages": pages });
        let settings = json!({ "children": { "collect": "collection" }, "stamps": [stamp] });
        profile(&site, "Conversion", pages, &settings);
        let done = convert(&client, "Conversion", pages, &[letter()]).await;
        if pages == "all" {
            assert_eq!(done.result["status"], "success", "{}", done.result);
            continue;
        }
        let (code, message) = done.error();
        assert_eq!(code, "option");
        assert!(message.contains("'mark'") && message.contains("collection"), "{message}");
        let done = convert(&client, "Conversion", pages, &[documents::pdf("a.pdf", &[201])]).await;
        assert_eq!(done.result["status"], "success", "that is no collection: {}", done.result);
    }
}

/// A PDF of one page with files in it.
fn with_files(name: &str, files: &[Document], portfolio: bool) -> Document {
    let mut document = bindery::pdf::read(documents::pdf("", &[210]).bytes, &[]).unwrap().document;
    let files: Vec<_> = files
        .iter()
        .map(|file| attach::Attachment {
            name: &file.name,
            media_type: attach::ANY_TYPE,
            bytes: &file.bytes,
            relationship: attach::Relationship::Unspecified,
            modified: time::OffsetDateTime::UNIX_EPOCH,
            created: None,
            description: None,
        })
        .collect();
    attach::attach_all(&mut document, &files).unwrap();
    if portfolio {
        attach::collection(&mut document).unwrap();
    }
    file(name, bindery::pdf::write(&mut document, bindery::pdf::Shape::Packed).unwrap())
}

#[tokio::test]
async fn files_in_pdfs_are_documents_where_the_profile_says_so_and_in_portfolios() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    for embedded in ["keep", "portfolios", "children"] {
        profile(&site, "Archive PDF/A-3", embedded, &json!({ "children": { "embedded": embedded } }));
    }
    let files = [documents::pdf("x.pdf", &[211]), with_files("y.pdf", &[documents::pdf("z.pdf", &[213])], false)];
    let files = [files.as_slice(), &[file("run.exe", "text")]].concat();
    let (plain, portfolio) = (with_files("plain.pdf", &files, false), with_files("portfolio.pdf", &files, true));
    for (embedded, of_plain, of_portfolio) in [
        ("keep", &[210][..], &[210][..]),
        ("portfolios", &[210], &[210, 211, 210]),
        ("children", &[210, 211, 210, 213], &[210, 211, 210, 213]),
    ] {
        for (input, wanted) in [(&plain, of_plain), (&portfolio, of_portfolio)] {
            let done = convert(&client, "Archive PDF/A-3", embedded, std::slice::from_ref(input)).await;
            assert_eq!(pdf::widths(&done.pdf()), wanted, "{embedded} {}: {}", input.name, done.result);
            let bytes = conforming(&done);
            let left = if wanted.len() == 1 { 3 } else { usize::from(wanted.len() == 3) };
            assert_eq!(pdf::files(&bytes).len(), left, "{embedded} {}", input.name);
            let told = done.result["events"].to_string().contains("run.exe");
            assert_eq!(told, wanted.len() > 1, "a program is left out of what is taken apart: {}", done.result);
        }
    }
}

#[tokio::test]
async fn a_portfolio_and_a_pdf_with_a_file_of_the_collection_of_documents_give_what_they_hold() {
    let Some(corpus) = documents::shared("corpus/pdf") else { return };
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let open = |name: &str| file(name, std::fs::read(corpus.join(name)).unwrap());
    let (portfolio, attachment) = (open("testPDFPackage.pdf"), open("attachment.pdf"));
    let done = client.convert(std::slice::from_ref(&portfolio)).await;
    let bytes = conforming(&done);
    assert_eq!(claimed(&bytes).unwrap().part(), Part::Two);
    assert_eq!(pdf::page_count(&done.pdf()), 3, "the cover and both files, of one page each: {}", done.result);
    let done = client.convert(std::slice::from_ref(&attachment)).await;
    assert_eq!((pdf::page_count(&done.pdf()), pdf::files(&conforming(&done)).len()), (1, 0), "{}", done.result);
    let settings = json!({ "children": { "embedded": "children", "collect": "attach" } });
    profile(&site, "Archive PDF/A-2", "taken out", &settings);
    for (input, wanted) in [(portfolio, &["PDF1.pdf", "PDF2.pdf"][..]), (attachment, &["foo.pdf"])] {
        let done = convert(&client, "Archive PDF/A-2", "taken out", &[input]).await;
        assert_eq!(
            (pdf::page_count(&done.pdf()), pdf::files(&conforming(&done))),
            (1, wanted.iter().map(|name| (*name).to_owned()).collect())
        );
    }
}
