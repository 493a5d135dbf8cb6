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
