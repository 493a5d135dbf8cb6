//! Forms as real clients write them, and those that nobody can read.

use reqwest::multipart::{Form, Part as StockPart};

use crate::support::{
    Client, Site,
    client::{Part, multipart},
    until,
    wait::seconds,
};

/// The names of all documents in the order of adding.
async fn names(site: &Site) -> Vec<String> {
    let mut conn = site.db.connect().await;
    sqlx::query_scalar("select file_name from documents order by ordinal").fetch_all(&mut conn).await.unwrap()
}

/// Uploads a body as it stands, with the boundary `b`.
async fn upload(client: &Client, job: &str, body: impl Into<Vec<u8>>) -> crate::support::Answer {
    let path = format!("/jobs/{job}/data");
    client.post_body(&path, "multipart/form-data; boundary=b", body.into()).await
}

/// A body with one part whose headers are as given.
fn form(headers: &[u8]) -> Vec<u8> {
    [b"--b\r\n", headers, b"\r\n\r\nx\r\n--b--\r\n"].concat()
}

/// Nothing of any upload is left.
async fn nothing_is_left(site: &Site) {
    let rows = "select (select count(*) from documents) + (select count(*) from tasks)
                     + (select count(*) from job_options) + (select sum(documents_open)::bigint from jobs)";
    assert_eq!(site.db.count(rows).await, 0);
    until("no blob is left", seconds(5), async || site.blob_files().is_empty().then_some(())).await;
}

#[tokio::test]
async fn the_file_names_of_known_clients_are_understood() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let cases: &[(&str, &[u8], &str)] = &[
        ("Chrome, Firefox", "name=\"data\"; filename=\"Bücher %22neu%22.pdf\"".as_bytes(), "Bücher \"neu\".pdf"),
        ("Internet Explorer", b"name=\"data\"; filename=\"C:\\dir\\a.doc\"", "C:\\dir\\a.doc"),
        (".NET", b"name=data; filename=letter.docx; filename*=utf-8''letter.docx", "letter.docx"),
        (".NET", b"name=data; filename=\"=?utf-8?B?w7xiZXIucGRm?=\"", "über.pdf"),
        (".NET", b"name=data; filename=\"=?utf-8?B?xx?=\"; filename*=utf-8''%C3%BCber.pdf", "über.pdf"),
        ("Java", b"name=\"data\"; filename=\"?.docx\"", "?.docx"),
        ("Java", b"name=\"data\"; filename=\"M\xfcller.docx\"", "Müller.docx"),
        ("Python", b"name=\"data\"; filename*=utf-8''M%C3%BCller.docx", "Müller.docx"),
        ("curl", b"name=\"data\"; filename=\"a\\\\b\\\"c.txt\"", "a\\b\"c.txt"),
        ("mail libraries", b"name=data;\r\n\tfilename*0*=utf-8''M%C3%BC;\r\n filename*1=ller.docx", "Müller.docx"),
        ("anyone", b"name = \"data\" ; filename = \"a;b=c.txt\"", "a;b=c.txt"),
        ("anyone", b"name=\"data\"; filename=\"a%0D%0Ab\x01\x7f.txt\"", "ab.txt"),
        ("deceivers", "name=\"data\"; filename=\"invoice\u{202e}fdp.exe\u{2066}\"".as_bytes(), "invoicefdp.exe"),
        ("attackers", b"name=\"data\"; filename=\"../../etc/passwd\"", "../../etc/passwd"),
    ];
    for (who, disposition, name) in cases {
        let headers = [b"Content-Disposition: form-data; ", *disposition].concat();
        upload(&client, &job, form(&headers)).await.expect(201);
        assert_eq!(names(&site).await.last().unwrap(), name, "{who}");
    }
}

#[tokio::test]
async fn a_form_may_have_text_around_it_bare_line_feeds_folded_headers_and_odd_boundaries() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let disposition = "Content-Disposition: form-data; name=\"data\"; filename=\"a.txt\"";
    for body in [
        format!("This is a form.\r\n--b\r\n{disposition}\r\n\r\nx\r\n--b--\r\nAnd this is its end.\r\n--b\r\n"),
        format!("\r\n--b  \r\n{disposition}\r\n\r\nx\r\n--b--"),
        format!("--b\n{disposition}\n\nx\n--b--\n"),
        format!("--b\r\n{}\r\n\r\nx\r\n--b--", disposition.replace("; ", ";\r\n ")),
        format!("--b\r\n{disposition}\r\nContent-Transfer-Encoding: binary\r\n\r\nx\r\n--b--"),
    ] {
        upload(&client, &job, body).await.expect(201);
    }
    for declared in ["Multipart/Form-Data;boundary=\"b\"", "multipart/form-data; charset=utf-8; boundary=b;"] {
        client.post_body(&format!("/jobs/{job}/data"), declared, form(disposition.as_bytes())).await.expect(201);
    }
    let odd = "multipart/form-data; boundary=----=_Part_1.2:3";
    let body = String::from_utf8(form(disposition.as_bytes())).unwrap().replace("--b", "------=_Part_1.2:3");
    client.post_body(&format!("/jobs/{job}/data"), odd, body).await.expect(201);
    assert_eq!(site.db.count("select count(*) from documents where bytes = 1 and file_name = 'a.txt'").await, 8);
}

#[tokio::test]
async fn the_form_of_a_stock_client_is_understood_whatever_the_name() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let sent = ["Brief für Müller.docx", "a \"b\".pdf", "100%.txt", "資料.pdf", "a\\b;c.txt", "🦀.txt"];
    for name in sent {
        for form in [Form::new(), Form::new().percent_encode_attr_chars(), Form::new().percent_encode_noop()] {
            let form = form.part("data", StockPart::bytes(b"x".to_vec()).file_name(name)).text("options", "[]");
            let request = client.request(reqwest::Method::POST, &format!("/jobs/{job}/data")).multipart(form);
            client.send(request).await.expect(201);
            assert_eq!(names(&site).await.last().unwrap(), name);
        }
    }
}

