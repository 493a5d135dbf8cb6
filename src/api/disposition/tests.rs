use proptest::prelude::*;

use super::*;

/// Checks which file a header names, always in the field `data`.
fn check(header: impl AsRef<[u8]>, expected: &str) {
    let shown = String::from_utf8_lossy(header.as_ref()).into_owned();
    let found = Disposition::parse(header.as_ref());
    assert_eq!(found.name.as_deref(), Some("data"), "{shown}");
    assert_eq!(found.file_name.as_deref().unwrap_or("(none)"), expected, "{shown}");
}

#[test]
fn the_extended_name_wins_over_the_plain_one_wherever_it_stands() {
    check("form-data; name=\"data\"; filename=\"B.docx\"; filename*=UTF-8''f%C3%BCr%20M.docx", "für M.docx");
    check("form-data; filename*=utf-8'de'f%c3%bcr.docx; name=data; filename=B.docx", "für.docx");
    check("form-data; name=data; filename*=\"UTF-8''f%C3%BCr.docx\"", "für.docx");
    check("form-data; name=data; FileName*=iso-8859-1''f%FCr.docx", "für.docx");
    check("form-data; name=data; filename*=shift_jis''%8E%91%97%BF.pdf", "資料.pdf");
    check("form-data; name=data; filename*=UTF-8''für.docx", "für.docx");
}

