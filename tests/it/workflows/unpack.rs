//! Containers: what is in them is converted as documents of their own, at their place.

use std::io::{Cursor, Write as _};

use zip::{AesMode, ZipWriter, unstable::write::FileOptionsExt as _, write::SimpleFileOptions};

use crate::support::{
    Document, Site,
    documents::{self, archive},
    pdf, until,
    wait::seconds,
};

#[tokio::test]
async fn what_is_in_an_archive_stands_at_its_place_in_its_order() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let (_one, _two) = (site.work(), site.work());
    let inner = archive("inner.zip", &[documents::pdf("c.pdf", &[203, 204]), documents::pdf("d.pdf", &[205])]);
    let outer = archive("outer.zip", &[documents::pdf("b.pdf", &[202]), inner, documents::pdf("e.pdf", &[206])]);
    let done = client.convert(&[documents::pdf("a.pdf", &[201]), outer, documents::pdf("f.pdf", &[207])]).await;
    assert_eq!(pdf::widths(&done.pdf()), (201..=207).collect::<Vec<_>>(), "{}", done.result);
    assert_eq!(site.db.count("select count(*) from documents where state = 'unpacked'").await, 2);
    assert_eq!(site.db.count("select count(*) from documents where state = 'converted'").await, 6);
    assert_eq!(site.db.count("select documents::bigint from jobs").await, 8);
}

#[tokio::test]
async fn a_document_in_an_archive_that_cannot_be_converted_is_named_with_the_archive() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work_with_office();
    let bad = archive("post.zip", &[documents::text("good.txt"), documents::noise("noise.docx", 4000)]);
    let (code, message) = client.convert(&[archive("box.zip", &[bad])]).await.error();
    assert_eq!(code, "corrupt");
    assert!(message.contains("'noise.docx' in 'post.zip' in 'box.zip'"), "{message}");
    let (code, message) = client.convert(&[archive("empty.zip", &[])]).await.error();
    assert_eq!(code, "corrupt");
    assert!(message.contains("empty.zip") && message.contains("no document"), "{message}");
}

#[tokio::test]
async fn a_password_given_for_an_archive_opens_what_is_in_it_too() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let inner = archive("inner.zip", &[documents::encrypted_pdf("secret.pdf", "sesame")]);
    let job = client.create().await;
    client.add_with(&job, &archive("outer.zip", &[inner]), &[("DOC.PASSWORD", "sesame")]).await;
    client.start(&job).await;
    assert_eq!(pdf::widths(&client.finish(&job).await.pdf()), [300]);
}

#[tokio::test]
async fn archives_are_not_opened_without_end() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let nested = |times: usize| {
        let innermost = documents::pdf("a.pdf", &[201]);
        (0..times).fold(innermost, |inner, level| archive(&format!("{level}.zip"), &[inner]))
    };
    assert_eq!(client.convert(&[nested(8)]).await.result["status"], "success");
    let (code, message) = client.convert(&[nested(9)]).await.error();
    assert_eq!(code, "generic");
    assert!(message.contains("0.zip") && message.contains("8.zip") && message.contains("at most 8"), "{message}");
}

#[tokio::test]
async fn what_an_upload_unpacks_to_is_limited_over_all_that_is_nested_in_it() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let third = |name: &str| archive(name, &[documents::file("zeros.txt", vec![0; 30 << 20])]);
    let bomb = archive("bomb.zip", &[third("1.zip"), third("2.zip"), third("3.zip")]);
    let (code, message) = client.convert(&[bomb]).await.error();
    assert!(matches!(code.as_str(), "generic" | "corrupt"), "{code}: {message}");
    let refused = "select count(*) from documents where error_message like '%in ''bomb.zip''%more than 64 MiB in all%'";
    until("the last of them is refused", seconds(60), async || (site.db.count(refused).await == 1).then_some(())).await;
}