#[tokio::test]
async fn options_may_be_declared_as_text_as_form_libraries_do_it() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let options = "[{\"name\":\"DOC.PASSWORD\",\"value\":\"schlüssel\"}]";
    let western = encoding_rs::WINDOWS_1252.encode(options).0.into_owned();
    for (declared, bytes) in [
        ("", options.as_bytes().to_vec()),
        ("\nContent-Type: application/json", options.as_bytes().to_vec()),
        ("\nContent-Type: text/plain", options.as_bytes().to_vec()),
        ("\nContent-Type: text/plain; charset=utf-8", [b"\xef\xbb\xbf", options.as_bytes()].concat()),
        ("\nContent-Type: text/plain; charset=ISO-8859-1\nContent-Transfer-Encoding: 8bit", western.clone()),
    ] {
        let options = Part::raw(&format!("Content-Disposition: form-data; name=\"options\"{declared}"), bytes);
        let (content_type, body) = multipart(&[options, Part::file("a.txt", "a")]);
        client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await.expect(201);
    }
    assert_eq!(site.db.count("select count(*) from job_options where value = 'schlüssel'").await, 5);
    let options = Part::raw("Content-Disposition: form-data; name=\"options\"\nContent-Type: text/plain", western);
    let (content_type, body) = multipart(&[Part::file("a.txt", "a"), options]);
    client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await.problem(400);
}

#[tokio::test]
async fn a_form_that_cannot_be_read_is_refused_in_clear_words_and_leaves_nothing() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let data = || Part::file("a.txt", "a");
    let raw = |headers: &str| Part::raw(headers, "[]");
    let many = serde_json::json!(vec![serde_json::json!({ "name": "A", "value": "b" }); 10_000]).to_string();
    let disposition = "Content-Disposition: form-data; name=";
    for (parts, status, said) in [
        (vec![data(), data()], 400, "more than one part named 'data'"),
        (vec![data(), Part::options("[]"), Part::options("[]")], 400, "more than one part named 'options'"),
        (vec![Part::options("[]"), Part::options("[]"), data()], 400, "more than one part named 'options'"),
        (vec![Part::options("[]")], 400, "no part named 'data'"),
        (vec![raw(&format!("{disposition}\"data\""))], 400, "no file name"),
        (vec![Part::file("\u{202e}\u{feff} ", "a")], 400, "no file name"),
        (vec![data(), Part::options(&many)], 400, "at most 1000"),
        (vec![Part::options(&many), data()], 400, "at most 1000"),
        (vec![data(), Part::options(&" ".repeat((1 << 20) + 1))], 413, "1048576 bytes"),
        (vec![data(), raw(&format!("{disposition}\"options\"\nContent-Type: text/html"))], 415, "application/json"),
        (vec![data(), raw(&format!("{disposition}\"options\"\nContent-Type: text/plain; charset=x"))], 415, "json"),
        (vec![data(), raw("Content-Transfer-Encoding: base64")], 400, "base64"),
        (vec![Part::file(&"x".repeat(64 << 10), "a")], 400, "16384 bytes"),
        (vec![data(), raw("no colon")], 400, "without a colon"),
        (vec![data(), Part::raw(&format!("{disposition}\"more\""), vec![b'x'; 2 << 20])], 400, "neither"),
    ] {
        let (content_type, body) = multipart(&parts);
        let answer = client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await;
        let detail = answer.problem(status);
        assert!(detail.contains(said), "{detail}");
    }
    nothing_is_left(&site).await;
}

#[tokio::test]
async fn a_form_that_is_cut_off_anywhere_is_refused_and_leaves_nothing() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let (content_type, body) = multipart(&[Part::file("a.txt", "some text"), Part::options("[]")]);
    // Without its last line end a form is whole; one byte less and it is not.
    let whole = body.len() - 2;
    for end in (0..whole).step_by(7).chain([whole - 1]) {
        let cut = body.get(..end).unwrap().to_vec();
        let detail = client.post_body(&format!("/jobs/{job}/data"), &content_type, cut).await.problem(400);
        assert!(["ends in the middle", "does not occur"].iter().any(|said| detail.contains(said)), "{end}: {detail}");
    }
    for declared in ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=other"] {
        let detail = client.post_body(&format!("/jobs/{job}/data"), declared, body.clone()).await.problem(400);
        assert!(detail.contains("boundary"), "{detail}");
    }
    nothing_is_left(&site).await;
    client
        .post_body(&format!("/jobs/{job}/data"), &content_type, body.get(..whole).unwrap().to_vec())
        .await
        .expect(201);
}

#[tokio::test]
async fn an_empty_file_is_a_document_of_no_bytes() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let (content_type, body) = multipart(&[Part::file("empty.txt", "")]);
    client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await.expect(201);
    assert_eq!(site.db.count("select count(*) from documents where bytes = 0").await, 1);
}

#[tokio::test]
async fn a_file_name_that_is_too_long_keeps_its_end() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let (content_type, body) = multipart(&[Part::file(&format!("{}.docx", "ä".repeat(5000)), "x")]);
    client.post_body(&format!("/jobs/{job}/data"), &content_type, body).await.expect(201);
    let kept = "select count(*) from documents where length(file_name) = 1000 and file_name like '%ä.docx'";
    assert_eq!(site.db.count(kept).await, 1);
}