#[test]
fn an_answer_is_named_in_all_the_ways_that_hosts_know() {
    for (value, name) in [
        ("attachment; filename=\"a b.pdf\"", Some("a b.pdf")),
        ("attachment; filename=a.pdf", Some("a.pdf")),
        ("attachment;filename=a.pdf;size=3", Some("a.pdf")),
        ("attachment; FileName = \"a.pdf\" ; size=3", Some("a.pdf")),
        ("attachment; filename=\"a; filename=b.pdf\"", Some("a; filename=b.pdf")),
        ("attachment; x=\"; filename=b.pdf\"; filename=c.pdf", Some("c.pdf")),
        ("attachment; bare; filename=c.pdf", Some("c.pdf")),
        (r#"attachment; filename="a \"b\" \\ c.pdf""#, Some(r#"a "b" \ c.pdf"#)),
        (r#"attachment; filename="C:\temp\a.pdf""#, Some(r"C:\temp\a.pdf")),
        ("attachment; filename=\"open", Some("open")),
        ("attachment; filename=\"a.pdf\"; filename*=UTF-8''%C3%BC.pdf", Some("ü.pdf")),
        ("attachment; filename*=iso-8859-1'de'%FC.pdf", Some("ü.pdf")),
        ("attachment; filename=\"a.pdf\"; filename*=UTF-8''%zz", Some("a.pdf")),
        ("attachment; filename=\"\"", None),
        ("attachment; filename=", None),
        ("attachment", None),
        ("", None),
    ] {
        assert_eq!(
            offered(&HeaderMap::from_iter([(header::CONTENT_DISPOSITION, value.parse().unwrap())])).as_deref(),
            name,
            "{value}"
        );
    }
    assert_eq!(offered(&HeaderMap::new()), None);
    for bytes in ["attachment; filename=\"ü.pdf\"".as_bytes(), b"attachment; filename=\"\xfc.pdf\""] {
        let value = axum::http::HeaderValue::from_bytes(bytes).unwrap();
        let headers = HeaderMap::from_iter([(header::CONTENT_DISPOSITION, value)]);
        assert_eq!(offered(&headers).as_deref(), Some("ü.pdf"));
    }
}

#[test]
fn a_broken_extended_name_leaves_the_plain_one() {
    for broken in
        ["UTF-8''%zz", "UTF-8''%ff", "UTF-8''100%", "UTF-8''%4", "UTF-8''%+4", "UTF-9''a", "a.pdf", "UTF-8''", ""]
    {
        check(format!("form-data; name=\"data\"; filename=\"a.pdf\"; filename*={broken}"), "a.pdf");
    }
}

#[test]
fn browsers_send_letters_as_they_are_and_escape_three_signs() {
    check("form-data; name=\"data\"; filename=\"Brief für Müller.docx\"", "Brief für Müller.docx");
    check("form-data; name=\"data\"; filename=\"a%22b%22.pdf\"", "a\"b\".pdf");
    check("form-data; name=\"data\"; filename=\"a%0D%0Ab.pdf\"", "a\r\nb.pdf");
    check("form-data; name=\"data\"; filename=\"100%25 a%20b.pdf\"", "100%25 a%20b.pdf");
    // Firefox before 2021.
    check("form-data; name=\"data\"; filename=\"a\\\"b\\\".pdf\"", "a\"b\".pdf");
}

#[test]
fn paths_of_old_browsers_stay_whole() {
    check("form-data; name=\"data\"; filename=\"C:\\dir\\a.doc\"", "C:\\dir\\a.doc");
    // Go and curl escape the backslash.
    check("form-data; name=\"data\"; filename=\"C:\\\\dir\\\\a.doc\"", "C:\\dir\\a.doc");
    check("form-data; name=\"data\"; filename=\"../../etc/passwd\"", "../../etc/passwd");
}

#[test]
fn names_may_be_without_quotes_and_spaces_around_the_sign() {
    check("form-data; name=data; filename=letter.docx; filename*=utf-8''letter.docx", "letter.docx");
    check("form-data; name=data; filename=my letter.docx", "my letter.docx");
    check("form-data ; name = data ; filename = \"a.txt\" ;", "a.txt");
    check("form-data;name=data;filename=a.txt", "a.txt");
    check("name=data; filename=a.txt", "a.txt");
    check("Form-Data; NAME=\"data\"; FILENAME=\"a.txt\"", "a.txt");
}

#[test]
fn signs_of_the_header_may_stand_inside_quotes() {
    check("form-data; filename=\"a; name=x; filename*=b.pdf\"; name=\"data\"", "a; name=x; filename*=b.pdf");
    check("form-data; name=\"data\"; filename=\"a=b.pdf\"", "a=b.pdf");
    check("form-data; name=\"data\"; filename=\"a \"quoted\" word.pdf\"", "a \"quoted\" word.pdf");
    check("form-data; name=\"data\"; filename=\"never closed.pdf", "never closed.pdf");
}

#[test]
fn encoded_words_are_read() {
    check("form-data; name=data; filename=\"=?utf-8?B?w7xiZXIucGRm?=\"", "über.pdf");
    check("form-data; name=data; filename==?utf-8?B?w7xiZXIucGRm?=", "über.pdf");
    check("form-data; name=data; filename=\"=?UTF-8?Q?=C3=BCber_uns.pdf?=\"", "über uns.pdf");
    check("form-data; name=data; filename=\"=?iso-8859-1?q?=FCber?= =?utf-8?b?LnBkZg==?=\"", "über.pdf");
    // What is no encoded word stays as it is.
    check("form-data; name=data; filename=\"=?utf-8?B?%%%?=\"", "=?utf-8?B?%%%?=");
    check("form-data; name=data; filename=\"a =?utf-8?B?w7w=?=\"", "a =?utf-8?B?w7w=?=");
}

#[test]
fn names_in_other_bytes_than_utf_8_are_read_as_western() {
    check(b"form-data; name=\"data\"; filename=\"M\xfcller \x80.pdf\"", "Müller €.pdf");
    check("form-data; name=\"data\"; filename=\"?.docx\"", "?.docx");
}

#[test]
fn a_name_may_be_cut_into_pieces() {
    check("form-data; name=data; filename*0=\"one \"; filename*1=\"two.pdf\"", "one two.pdf");
    check("form-data; name=data; filename*1*=%BCr.pdf; filename*0*=utf-8''f%C3", "für.pdf");
    check("form-data; name=data; filename*0*=utf-8''f%C3%BC; filename*1=\"r.pdf\"", "für.pdf");
    check("form-data; name=data; filename*0*=utf-8''%zz; filename=a.pdf", "a.pdf");
}

#[test]
fn an_empty_name_is_none() {
    for header in ["form-data; name=data", "form-data; name=data; filename=\"\"", "form-data; name=data; filename= ; "]
    {
        check(header, "(none)");
    }
    assert_eq!(Disposition::parse(b""), Disposition::default());
    assert_eq!(Disposition::parse(b"form-data"), Disposition::default());
}

#[test]
fn other_headers_than_those_of_forms_are_read_too() {
    for (header, name) in [
        ("attachment; filename=\"a b.pdf\"", Some("a b.pdf")),
        ("attachment;filename=a.pdf;size=3", Some("a.pdf")),
        ("attachment; x=\"; filename=b.pdf\"; filename=c.pdf", Some("c.pdf")),
        ("attachment; bare; filename=c.pdf", Some("c.pdf")),
        ("inline; filename*=iso-8859-1'de'%FC.pdf", Some("ü.pdf")),
        ("attachment; filename=", None),
        ("attachment", None),
    ] {
        assert_eq!(Disposition::parse(header.as_bytes()).file_name.as_deref(), name, "{header}");
    }
}

proptest! {
    #[test]
    fn a_name_offered_is_the_name_read(name in "[^\0-\x1f\x7f]{1,40}") {
        prop_assume!(!name.trim().is_empty());
        prop_assert_eq!(Disposition::parse(attachment(&name).as_bytes()).file_name, Some(name));
    }

    #[test]
    fn no_header_makes_the_reader_panic(header in prop::collection::vec(any::<u8>(), 0..80)) {
        Disposition::parse(&header);
    }

    #[test]
    fn no_header_of_the_signs_that_matter_makes_the_reader_panic(header in "(filename|\\*|0|name|=|\"|\\\\|;| |'|%|\\?|utf-8|a){0,30}") {
        Disposition::parse(header.as_bytes());
    }
}
