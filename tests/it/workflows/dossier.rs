//! Dossiers: a title page, a table of contents, and the documents.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bindery::{
    domain::limits,
    pdf::{self, outline, text, validate},
};
use hayro::{
    RenderCache, RenderSettings, hayro_interpret::InterpreterSettings, hayro_syntax::Pdf,
    vello_cpu::color::palette::css::WHITE,
};
use serde_json::json;

use crate::support::{Document, Site, client::Finished, documents, pdf::info};

const QUERY: &str = "?workflow=Dossier&name=claim-4711";

/// The text of a page, counted from 0, without the dots that lead from titles to numbers.
fn lines(done: &Finished, page: usize) -> Vec<String> {
    let bytes = &done.file.as_ref().unwrap().body;
    let page = text::extract(bytes, page).unwrap();
    let plain = |line: &text::Line| {
        let text = line.text();
        let words = text.split(' ').filter(|word| !word.is_empty() && !word.chars().all(|c| c == '.'));
        words.collect::<Vec<_>>().join(" ")
    };
    page.lines.iter().map(plain).collect()
}

/// The outline: titles, levels, and pages counted from 1.
fn bookmarks(done: &Finished) -> Vec<(String, usize, usize)> {
    let document = pdf::read(done.file.as_ref().unwrap().body.to_vec(), &[]).unwrap().document;
    let shown = |entry: outline::Entry| (entry.title, entry.level, entry.page.unwrap() + 1);
    outline::read(&document).into_iter().map(shown).collect()
}

/// The pages to which the links of a page lead, each once, counted from 1.
fn led_to(done: &Finished, page: u32) -> Vec<u32> {
    let document = done.pdf();
    let pages = document.get_pages();
    let numbers: HashMap<_, u32> = pages.iter().map(|(number, id)| (*id, *number)).collect();
    let annotations = document.get_dictionary(pages[&page]).unwrap().get(b"Annots").unwrap();
    let annotations = document.dereference(annotations).unwrap().1.as_array().unwrap();
    let target = |link: &lopdf::Object| {
        let link = document.dereference(link).unwrap().1.as_dict().unwrap();
        let place = document.dereference(link.get(b"Dest").unwrap()).unwrap().1.as_array().unwrap();
        numbers[&place[0].as_reference().unwrap()]
    };
    let mut all: Vec<u32> = annotations.iter().map(target).collect();
    all.dedup();
    all
}

/// Makes a dossier of documents with options of their own.
async fn make(
    client: &crate::support::client::Client,
    of_job: &[(&str, &str)],
    inputs: &[(Document, &[(&str, &str)])],
) -> Finished {
    let job = client.create_with(QUERY, of_job).await;
    for (document, options) in inputs {
        client.add_with(&job, document, options).await;
    }
    client.start(&job).await;
    client.finish(&job).await
}

#[tokio::test]
async fn a_dossier_has_a_title_page_contents_and_bookmarks_that_lead_to_its_documents() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let of_job =
        [("DOSSIER-TITLE", "Claim #4711"), ("DOSSIER-SUBTITLE", "*All* papers"), ("TOC-OUTLINE-TITLE", "Papers")];
    let inputs: [(Document, &[(&str, &str)]); 3] = [
        (
            documents::pdf("a.pdf", &[300, 301]),
            &[("DOCUMENT-TITLE", "The report"), ("DOCUMENT-TOC-TITLE", "Report of 2026")],
        ),
        (documents::text("the letter.txt"), &[]),
        (documents::pdf("c.pdf", &[302]), &[("DOCUMENT-OUTLINE-TITLE", "Bookmark"), ("ADD-DOCUMENT-OUTLINE", "false")]),
    ];
    let done = make(&client, &of_job, &inputs).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    assert_eq!(crate::support::pdf::page_count(&done.pdf()), 6);
    assert_eq!(lines(&done, 0), ["Claim #4711", "*All* papers"]);
    assert_eq!(lines(&done, 1), ["Contents", "Report of 2026 3", "the letter 5", "c 6"]);
    assert_eq!(led_to(&done, 2), [3, 5, 6]);
    let expected = [("Papers", 0, 2), ("The report", 0, 3), ("the letter", 0, 5)];
    assert_eq!(bookmarks(&done), expected.map(|(title, level, page)| (title.to_owned(), level, page)));
    assert_eq!(lines(&done, 3), ["4 / 6"], "the number of the page");
    assert_eq!(info(&done.pdf(), "Title").as_deref(), Some("Claim #4711"));
    assert_eq!(done.result["dataList"][0]["fileName"], "claim-4711.pdf");
}

