use std::io::{Cursor, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::domain::Severity;

const DOCX_TYPES: &str = "<Types><Override PartName=\"/word/document.xml\" ContentType=\
    \"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";

fn check(bytes: &[u8], name: &str, expected: Format) -> Detected {
    let detected = detect(bytes, name, None).expect("the type is found");
    assert_eq!(detected.format, expected, "of {name}");
    detected
}

fn check_refused(bytes: &[u8], name: &str, reason: &str) {
    let error = detect(bytes, name, None).expect_err("the file is refused");
    assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains(reason), "{error}");
}

fn package(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, body) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(body.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    for (name, body) in streams {
        file.create_stream(name).unwrap().write_all(body).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

#[test]
fn an_empty_file_is_refused() {
    check_refused(b"", "a.docx", "the file is empty");
}

#[test]
fn content_wins_over_the_name_and_the_client_is_told() {
    let detected = check(b"%PDF-1.4\n", "a.docx", Format::Pdf);
    let messages: Vec<_> = detected.events.iter().map(|event| event.message.as_str()).collect();
    assert_eq!(messages, ["The file name says Word document, the content is a PDF; it was converted as a PDF."]);
    let docx = package(&[("[Content_Types].xml", DOCX_TYPES), ("word/document.xml", "<w/>")]);
    let detected = check(&docx, "a.doc", Format::Docx);
    assert!(detected.events[0].message.starts_with("The file name says doc, the content is docx"));
}

#[test]
fn a_declared_type_counts_where_the_name_says_nothing() {
    let told = |name: &str, declared: &str, content: &[u8]| {
        let detected = detect(content, name, Some(declared)).unwrap();
        detected.events.into_iter().map(|event| (event.severity, event.message)).collect::<Vec<_>>()
    };
    let wrong = "The declared type says PNG image, the content is a PDF; it was converted as a PDF.".to_owned();
    assert_eq!(told("scan", "image/png", b"%PDF-1.4\n"), [(Severity::Info, wrong)]);
    assert_eq!(told("scan.pdf", "image/png", b"%PDF-1.4\n"), []);
    assert_eq!(told("scan", "application/pdf", b"%PDF-1.4\n"), []);
    let by_type = "The file name says no type; by its declared type it is a CSV table.".to_owned();
    assert_eq!(told("scan", "text/csv", b"a,b\n1,2\n"), [(Severity::Info, by_type)]);
}

#[test]
fn what_a_file_without_a_telling_name_was_taken_for_is_told() {
    let detected = check(b"%PDF-1.4\n", "scan.xyz", Format::Pdf);
    assert_eq!(detected.events[0].message, "The file name says no type; by its content it is a PDF.");
    assert_eq!(detected.events[0].severity, Severity::Info);
}

#[test]
fn harmless_differences_are_not_told() {
    let docx = package(&[("[Content_Types].xml", DOCX_TYPES), ("word/document.xml", "<w/>")]);
    assert!(check(&docx, "a.docm", Format::Docx).events.is_empty());
    assert!(check(b"\xff\xd8\xff\xe0", "a.JFIF", Format::Jpeg).events.is_empty());
    assert!(check(b"# Heading\n", "a.md", Format::Markdown).events.is_empty());
}

#[test]
fn bytes_of_no_known_type_under_a_known_name_are_refused() {
    let noise: Vec<u8> =
        (0..2_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0]).collect();
    check_refused(&noise, "a.docx", "the name says a Word document, the content is of no known type");
    check(&noise, "a", Format::Unknown);
    check(&noise, "a.txt", Format::Text);
}

#[test]
fn a_package_that_is_cut_off_is_refused_under_an_office_name() {
    let whole = package(&[("[Content_Types].xml", DOCX_TYPES), ("word/document.xml", "<w/>")]);
    let half = &whole[..whole.len() / 2];
    check_refused(half, "a.docx", "the directory of its package is missing or broken");
    check(half, "a.zip", Format::Zip);
}

#[test]
fn an_office_package_with_entities_is_refused() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
    let docx = package(&[("[Content_Types].xml", DOCX_TYPES), ("word/document.xml", bomb)]);
    check_refused(&docx, "a.docx", "it defines XML entities");
}

