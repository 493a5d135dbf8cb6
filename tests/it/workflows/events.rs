//! Every event is shown by a document: of the corpus where it has one, else by one made here.

use std::{collections::BTreeSet, fmt::Write as _};

use bindery::domain::{
    EventCode::{self, *},
    Severity::{self, Error, Info, Warning},
};

use serde_json::json;

use crate::support::{Document, Site, documents};

/// A code with a severity, the workflow, and the documents that show it in one job: of the corpus by their place in it, made here
/// when they have no folder.
type Row = (EventCode, Severity, &'static str, &'static [&'static str]);

const ONE: &str = "Archive%20PDF/A-1";
const TWO: &str = "Archive%20PDF/A-2";
const THREE: &str = "Archive%20PDF/A-3";
/// With files in PDFs as documents of their own.
const APART: &str = "Archive%20PDF/A-3&profile=apart";
/// With a stamp through which the page shows.
const FAINT: &str = "Archive%20PDF/A-1&profile=faint";
const TIFF: &str = "Archive%20TIFF";
const WEB: &str = "Archive%20PDF/A-2&profile=Ready%20for%20Web%20PDF/A-2";

const INTEGRITY: &[Row] = &[
    (Generic, Info, TWO, &["text/sample-korean.txt"]),
    (Generic, Warning, TWO, &["hostile/png-named.pdf"]),
    (Generic, Error, TWO, &["hostile/truncated-half.pdf"]),
    (CorruptionRepaired, Warning, TWO, &["pdf/T03_001_no-cross-reference-table.pdf"]),
    (CorruptionRepaired, Warning, TWO, &["hostile/bomb_giant.pdf"]),
    (CorruptionRepaired, Warning, TWO, &["damaged-annotation.pdf"]),
    (CorruptionRepaired, Warning, TWO, &["hostile/truncated.jpg"]),
    (ContentRecovered, Info, TWO, &["hostile/text-control-characters.txt"]),
    (ContentRecovered, Warning, TWO, &["no-tree.pdf"]),
    (PartialExtraction, Info, TWO, &["images/iss634.gif"]),
    (PartialExtraction, Warning, TWO, &["broken-file.pdf"]),
];

const APPEARANCE: &[Row] = &[
    (ContentClipped, Warning, TWO, &["hostile/svg-external-refs.svg"]),
    (ContentOverflow, Info, TWO, &["hostile/text-control-characters.txt"]),
    (ContentRasterized, Warning, ONE, &["pdf/blendmode.pdf"]),
    (PageRenderer, Warning, TIFF, &["long.pdf"]),
    (VisualDifferences, Info, ONE, &["images/balloon.jp2"]),
    (VisualDifferences, Warning, TWO, &["pdf/xfa_issue14315.pdf"]),
    (Colorants, Info, TWO, &["images/pil_sample_cmyk.jpg"]),
    (Colorants, Warning, TWO, &["bright.avif"]),
    (LayersRemoved, Warning, ONE, &["pdf/visibility_expressions.pdf"]),
    (TransparencyRemoved, Info, ONE, &["images/rgba_16.png"]),
    (TransparencyRemoved, Warning, FAINT, &["blank.pdf"]),
    (FontSubstituted, Info, TWO, &["pdf/text_only_fontsNotEmbedded.pdf"]),
    (FontSubstituted, Warning, TWO, &["pdf/issue8372.pdf"]),
];

const REMOVAL: &[Row] = &[
    (SignatureRemoved, Warning, TWO, &["pdf/digitally-signed.pdf"]),
    (AnnotationRemoved, Warning, TWO, &["hidden-annotation.pdf"]),
    (MultimediaRemoved, Warning, TWO, &["pdf/multimedia_annotations.pdf"]),
    (ActionRemoved, Warning, TWO, &["hostile/pdf-launch-and-uri-actions.pdf"]),
    (ActionRemoved, Info, TWO, &["hostile/markdown-raw-html.md"]),
    (StructureRemoved, Info, TWO, &["pdf/pdfa-2a-pass-6-7-3-4.pdf", "pdf/attachment.pdf"]),
    (StructureRemoved, Warning, ONE, &["tagged-blend.pdf"]),
    (EmbeddedFileRemoved, Warning, TWO, &["pdf/attachment.pdf"]),
    (EmbeddedFileRemoved, Info, TWO, &["litter.zip"]),
];

const OUTSIDE_AND_QUALITY: &[Row] = &[
    (ExternalResourceUnavailable, Warning, TWO, &["hostile/svg-external-refs.svg"]),
    (NotLinearized, Info, WEB, &["much-shared.pdf"]),
    (UnicodesIncomplete, Info, TWO, &["nameless.pdf"]),
];

/// Codes that are shown elsewhere: by `workflows::recognise::a_page_that_cannot_be_recognised_is_named_by_a_warning_and_the_job_goes_on`.
const ELSEWHERE: &[EventCode] = &[OcrIncomplete];

/// A PDF of some objects, of which the first is the catalog.
fn pdf(name: &str, objects: &[String]) -> Document {
    let mut text = "%PDF-1.7\n".to_owned();
    let mut places = String::new();
    for (number, object) in (1..).zip(objects) {
        writeln!(places, "{:010} 00000 n ", text.len()).unwrap();
        write!(text, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let (start, size) = (text.len(), objects.len() + 1);
    write!(text, "xref\n0 {size}\n0000000000 65535 f \n{places}").unwrap();
    write!(text, "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").unwrap();
    documents::file(name, text)
}

/// A PDF of one page, with what the page says, the objects behind it, and the number of the page tree in the catalog.
fn page(name: &str, said: &str, behind: &[String], tree: u8) -> Document {
    let mut objects = vec![
        format!("<< /Type /Catalog /Pages {tree} 0 R >>"),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!("<< /Type /Page /Parent 2 0 R {said} >>"),
    ];
    objects.extend_from_slice(behind);
    pdf(name, &objects)
}

fn stream(content: &str) -> String {
    format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len())
}

/// A glyph of a name that stands for no character.
fn nameless(name: &str) -> Document {
    let font = "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 97 \
                /LastChar 97 /Widths [1000] /CharProcs << /zork 6 0 R >> /Resources << >> \
                /Encoding << /Type /Encoding /Differences [97 /zork] >> >>";
    let said = "/MediaBox [0 0 200 200] /Resources << /Font << /F 4 0 R >> >> /Contents 5 0 R";
    let glyph = "1000 0 0 0 1000 1000 d1 0 0 900 900 re f";
    page(name, said, &[font.to_owned(), stream("BT /F 20 Tf 10 10 Td (a) Tj ET"), stream(glyph)], 2)
}

/// A portfolio of two files, one of which is packed in a way that there is not.
fn broken_file(name: &str) -> Document {
    let files = "/Collection << >> /Names << /EmbeddedFiles << /Names [(bad.txt) 4 0 R (good.txt) 6 0 R] >> >>";
    pdf(
        name,
        &[
            format!("<< /Type /Catalog /Pages 2 0 R {files} >>"),
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>".to_owned(),
            "<< /Type /Filespec /F (bad.txt) /UF (bad.txt) /EF << /F 5 0 R >> >>".to_owned(),
            "<< /Type /EmbeddedFile /Filter /NoSuchFilter /Length 4 >>\nstream\n????\nendstream".to_owned(),
            "<< /Type /Filespec /F (good.txt) /UF (good.txt) /EF << /F 7 0 R >> >>".to_owned(),
            stream("good"),
        ],
    )
}

/// A tagged page on which a colour is mixed with what is behind it.
fn tagged_blend(name: &str) -> Document {
    let content = "/P << /MCID 0 >> BDC 0.9 0.1 0.1 rg 10 10 99 99 re f /M gs 0.1 0.9 0.1 rg 50 50 99 99 re f EMC";
    pdf(
        name,
        &[
            "<< /Type /Catalog /Pages 2 0 R /MarkInfo << /Marked true >> /StructTreeRoot 5 0 R >>".to_owned(),
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /StructParents 0 /Contents 4 0 R \
             /Resources << /ExtGState << /M << /BM /Multiply >> >> >> >>"
                .to_owned(),
            stream(content),
            "<< /Type /StructTreeRoot /K 6 0 R /ParentTree << /Nums [0 [6 0 R]] >> >>".to_owned(),
            "<< /Type /StructElem /S /P /P 5 0 R /Pg 3 0 R /K 0 >>".to_owned(),
        ],
    )
}

/// A picture of the corpus that says of its colours that they are of high dynamic range, in place of its profile.
fn bright(name: &str) -> Option<Document> {
    let mut bytes = std::fs::read(documents::shared("corpus/images")?.join("avif-orientation-6.avif")).unwrap();
    let at = bytes.windows(8).position(|eight| eight == b"colrrICC").unwrap();
    // BT.2020, PQ, BT.601, and the full range.
    bytes[at..at + 15].copy_from_slice(b"colrnclx\0\x09\0\x10\0\x06\x80");
    Some(documents::file(name, bytes))
}

/// Pages that share so many objects that linearising would follow more than its eight million references.
fn much_shared(name: &str) -> Document {
    let (pages, shared) = (1000, 8500);
    let (first, list) = (3 + pages, 3 + pages + shared);
    let numbers = |from: usize, to: usize| (from..to).map(|number| format!("{number} 0 R ")).collect::<String>();
    let kids = numbers(3, first);
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{kids}] /Count {pages} >>"),
    ];
    let page = format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Shared {list} 0 R >>");
    objects.extend(std::iter::repeat_n(page, pages));
    objects.extend((0..shared).map(|number| format!("<< /Number {number} >>")));
    objects.push(format!("[{}]", numbers(first, list)));
    pdf(name, &objects)
}

/// A document of a row; none where it is of the corpus and that is not there.
fn open(name: &str) -> Option<Document> {
    let Some((folder, file)) = name.split_once('/') else {
        return Some(match name {
            "blank.pdf" => page(name, "/MediaBox [0 0 200 200]", &[], 2),
            "broken-file.pdf" => broken_file(name),
            "tagged-blend.pdf" => tagged_blend(name),
            "bright.avif" => return bright(name),
            "litter.zip" => documents::archive(name, &[documents::text("a.txt"), documents::file("Thumbs.db", "x")]),
            "damaged-annotation.pdf" => {
                page(name, "/MediaBox [0 0 200 200] /Annots [4 0 R]", &["<< /Type /Annot (".to_owned()], 2)
            }
            "no-tree.pdf" => page(name, "/MediaBox [0 0 200 200]", &[], 9),
            "long.pdf" => page(name, "/MediaBox [0 0 28800 60]", &[], 2),
            "hidden-annotation.pdf" => {
                let note = "/Annots [<< /Type /Annot /Subtype /Square /Rect [0 0 9 9] /F 2 >>]";
                page(name, &format!("/MediaBox [0 0 200 200] {note}"), &[], 2)
            }
            "nameless.pdf" => nameless(name),
            "much-shared.pdf" => much_shared(name),
            other => panic!("nothing makes {other}"),
        });
    };
    let corpus = documents::shared(&format!("corpus/{folder}"))?;
    Some(documents::file(file, std::fs::read(corpus.join(file)).unwrap()))
}

/// Converts what the rows say, all at once, and says what did not come of it.
async fn show(rows: &[Row]) {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let stamp = json!({ "content": { "type": "text", "text": "draft" }, "opacity": 0.5 });
    let faint = json!({ "workflow": "Archive PDF/A-1", "name": "faint", "settings": { "stamps": [stamp] } });
    assert_eq!(super::profiles::apply(&site, &faint).0, 0);
    let mut begun = Vec::new();
    for row in rows {
        let Some(inputs) = row.3.iter().map(|name| open(name)).collect::<Option<Vec<_>>>() else { continue };
        let job = client.create_with(&format!("?workflow={}", row.2), &[]).await;
        for input in &inputs {
            client.add(&job, input).await;
        }
        client.start(&job).await;
        begun.push((row, job));
    }
    let mut missing = Vec::new();
    for ((code, severity, _, names), job) in begun {
        let result = client.finish(&job).await.result;
        let events = result["events"].as_array().cloned().unwrap_or_default();
        if !events.iter().any(|event| event["code"] == code.as_str() && event["severity"] == severity.as_str()) {
            missing.push(format!("{code}, {severity}, by {names:?}: {result}"));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[tokio::test]
async fn what_is_damaged_or_only_partly_read_is_told() {
    show(INTEGRITY).await;
}

#[tokio::test]
async fn what_looks_otherwise_is_told() {
    show(APPEARANCE).await;
}

#[tokio::test]
async fn what_is_removed_is_told() {
    show(REMOVAL).await;
}

#[tokio::test]
async fn what_is_not_loaded_or_not_as_good_as_it_might_be_is_told() {
    show(OUTSIDE_AND_QUALITY).await;
}

#[test]
fn every_code_has_a_document_that_shows_it() {
    let shown: BTreeSet<_> =
        [INTEGRITY, APPEARANCE, REMOVAL, OUTSIDE_AND_QUALITY].concat().into_iter().map(|row| row.0).collect();
    let unshown: Vec<_> = EventCode::ALL.iter().copied().filter(|code| !shown.contains(code)).collect();
    assert_eq!(unshown, ELSEWHERE, "a code has a row above");
}

#[tokio::test]
async fn a_file_that_is_pinned_to_a_page_is_taken_off_it_and_named_where_it_may_not_stay() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let settings = json!({ "children": { "embedded": "children" } });
    let apart = json!({ "workflow": "Archive PDF/A-3", "name": "apart", "settings": settings });
    assert_eq!(super::profiles::apply(&site, &apart).0, 0);
    let pin = "/Annots [<< /Type /Annot /Subtype /FileAttachment /Rect [9 9 29 29] /F 4 /Contents (see) /FS 4 0 R >>]";
    let file = "<< /Type /Filespec /F (pinned.txt) /UF (pinned.txt) /EF << /F 5 0 R >> >>";
    let behind = [file.to_owned(), stream("pinned")];
    let pinned = page("pinned.pdf", &format!("/MediaBox [0 0 200 200] {pin}"), &behind, 2);
    for (query, pages, stays, is_told) in
        [(ONE, 1, false, true), (TWO, 1, false, true), (THREE, 1, true, false), (APART, 2, false, false)]
    {
        let query = format!("?workflow={query}");
        let done = client.convert_with(&query, &[], std::slice::from_ref(&pinned)).await;
        let pdf = done.pdf();
        assert_eq!(pdf.get_pages().len(), pages, "{query}: {}", done.result);
        let annotations = pdf.get_page_annotations(pdf.get_pages()[&1]).unwrap_or_default();
        let is_pin =
            |held: &&lopdf::Dictionary| held.get(b"Subtype").is_ok_and(|kind| *kind == "FileAttachment".into());
        let has_pin = annotations.iter().any(is_pin);
        assert_eq!(has_pin, stays, "{query}");
        let events = done.result["events"].as_array().cloned().unwrap_or_default();
        let count = |code: EventCode, named: &str| {
            let is_it = |event: &&serde_json::Value| {
                event["code"] == code.as_str() && event["message"].as_str().unwrap().contains(named)
            };
            events.iter().filter(is_it).count()
        };
        let told = [count(EmbeddedFileRemoved, "\"pinned.txt\""), count(AnnotationRemoved, "FileAttachment")];
        assert_eq!(told, [usize::from(is_told); 2], "{query}: {}", done.result);
    }
}