#[tokio::test]
async fn without_options_a_dossier_is_called_like_its_job_and_each_document_like_its_file() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let entries = [documents::pdf("in it.pdf", &[300]), documents::pdf("folder/also.pdf", &[301])];
    // What is said of a container is not said of what it holds.
    let inputs: [(Document, &[(&str, &str)]); 2] = [
        (documents::archive("all.zip", &entries), &[("DOCUMENT-TITLE", "All")]),
        (documents::pdf("last.pdf", &[302]), &[]),
    ];
    let done = make(&client, &[], &inputs).await;
    assert_eq!(lines(&done, 0), ["claim-4711"]);
    assert_eq!(lines(&done, 1), ["Contents", "in it 3", "also 4", "last 5"]);
}

#[tokio::test]
async fn an_option_on_the_wrong_level_or_of_another_workflow_ends_the_job_with_its_name() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let one = |options: &'static [(&'static str, &'static str)]| [(documents::text("a.txt"), options)];
    let on_document = make(&client, &[], &one(&[("DOSSIER-TITLE", "x")])).await.error();
    assert_eq!(on_document.0, "option");
    assert!(on_document.1.contains("'DOSSIER-TITLE' belongs to the job"), "{}", on_document.1);
    let on_job = make(&client, &[("DOCUMENT-TITLE", "x")], &one(&[])).await.error();
    assert!(on_job.1.contains("'DOCUMENT-TITLE' belongs to a document"), "{}", on_job.1);
    let no_boolean = make(&client, &[], &one(&[("ADD-DOCUMENT-OUTLINE", "maybe")])).await.error();
    assert!(no_boolean.1.contains("true or false"), "{}", no_boolean.1);
    let other = client.convert_with("", &[("DOSSIER-TITLE", "x")], &[documents::text("a.txt")]).await.error();
    assert!(other.1.contains("does not belong to the workflow"), "{}", other.1);
}

#[tokio::test]
async fn a_profile_makes_a_dossier_pdfa_that_keeps_structure_and_links() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let stamp = json!({ "content": { "type": "text", "text": "[document.title] of [custom:DOSSIER-TITLE]" } });
    for pdfa in ["pdfa1", "pdfa2", "pdfa3"] {
        site.set_profile("Dossier", &json!({ "pdfa": pdfa, "stamps": [stamp], "stampContents": true })).await;
        // One process a profile: each keeps the version that it has read.
        let _work = site.work();
        let inputs: [(Document, &[(&str, &str)]); 2] =
            [(documents::text("a.txt"), &[("DOCUMENT-STAMP-TITLE", "Page")]), (documents::text("b.txt"), &[])];
        let done = make(&client, &[("DOSSIER-TITLE", "All")], &inputs).await;
        let bytes = &done.file.as_ref().unwrap_or_else(|| panic!("{}", done.result)).body;
        let claimed = validate::claimed(bytes).unwrap();
        assert_eq!(validate::validate(bytes, claimed).failed, [], "{pdfa}");
        let part = pdfa.replace("pdfa", "PDF/A-");
        assert!(claimed.to_string().starts_with(&part), "{claimed} instead of {part}");
        assert_eq!(claimed.to_string(), format!("{part}a"));
        let catalog = done.pdf().catalog().unwrap().clone();
        assert!(catalog.has(b"StructTreeRoot") && catalog.has(b"Outlines"), "{pdfa}");
        assert_eq!(led_to(&done, 2), [3, 4], "{pdfa}");
        assert!(lines(&done, 2).iter().any(|line| line == "Page of All"), "{pdfa}: {:?}", lines(&done, 2));
        assert!(lines(&done, 1).iter().any(|line| line == "All of All"), "{pdfa}: {:?}", lines(&done, 1));
    }
}