#[test]
fn a_binary_workbook_differs_from_one_with_binary_parts() {
    let default =
        "<Default Extension=\"bin\" ContentType=\"application/vnd.ms-excel.sheet.binary.macroEnabled.main\"/>";
    let main = "<Override ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>";
    check(&package(&[("[Content_Types].xml", default)]), "a.xlsb", Format::Xlsb);
    check(&package(&[("[Content_Types].xml", &format!("{default}{main}"))]), "a.xlsx", Format::Xlsx);
}

#[test]
fn an_open_document_says_when_it_is_encrypted() {
    let kind = ("mimetype", "application/vnd.oasis.opendocument.text-template");
    let open = package(&[kind, ("META-INF/manifest.xml", "<manifest/>")]);
    assert!(!check(&open, "a.ott", Format::Odt).encrypted);
    let closed = package(&[kind, ("META-INF/manifest.xml", "<manifest:encryption-data/>")]);
    assert!(check(&closed, "a.odt", Format::Odt).encrypted);
}

#[test]
fn streams_tell_what_a_compound_file_is_and_whether_it_is_encrypted() {
    let mut word = [0; 64];
    assert!(!check(&compound(&[("WordDocument", &word)]), "a.doc", Format::Doc).encrypted);
    word[11] = 1;
    assert!(check(&compound(&[("WordDocument", &word)]), "a.doc", Format::Doc).encrypted);
    let workbook = b"\x09\x08\x02\0\0\0\x2f\0\0\0";
    assert!(check(&compound(&[("Workbook", workbook)]), "a.xls", Format::Xls).encrypted);
    let user = b"\0\0\xf6\x0f\x14\0\0\0\x14\0\0\0\xdf\xc4\xd1\xf3";
    let presentation = compound(&[("PowerPoint Document", b""), ("Current User", user)]);
    assert!(check(&presentation, "a.ppt", Format::Ppt).encrypted);
    assert!(check(&compound(&[("EncryptedPackage", b"")]), "a.xlsx", Format::EncryptedOffice).events.is_empty());
    check(&compound(&[("__properties_version1.0", b"")]), "a.msg", Format::Msg);
}

#[test]
fn roots_tell_kinds_of_markup_apart() {
    check(b"<!-- a > b --><svg xmlns='http://www.w3.org/2000/svg'/>", "a", Format::Svg);
    check(b"<?xml version='1.0'?><!DOCTYPE html [<!ENTITY a 'b'>]><html/>", "a", Format::Html);
    check(
        b"<?xml version='1.0'?><?mso-application progid=\"Word.Document\"?><w:wordDocument/>",
        "a.xml",
        Format::WordXml,
    );
    check(b"<?xml version='1.0'?><other/>", "a", Format::Xml);
    let flat = "<office:document xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' \
                office:mimetype='application/vnd.oasis.opendocument.spreadsheet'>";
    check(flat.as_bytes(), "a", Format::Fods);
    let wide: Vec<u8> = "<html><body>text</body></html>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&wide, "a", Format::Html);
    check(b"<b>not a page</b>", "a.md", Format::Markdown);
}

#[test]
fn header_fields_tell_mail_from_text() {
    let message = b"Received: by x\r\nFrom: a@b\r\nSubject: c\r\n\r\nbody";
    check(message, "a", Format::Eml);
    check(message, "a.txt", Format::Text);
    check(b"Note: buy milk\n", "a", Format::Text);
    check(b"From a@b Mon Jan  1\nFrom: a@b\nTo: c@d\n\nbody", "a", Format::Mbox);
}

#[test]
fn a_mark_of_pdf_may_come_late() {
    check(b"@PJL COMMENT\r\n%PDF-1.4\n", "a", Format::Pdf);
    check(b"A PDF begins with %PDF-1.4\n", "a.txt", Format::Text);
}

#[test]
fn the_declared_type_only_refines() {
    let detected = detect(b"a,b\n1,2\n", "a", Some("text/csv; charset=utf-8")).unwrap();
    assert_eq!(detected.format, Format::Csv);
    let detected = detect(b"%PDF-1.4", "a", Some("text/csv")).unwrap();
    assert_eq!(detected.format, Format::Pdf);
}
