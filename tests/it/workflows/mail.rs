//! Mail: a message becomes its sheet and its attachments, at its place.

use crate::support::{
    Document, Site,
    documents::{self, archive, file},
    pdf,
};

/// Width of a sheet in points, which is that of A4.
pub(super) const SHEET: i64 = 595;

/// A message of text with attachments.
pub(super) fn mail(name: &str, subject: &str, attachments: &[Document]) -> Document {
    let mut bytes = format!(
        "From: Ann <ann@example.org>\r\nTo: bob@example.org\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary={subject}\r\n\r\n--{subject}\r\n\r\nThe body of {subject}.\r\n"
    )
    .into_bytes();
    for attachment in attachments {
        let kind = if attachment.name.ends_with(".eml") { "message/rfc822" } else { "application/octet-stream" };
        bytes.extend(
            format!(
                "--{subject}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: binary\r\n\
                 Content-Disposition: attachment; filename=\"{}\"\r\n\r\n",
                attachment.name
            )
            .bytes(),
        );
        bytes.extend(&attachment.bytes);
        bytes.extend(b"\r\n");
    }
    bytes.extend(format!("--{subject}--\r\n").bytes());
    file(name, bytes)
}

#[tokio::test]
async fn a_mail_stands_before_its_attachments_and_mails_in_it_are_opened() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let (_one, _two) = (site.work(), site.work());
    let inner = mail("inner.eml", "inner", &[documents::pdf("c.pdf", &[203])]);
    let zip = archive("d.zip", &[documents::pdf("d.pdf", &[204])]);
    let outer = mail("outer.eml", "outer", &[documents::pdf("b.pdf", &[202]), inner, zip]);
    let done = client.convert(&[documents::pdf("a.pdf", &[201]), outer, documents::pdf("e.pdf", &[205])]).await;
    assert_eq!(pdf::widths(&done.pdf()), [201, SHEET, 202, SHEET, 203, 204, 205], "{}", done.result);
    assert_eq!(done.result["status"], "success", "{}", done.result);
}

#[tokio::test]
async fn a_mailbox_becomes_its_messages() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let mut mailbox = Vec::new();
    for message in [mail("1", "one", &[]), mail("2", "two", &[documents::pdf("b.pdf", &[202])])] {
        mailbox.extend(b"From ann@example.org Mon Jun 01 04:28:28 2009\r\n");
        mailbox.extend(message.bytes);
        mailbox.extend(b"\r\n");
    }
    let done = client.convert(&[file("all.mbox", mailbox)]).await;
    assert_eq!(pdf::widths(&done.pdf()), [SHEET, SHEET, 202], "{}", done.result);
}

#[tokio::test]
async fn programs_in_a_mail_are_left_out_and_the_client_is_told_which() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let done = client.convert(&[mail("a.eml", "a", &[file("setup.exe", "MZ"), documents::pdf("b.pdf", &[202])])]).await;
    assert_eq!(done.result["status"], "warning", "{}", done.result);
    assert_eq!(pdf::widths(&done.pdf()), [SHEET, 202]);
    let event = &done.result["events"][0];
    assert_eq!((&event["code"], &event["dataPart"]), (&"EmbeddedFileRemoved".into(), &"setup.exe".into()), "{event}");
}

#[tokio::test]
async fn mails_are_not_opened_without_end() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let nested = (0..10).fold(mail("0.eml", "m0", &[]), |inner, level| {
        mail(&format!("{}.eml", level + 1), &format!("m{}", level + 1), &[inner])
    });
    let (code, message) = client.convert(&[nested]).await.error();
    assert_eq!(code, "generic");
    assert!(message.contains("at most 8 are opened"), "{message}");
}

#[tokio::test]
async fn a_mail_that_only_its_recipient_can_read_is_refused_by_name() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let encrypted = "From: a@b\r\nSubject: s\r\nContent-Type: multipart/encrypted; boundary=x\r\n\r\n--x\r\n\r\nVersion: 1\r\n--x--\r\n";
    let (code, message) = client.convert(&[file("secret.eml", encrypted)]).await.error();
    assert_eq!(code, "unsupportedFeature");
    assert!(message.contains("secret.eml") && message.contains("encryption of mail"), "{message}");
}

#[tokio::test]
async fn a_mail_of_html_is_shown_by_the_browser_before_its_attachments() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let html = "From: a@b\r\nSubject: s\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<b>bold</b>\r\n\
                --x\r\nContent-Disposition: attachment; filename=b.txt\r\nContent-Type: text/plain\r\n\r\ntext\r\n--x--\r\n";
    let done = client.convert(&[file("a.eml", html), documents::pdf("c.pdf", &[203])]).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    let converted = done.pdf();
    assert_eq!(pdf::page_count(&converted), 3);
    let first = converted.extract_text(&[1]).unwrap();
    assert!(first.contains("a@b") && first.contains("bold"), "{first}");
    assert_eq!(pdf::widths(&converted)[2], 203);
}