#[tokio::test]
async fn a_stamp_with_a_placeholder_without_a_value_ends_a_dossier_as_it_ends_other_jobs() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let stamp = json!({ "name": "number", "content": { "type": "text", "text": "[custom:CASE]" } });
    let profile = json!({ "workflow": "Dossier", "name": "numbered", "settings": { "stamps": [stamp] } });
    assert_eq!(super::profiles::apply(&site, &profile).0, 0);
    let query = format!("{QUERY}&profile=numbered");
    let (code, message) = client.convert_with(&query, &[], &[documents::text("a.txt")]).await.error();
    assert_eq!(code, "option", "{message}");
    assert!(message.contains("number") && message.contains("CASE"), "{message}");
}

/// What a point of a page looks like, in points from its upper left corner.
fn colour(done: &Finished, page: usize, x: u16, y: u16) -> [u8; 3] {
    let pdf = Pdf::new(done.file.as_ref().unwrap_or_else(|| panic!("{}", done.result)).body.to_vec()).unwrap();
    let settings = RenderSettings { bg_color: WHITE, ..RenderSettings::default() };
    let drawn = hayro::render(&pdf.pages()[page], &RenderCache::new(), &InterpreterSettings::default(), &settings);
    let pixel = drawn.data()[usize::from(y) * usize::from(drawn.width()) + usize::from(x)];
    [pixel.r, pixel.g, pixel.b]
}

#[tokio::test]
async fn a_pdf_of_the_profile_is_drawn_behind_the_title_page_and_the_table_of_contents() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    // 300 by 200 points with a square near the lower left corner: in the middle of the paper and twice as large. The version
    // is newer than that of what is made.
    let mut background = documents::pdf("back.pdf", &[300, 400]).bytes;
    background[5..8].copy_from_slice(b"2.0");
    let background = json!(STANDARD.encode(background));
    let pages = json!({ "background": background });
    for pdfa in [json!(null), json!("pdfa1"), json!("pdfa2"), json!("pdfa3")] {
        let settings = json!({ "titlePage": pages, "tableOfContents": pages, "pdfa": pdfa });
        site.set_profile("Dossier", &settings).await;
        // One process a profile: each keeps the version that it has read.
        let _work = site.work();
        let done = make(&client, &[], &[(documents::text("a.txt"), &[])]).await;
        assert_eq!(done.result["status"], "success", "{pdfa}: {}", done.result);
        assert_eq!(done.result["events"].as_array().map_or(0, Vec::len), 0, "{pdfa}: {}", done.result);
        assert_eq!(lines(&done, 0), ["claim-4711"]);
        assert_eq!(led_to(&done, 2), [3]);
        for page in [0, 1] {
            let near = |found: [u8; 3], wanted: [u8; 3]| {
                found.iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) < 8)
            };
            let inside = [(42, 577), (155, 577), (42, 464), (155, 464)].map(|(x, y)| colour(&done, page, x, y));
            assert!(inside.iter().all(|found| near(*found, [51, 102, 153])), "{pdfa} {page}: {inside:?}");
            let around = [(36, 577), (163, 577), (100, 583), (100, 456)].map(|(x, y)| colour(&done, page, x, y));
            assert!(around.iter().all(|found| near(*found, [255; 3])), "{pdfa} {page}: {around:?}");
        }
        if let Some(part) = pdfa.as_str() {
            let bytes = &done.file.as_ref().unwrap().body;
            let claimed = validate::claimed(bytes).unwrap();
            assert_eq!(validate::validate(bytes, claimed).failed, [], "{part}");
            assert_eq!(claimed.to_string(), format!("{}a", part.replace("pdfa", "PDF/A-")));
        }
    }
}

