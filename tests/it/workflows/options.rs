use crate::support::{Site, documents};

#[tokio::test]
async fn an_unknown_option_ends_the_job_with_its_name() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let done = client.convert_with("", &[("NO.SUCH.OPTION", "x")], &[documents::text("a.txt")]).await;
    let (code, message) = done.error();
    assert_eq!(code, "option");
    assert!(message.contains("NO.SUCH.OPTION"), "{message}");
}

#[tokio::test]
async fn an_option_of_the_job_on_a_document_or_a_repeated_one_ends_the_job_with_its_name() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let job = client.create().await;
    client.add_with(&job, &documents::text("a.txt"), &[("META.TITLE", "x")]).await;
    client.start(&job).await;
    let (code, message) = client.finish(&job).await.error();
    assert_eq!(code, "option");
    assert!(message.contains("META.TITLE") && message.contains("a.txt"), "{message}");
    let twice = [("META.TITLE", "one"), ("meta.title", "two")];
    let (code, message) = client.convert_with("", &twice, &[documents::text("a.txt")]).await.error();
    assert_eq!(code, "option");
    assert!(message.to_lowercase().contains("meta.title"), "{message}");
}

#[tokio::test]
async fn a_job_without_documents_ends_with_the_error_generic() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let (code, message) = client.convert(&[]).await.error();
    assert_eq!(code, "generic");
    assert!(message.contains("without documents"), "{message}");
}

#[tokio::test]
async fn a_password_opens_a_document_wherever_it_is_given() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let secret = documents::encrypted_pdf("secret.pdf", "sesame");
    let of_job = [("DOC.PASSWORD", "wrong"), ("DOC.PASSWORD", "sesame")];
    let done = client.convert_with("", &of_job, std::slice::from_ref(&secret)).await;
    assert!(!done.pdf().is_encrypted());
    let job = client.create_with("", &[("doc.password", "wrong")]).await;
    client.add_with(&job, &secret, &[("DOC.PASSWORD", "sesame")]).await;
    client.start(&job).await;
    assert_eq!(client.finish(&job).await.pdf().get_pages().len(), 1);
    let owner = client.convert_with("", &[("DOC.PASSWORD", "owner")], &[secret]).await;
    assert_eq!(owner.pdf().get_pages().len(), 1, "the owner's password opens it too");
}

#[tokio::test]
async fn a_missing_or_wrong_password_ends_the_job_with_the_name_of_the_document() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let both = [documents::text("open.txt"), documents::encrypted_pdf("secret.pdf", "sesame")];
    let (code, missing) = client.convert(&both).await.error();
    assert_eq!(code, "password");
    assert!(missing.contains("secret.pdf") && missing.contains("DOC.PASSWORD"), "{missing}");
    let (code, wrong) = client.convert_with("", &[("DOC.PASSWORD", "abracadabra")], &both).await.error();
    assert_eq!(code, "password");
    assert!(wrong.contains("secret.pdf") && !wrong.contains("abracadabra") && wrong != missing, "{wrong}");
}

#[tokio::test]
async fn a_password_is_nowhere_in_the_logs() {
    let site = Site::new().await;
    let (serve, client) = site.serve_with(&[("BINDERY_LOG", "bindery=debug")]).await;
    let work = site.start("work", &[("BINDERY_LOG", "bindery=debug")]);
    let secret = documents::encrypted_pdf("very-private-name.pdf", "sesame-opens-it");
    client.convert_with("", &[("DOC.PASSWORD", "sesame-opens-it")], &[secret]).await.pdf();
    for log in [serve.output(), work.output()] {
        assert!(!log.contains("sesame-opens-it"), "a password: {log}");
        assert!(!log.contains("very-private-name"), "the name of a document: {log}");
    }
}