#[tokio::test]
async fn an_archive_of_five_thousand_entries_becomes_as_many_tasks_by_one_statement() {
    const ENTRIES: i64 = 5_000;
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    // What is in it goes into a lane that nobody serves here, so that it stays as it was inserted.
    let _work = site.start("work", &[("BINDERY_SLOTS", "native=1")]);
    let entries: Vec<Document> =
        (0..ENTRIES).map(|number| documents::file(&format!("{number}.rtf"), format!("{{\\rtf1 {number}}}"))).collect();
    let job = client.create().await;
    client.add(&job, &archive("many.zip", &entries)).await;
    let waiting = "select count(*) from tasks where state = 'ready' and lane = 'office'";
    until("all are tasks", seconds(120), async || (site.db.count(waiting).await == ENTRIES).then_some(())).await;
    for statements in [
        "select count(distinct (xmin::text, cmin::text)) from tasks",
        "select count(distinct (xmin::text, cmin::text)) from documents where parent_id is not null",
    ] {
        assert_eq!(site.db.count(statements).await, 1, "{statements}");
    }
    assert_eq!(site.db.count("select sum(documents_open) from jobs").await, ENTRIES);
    let in_order = "select count(*) from documents join tasks on tasks.document_id = documents.id
                    where file_name = (documents.ordinal - 1) || '.rtf'
                      and order_key - (select min(order_key) from tasks) = documents.ordinal - 1";
    assert_eq!(site.db.count(in_order).await, ENTRIES);
}

#[tokio::test]
async fn an_encrypted_archive_is_opened_by_its_password_and_names_it_when_there_is_none() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let plain = SimpleFileOptions::default();
    // The encryption of today, and that of PKZIP 2.
    let aes = plain.with_aes_encryption(AesMode::Aes256, "sesame");
    for secret in [aes, plain.with_deprecated_encryption(b"sesame").unwrap()] {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("a.pdf", secret).unwrap();
        writer.write_all(&documents::pdf("a.pdf", &[201]).bytes).unwrap();
        let secret = documents::file("secret.zip", writer.finish().unwrap().into_inner());
        let passwords = [("DOC.PASSWORD", "wrong"), ("DOC.PASSWORD", "sesame")];
        let done = client.convert_with("", &passwords, std::slice::from_ref(&secret)).await;
        assert_eq!(pdf::widths(&done.pdf()), [201], "{}", done.result);
        for passwords in [&[][..], &passwords[..1]] {
            let (code, message) = client.convert_with("", passwords, std::slice::from_ref(&secret)).await.error();
            assert_eq!(code, "password", "{message}");
            assert!(message.contains("'secret.zip'"), "{message}");
        }
    }
}

#[tokio::test]
async fn an_archive_of_the_large_kind_with_folders_and_old_names_that_are_there_twice_gives_all_it_holds() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let large = SimpleFileOptions::default().large_file(true);
    writer.add_directory("dir/", large).unwrap();
    for (name, width) in [("dir/Gr1-2e.pdf", 201), ("dir/Gr3-4e.pdf", 202)] {
        writer.start_file(name, large).unwrap();
        writer.write_all(&documents::pdf(name, &[width]).bytes).unwrap();
    }
    let mut bytes = writer.finish().unwrap().into_inner();
    // As DOS wrote it: in its own code page, and without saying so.
    for stand_in in [b"Gr1-2e", b"Gr3-4e"] {
        while let Some(at) = bytes.windows(6).position(|window| window == stand_in) {
            bytes[at..at + 6].copy_from_slice(b"Gr\x94\xe1\xe1e");
        }
    }
    let done = client.convert(&[documents::file("old.zip", bytes)]).await;
    assert_eq!(pdf::widths(&done.pdf()), [201, 202], "{}", done.result);
    let named = "select count(*) from documents where file_name in ('dir/Größße.pdf', 'dir/Größße (2).pdf')";
    assert_eq!(site.db.count(named).await, 2);
    let told = done.result["events"].to_string();
    assert!(told.contains("Several files in it are called 'dir/Größße.pdf'"), "{told}");
    assert_eq!(done.result["status"], "success");
}