#[tokio::test]
async fn a_background_that_cannot_be_drawn_ends_the_job_and_one_that_is_no_pdf_is_refused_with_its_name() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let named = |name: &str, page: &str, bytes: &[u8]| {
        let settings = json!({ page: { "background": STANDARD.encode(bytes) } });
        json!({ "workflow": "Dossier", "name": name, "settings": settings })
    };
    let encrypted = documents::encrypted_pdf("secret.pdf", "sesame").bytes;
    for (name, page, bytes, why) in [
        ("broken", "titlePage", &b"%PDF-1.7 and nothing else"[..], "damaged"),
        ("encrypted", "tableOfContents", &encrypted, "password"),
    ] {
        assert_eq!(super::profiles::apply(&site, &named(name, page, bytes)).0, 0);
        let query = format!("{QUERY}&profile={name}");
        let (code, message) = client.convert_with(&query, &[], &[documents::text("a.txt")]).await.error();
        assert_eq!(code, "configuration", "{message}");
        assert!(message.contains("behind the title page") && message.contains(why), "{message}");
    }
    for page in ["titlePage", "tableOfContents"] {
        let (code, said) = super::profiles::apply(&site, &named("text", page, b"text"));
        assert!(code != 0 && said.contains(&format!("{page}.background")), "{said}");
    }
    let no_base64 = json!({ "workflow": "Dossier", "name": "x", "settings": { "titlePage": { "background": "!" } } });
    let (code, said) = super::profiles::apply(&site, &no_base64);
    assert!(code != 0 && said.contains("titlePage.background"), "{said}");
}

/// A PDF of so many bytes.
fn of_size(bytes: usize) -> Vec<u8> {
    let written = |padding: usize| {
        let mut document = pdf::read(documents::pdf("back.pdf", &[300]).bytes, &[]).unwrap().document;
        let stream = lopdf::Stream::new(lopdf::Dictionary::new(), vec![b'0'; padding]).with_compression(false);
        let stream = document.add_object(stream);
        document.catalog_mut().unwrap().set("Padding", stream);
        let mut out = Vec::new();
        document.save_to(&mut out).unwrap();
        out
    };
    let beside = written(bytes / 2).len() - bytes / 2;
    let found = written(bytes - beside);
    assert_eq!(found.len(), bytes);
    found
}

#[tokio::test]
async fn the_largest_images_and_backgrounds_that_a_profile_takes_reach_its_jobs_and_larger_ones_are_refused() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let picture = documents::png("a.png").bytes;
    // What comes behind its end is no part of a picture.
    let image = |bytes: usize| {
        let data = STANDARD.encode([&picture[..], &vec![b'0'; bytes - picture.len()]].concat());
        json!({ "content": { "type": "image", "data": data, "width": 20.0 } })
    };
    let background = json!(STANDARD.encode(of_size(limits::BACKGROUND_BYTES_MAX)));
    let profile = |bytes: usize| {
        let half = limits::STAMP_IMAGES_BYTES_MAX / 2;
        json!({ "workflow": "Dossier", "name": "large", "settings": {
            "stamps": [image(half), image(bytes - half)],
            "titlePage": { "background": background }, "tableOfContents": { "background": background },
        } })
    };
    let (code, said) = super::profiles::apply(&site, &profile(limits::STAMP_IMAGES_BYTES_MAX + 1));
    assert!(code != 0 && said.contains("`stamps`") && said.contains("16 MiB"), "{said}");
    assert_eq!(super::profiles::apply(&site, &profile(limits::STAMP_IMAGES_BYTES_MAX)).0, 0);
    let done = client.convert_with("?workflow=Dossier&profile=large", &[], &[documents::pdf("a.pdf", &[300])]).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
}
