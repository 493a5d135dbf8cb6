//! Lists of options as they come: JSON or XML, by the content type.

use crate::support::{
    Client, Site,
    client::{Part, multipart},
};

const LIST: &str = "<options><option><name>DOC.PASSWORD</name><value>a &lt; b</value></option>\
                    <option><name>DOC.PASSWORD</name><value><![CDATA[<&>]]></value></option>\
                    <option><name>META.TITLE</name><value>Gr\u{FC}\u{DF}e</value></option></options>";

const STORED: &str = "select count(*) from job_options where (ordinal, name, value) in
    ((1, 'DOC.PASSWORD', 'a < b'), (2, 'DOC.PASSWORD', '<&>'), (3, 'META.TITLE', 'Gr\u{FC}\u{DF}e'))";

async fn create(client: &Client, content_type: &str, body: impl Into<reqwest::Body>) -> crate::support::Answer {
    client.post_body("/jobs", content_type, body).await
}

#[tokio::test]
async fn a_list_in_xml_is_stored_as_the_same_list_in_json() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let json = r#"[{"name":"DOC.PASSWORD","value":"a < b"},{"name":"DOC.PASSWORD","value":"<&>"},{"name":"META.TITLE","value":"Grüße"}]"#;
    create(&client, "application/json", json).await.expect(201);
    let from = site.db.count(STORED).await;
    assert_eq!(from, 3);
    let in_namespace = LIST.replace("</", "</o:").replace("<o", "<o:o").replace("<n", "<o:n").replace("<v", "<o:v");
    let in_namespace = in_namespace.replacen("<o:options>", "<o:options xmlns:o=\"urn:x\">", 1);
    let utf_16: Vec<u8> = format!("\u{FEFF}{LIST}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut lists = 1;
    for (content_type, body) in [
        ("application/xml", LIST.as_bytes().to_vec()),
        ("text/xml; charset=UTF-8", format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n{LIST}").into_bytes()),
        ("application/xml", in_namespace.into_bytes()),
        ("application/xml; charset=utf-16", utf_16),
    ] {
        create(&client, content_type, body).await.expect(201);
        lists += 1;
        assert_eq!(site.db.count(STORED).await, 3 * lists, "{content_type}");
    }
}

#[tokio::test]
async fn a_list_in_xml_that_cannot_be_read_is_a_bad_request_that_says_why() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    for (body, said) in [
        ("<!DOCTYPE o [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><o>&x;</o>", "document type"),
        ("<o><option><name>a</name><value>&x;</value></option></o>", "'x'"),
        ("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><o/>", "ISO-8859-1"),
        ("<o><option><name>a</name></option></o>", "'value'"),
        ("<o><option>", "ends inside"),
        ("[]", "text"),
        (&"<o>".repeat(50), "'option'"),
    ] {
        let detail = create(&client, "application/xml", body.to_owned()).await.problem(400);
        assert!(detail.contains("XML") && detail.contains(said), "{detail}");
    }
    let too_many: String = (0..1001).map(|_| "<option><name>a</name><value>b</value></option>").collect();
    create(&client, "application/xml", format!("<o>{too_many}</o>")).await.problem(400);
    create(&client, "application/xml", vec![b' '; (1 << 20) + 1]).await.problem(413);
    assert_eq!(site.db.count("select count(*) from jobs").await, 0);
}

#[tokio::test]
async fn the_content_type_decides_and_any_other_is_refused_even_without_a_body() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    for declared in [
        "application/json",
        "application/xml",
        "text/xml",
        "Application/XML;charset=\"utf-8\"",
        "application/json;charset=latin1",
    ] {
        create(&client, declared, "").await.expect(201);
        create(&client, declared, " \r\n").await.expect(201);
    }
    create(&client, "application/xml", "[]").await.problem(400);
    create(&client, "application/json", "<o/>").await.problem(400);
    for declared in
        ["text/plain", "application/x-www-form-urlencoded", "application/xhtml+xml", "json", "text/xml;charset=latin1"]
    {
        for body in ["", "[]", "<o/>"] {
            let detail = create(&client, declared, body).await.problem(415);
            assert!(detail.contains("application/json") || detail.contains("UTF-8"), "{detail}");
        }
    }
    let request =
        client.request(reqwest::Method::POST, "/jobs").header("content-type", b"text/\xFF".as_slice()).body("[]");
    client.send(request).await.problem(415);
}

#[tokio::test]
async fn the_options_of_a_document_are_read_as_they_are_declared() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let job = client.create().await;
    let path = format!("/jobs/{job}/data");
    let json = r#"[{"name":"DOC.PASSWORD","value":"a < b"},{"name":"DOC.PASSWORD","value":"<&>"},{"name":"META.TITLE","value":"Grüße"}]"#;
    let utf_16: Vec<u8> = format!("\u{FEFF}{LIST}").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut lists = 0;
    for (declared, list) in [
        ("application/json", json.as_bytes().to_vec()),
        ("application/xml", LIST.as_bytes().to_vec()),
        ("text/xml; charset=utf-8", LIST.as_bytes().to_vec()),
        ("application/xml; charset=utf-16", utf_16),
    ] {
        let headers = format!("Content-Disposition: form-data; name=\"options\"\nContent-Type: {declared}");
        let (content_type, body) = multipart(&[Part::raw(&headers, list), Part::file("a.txt", "a")]);
        client.post_body(&path, &content_type, body).await.expect(201);
        lists += 1;
        assert_eq!(site.db.count(STORED).await, 3 * lists, "{declared}");
    }
    for (declared, list) in [("application/xml", json), ("application/xml", "<o><option>"), ("application/json", LIST)]
    {
        let headers = format!("Content-Disposition: form-data; name=\"options\"\nContent-Type: {declared}");
        let (content_type, body) = multipart(&[Part::file("a.txt", "a"), Part::raw(&headers, list)]);
        client.post_body(&path, &content_type, body).await.problem(400);
    }
    assert_eq!(site.db.count("select count(*) from documents").await, lists);
}
