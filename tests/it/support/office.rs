//! Office documents that show what becomes of their hidden sides.

use std::io::{Cursor, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::documents::{Document, file};

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";
const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const NAMESPACES: &str = r#"xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0" xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" xmlns:ooo="http://openoffice.org/2004/office" xmlns:dom="http://www.w3.org/2001/xml-events""#;

fn package(name: &str, parts: &[(&str, String)]) -> Document {
    let mut package = ZipWriter::new(Cursor::new(Vec::new()));
    for (part, content) in parts {
        package.start_file(*part, SimpleFileOptions::default()).unwrap();
        package.write_all(content.as_bytes()).unwrap();
    }
    file(name, package.finish().unwrap().into_inner())
}

fn types(overrides: &[(&str, &str)]) -> (&'static str, String) {
    let overrides: String = overrides
        .iter()
        .map(|(part, kind)| format!(r#"<Override PartName="/{part}" ContentType="{kind}+xml"/>"#))
        .collect();
    let types = format!(
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{overrides}</Types>"#
    );
    ("[Content_Types].xml", types)
}

fn relations(part: &'static str, targets: &[(&str, &str)]) -> (&'static str, String) {
    let targets: String = targets
        .iter()
        .enumerate()
        .map(|(place, (kind, target))| {
            let mode = if target.contains(':') { r#" TargetMode="External""# } else { "" };
            format!(r#"<Relationship Id="rId{}" Type="{RELATIONS}/{kind}" Target="{target}"{mode}/>"#, place + 1)
        })
        .collect();
    let text = format!(
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{targets}</Relationships>"#
    );
    (part, text)
}

/// A Word document with a body, what belongs to it, and settings.
fn word(name: &str, body: &str, related: &[(&str, &str)], settings: &str, comments: &str) -> Document {
    let main = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"";
    let mut all = vec![("settings", "settings.xml"), ("comments", "comments.xml")];
    all.extend_from_slice(related);
    package(
        name,
        &[
            types(&[
                ("word/document.xml", &format!("{WORD}.document.main")),
                ("word/settings.xml", &format!("{WORD}.settings")),
                ("word/comments.xml", &format!("{WORD}.comments")),
            ]),
            relations("_rels/.rels", &[("officeDocument", "word/document.xml")]),
            relations("word/_rels/document.xml.rels", &all),
            (
                "word/document.xml",
                format!(
                    r#"<w:document {main} xmlns:r="{RELATIONS}" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><w:body>{body}<w:sectPr/></w:body></w:document>"#
                ),
            ),
            ("word/settings.xml", format!("<w:settings {main}>{settings}</w:settings>")),
            ("word/comments.xml", format!("<w:comments {main}>{comments}</w:comments>")),
        ],
    )
}

fn run(text: &str) -> String {
    format!("<w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r>")
}

/// A text with one comment, which says "Remark".
pub(crate) fn commented() -> Document {
    let body = format!(
        "<w:p><w:commentRangeStart w:id=\"0\"/>{}<w:commentRangeEnd w:id=\"0\"/><w:r><w:commentReference w:id=\"0\"/></w:r></w:p>",
        run("Text")
    );
    let comment = format!("<w:comment w:id=\"0\" w:author=\"Ann\"><w:p>{}</w:p></w:comment>", run("Remark"));
    word("commented.docx", &body, &[], "", &comment)
}

/// A text in which "cheese" was deleted and "bread" inserted; `shown` as Word says it.
pub(crate) fn tracked(shown: bool) -> Document {
    let body = format!(
        "<w:p>{}<w:del w:id=\"1\" w:author=\"Ann\"><w:r><w:delText>cheese</w:delText></w:r></w:del><w:ins w:id=\"2\" w:author=\"Ann\">{}</w:ins></w:p>",
        run("We buy "),
        run("bread")
    );
    let settings = if shown { "" } else { "<w:revisionView w:markup=\"0\"/>" };
    word("tracked.docx", &body, &[], settings, "")
}

/// A text with pictures that are elsewhere.
pub(crate) fn linked_pictures(urls: &[&str]) -> Document {
    let body: String = (0..urls.len())
        .map(|place| {
            // After settings and comments.
            let id = place + 3;
            format!(
                r#"<w:p><w:r><w:drawing><wp:inline><wp:extent cx="900000" cy="900000"/><wp:docPr id="{id}" name="p"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="{id}" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="rId{id}"/></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="900000" cy="900000"/></a:xfrm><a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"#
            )
        })
        .collect();
    let related: Vec<_> = urls.iter().map(|url| ("image", *url)).collect();
    word("linked.docx", &format!("{body}<w:p>{}</w:p>", run("Own text")), &related, "", "")
}

/// A workbook of sheets: name, state, and the columns and rows that are filled; each cell holds the name of its sheet.
pub(crate) fn workbook(sheets: &[(&str, &str, usize, usize)]) -> Document {
    let kinds: Vec<_> = (1..=sheets.len()).map(|place| format!("xl/worksheets/sheet{place}.xml")).collect();
    let sheet_kind = format!("{SHEET}.worksheet");
    let main_kind = format!("{SHEET}.sheet.main");
    let mut overrides = vec![("xl/workbook.xml", main_kind.as_str())];
    overrides.extend(kinds.iter().map(|part| (part.as_str(), sheet_kind.as_str())));
    let targets: Vec<_> = (1..=sheets.len()).map(|place| format!("worksheets/sheet{place}.xml")).collect();
    let targets: Vec<_> = targets.iter().map(|target| ("worksheet", target.as_str())).collect();
    let listed: String = sheets
        .iter()
        .enumerate()
        .map(|(place, (name, state, ..))| {
            let id = place + 1;
            format!(r#"<sheet name="{name}" sheetId="{id}" state="{state}" r:id="rId{id}"/>"#)
        })
        .collect();
    let main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    let mut parts = vec![
        types(&overrides),
        relations("_rels/.rels", &[("officeDocument", "xl/workbook.xml")]),
        relations("xl/_rels/workbook.xml.rels", &targets),
        ("xl/workbook.xml", format!(r#"<workbook {main} xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>"#)),
    ];
    for (part, (name, _, columns, rows)) in kinds.iter().zip(sheets) {
        let cells = format!("<c t=\"inlineStr\"><is><t>{name}</t></is></c>").repeat(*columns);
        let rows: String = (1..=*rows).map(|row| format!("<row r=\"{row}\">{cells}</row>")).collect();
        parts.push((part, format!("<worksheet {main}><sheetData>{rows}</sheetData></worksheet>")));
    }
    package("book.xlsx", &parts)
}

/// A flat OpenDocument file of a kind, with what stands before its body.
fn flat(name: &str, kind: &str, before: &str, body: &str) -> Document {
    file(
        name,
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><office:document {NAMESPACES} office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.{kind}">{before}<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document>"#
        ),
    )
}

/// A shown slide with notes, and a hidden one.
pub(crate) fn slides() -> Document {
    let frame = |text: &str| {
        format!(
            r#"<draw:frame svg:x="1cm" svg:y="1cm" svg:width="9cm" svg:height="2cm"><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>"#
        )
    };
    let styles = r#"<office:automatic-styles><style:style style:name="hidden" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style></office:automatic-styles>"#;
    let body = format!(
        r#"<draw:page draw:name="a">{}<presentation:notes>{}</presentation:notes></draw:page><draw:page draw:name="b" draw:style-name="hidden">{}</draw:page>"#,
        frame("Shown"),
        frame("Aside"),
        frame("Secret")
    );
    flat("slides.fodp", "presentation", styles, &body)
}

/// A text with a section that is in another file.
pub(crate) fn linked_section(url: &str) -> Document {
    let body = format!(
        r#"<text:p>Own text</text:p><text:section text:name="s"><text:section-source xlink:href="{url}" xlink:type="simple" xlink:show="embed"/><text:p>Stand-in</text:p></text:section>"#
    );
    flat("section.fodt", "text", "", &body)
}

/// A table with a cell that is in another file.
pub(crate) fn linked_cell(url: &str) -> Document {
    let body = format!(
        r#"<table:table table:name="t"><table:table-row><table:table-cell office:value-type="string"><text:p>Own</text:p></table:table-cell><table:table-cell table:formula="of:=['{url}'#$Sheet1.A1]"/></table:table-row></table:table>"#
    );
    flat("cell.fods", "spreadsheet", "", &body)
}

/// A text whose macro is to replace it when it is opened.
pub(crate) fn with_macro() -> Document {
    let before = r#"<office:scripts><office:script script:language="ooo:Basic"><ooo:libraries><ooo:library-embedded ooo:name="Standard"><ooo:module ooo:name="Module1"><ooo:source-code>Sub Main
ThisComponent.Text.String = "Overtaken"
End Sub</ooo:source-code></ooo:module></ooo:library-embedded></ooo:libraries></office:script><office:event-listeners><script:event-listener script:language="ooo:script" script:event-name="dom:load" xlink:href="vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document" xlink:type="simple"/></office:event-listeners></office:scripts>"#;
    flat("macro.fodt", "text", before, "<text:h text:outline-level=\"1\">Own text</text:h>")
}
