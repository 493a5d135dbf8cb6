use std::path::Path;

use crate::support::{Site, documents, pdf, service::WITH_OFFICE};

/// Skipping would hide that nothing was shown.
fn check_installed() {
    let usual = [
        "/usr/bin/soffice",
        "/usr/lib/libreoffice/program/soffice",
        "/opt/libreoffice/program/soffice",
        "/usr/local/bin/soffice",
    ];
    assert!(
        usual.iter().any(|path| Path::new(path).exists()),
        "LibreOffice is not installed, so conversions of Office documents cannot be shown: install libreoffice-writer, -calc and -impress"
    );
}

#[tokio::test]
async fn documents_of_word_and_rtf_become_pdfa() {
    check_installed();
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work_with_office();
    // LibreOffice claims 2b of what it tags; a level that is true is claimed instead.
    let single = client.convert(&[documents::docx("single.docx")]).await;
    let of_single = "select count(*) from results where conformance = 'PDF/A-2a' and rung = 'archived'";
    assert_eq!(site.db.count(of_single).await, 1, "{}", single.result);
    let done = client.convert(&[documents::docx("letter.docx"), documents::rtf("note.rtf")]).await;
    assert!(matches!(done.result["status"].as_str(), Some("success" | "warning")), "{}", done.result);
    assert_eq!(pdf::page_count(&done.pdf()), 2);
    assert!(pdf::claims_pdfa2(&done.pdf()), "{}", done.result);
    let by_office =
        "select count(*) from attempts where engine = 'libreoffice' and engine_version ~ '^[0-9]' and lane = 'office'
                     and ending = 'succeeded' and attempt = 1 and peak_memory_bytes > 0";
    assert_eq!(site.db.count(by_office).await, 3);
    assert_eq!(
        site.db.count("select count(*) from documents where format in ('docx', 'rtf') and state = 'converted'").await,
        3
    );
}

#[tokio::test]
async fn without_libreoffice_an_office_document_fails_with_its_name_and_others_go_through() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.start("work", &[WITH_OFFICE, ("BINDERY_SOFFICE", "/nonexistent/soffice")]);
    let (code, message) = client.convert(&[documents::docx("letter.docx")]).await.error();
    assert_eq!(code, "configuration");
    assert!(message.contains("LibreOffice") && message.contains("letter.docx"), "{message}");
    assert_eq!(client.convert(&[documents::text("a.txt")]).await.result["status"], "success");
    assert_eq!(
        site.db.count("select count(*) from attempts where fault = 'unavailable' and ending = 'failed'").await,
        1
    );
}

#[tokio::test]
async fn a_presentation_of_powerpoint_97_under_a_password_is_opened_by_it_alone() {
    check_installed();
    let Some(corpus) = documents::shared("corpus/office") else { return };
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work_with_office();
    let bytes = std::fs::read(corpus.join("Password_Protected-hello.ppt")).unwrap();
    let secret = documents::file("secret.ppt", bytes);
    let passwords = [("DOC.PASSWORD", "wrong"), ("DOC.PASSWORD", "hello")];
    let done = client.convert_with("", &passwords, std::slice::from_ref(&secret)).await;
    assert_eq!(pdf::page_count(&done.pdf()), 1, "{}", done.result);
    let page = bindery::pdf::text::extract(&done.file.as_ref().unwrap().body, 0).unwrap();
    let lines: Vec<String> = page.lines.iter().map(bindery::pdf::text::Line::text).collect();
    assert!(lines.iter().any(|line| line.contains("It only has the one slide")), "{lines:?}");
    // Its properties are encrypted, too.
    assert_eq!(pdf::info(&done.pdf(), "Title").as_deref(), Some("This is a protected document"));
    for passwords in [&[][..], &passwords[..1]] {
        let (code, message) = client.convert_with("", passwords, std::slice::from_ref(&secret)).await.error();
        assert_eq!(code, "password", "{message}");
        assert!(message.contains("'secret.ppt'"), "{message}");
    }
}
