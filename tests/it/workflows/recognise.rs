//! Text recognition, which a profile asks for. The scans are set in type here, so that what is to be found is known.

use std::{env, fs, path::Path, process::Command};

use bindery::pdf::validate::{claimed, validate};
use hayro::{
    RenderCache, RenderSettings, hayro_interpret::InterpreterSettings, hayro_syntax::Pdf,
    vello_cpu::color::palette::css::WHITE,
};
use image::{DynamicImage, GrayImage, codecs::tiff::TiffEncoder, imageops};
use lopdf::{Object, Stream, dictionary};
use serde_json::{Value, json};

use crate::support::{
    Site,
    client::{Client, Finished},
    documents::{self, Document},
    until,
    wait::seconds,
};

const ARCHIVE: &str = "?workflow=Archive%20PDF/A-2";
/// A workflow whose profile stays as it is: a worker reads each version of a profile once.
const PLAIN: &str = "?workflow=Archive%20PDF/A-3";
const SLOTS: (&str, &str) = ("BINDERY_SLOTS", "native=2,ocr=1");
const TEXT: &str = "The harbour master wrote down every vessel that came in before noon.\n\
    Some of them carried timber, others grain, and a few of them nothing at all.\n\
    In the evening the lists were copied, bound in linen and put on a shelf.\n";

/// Turns text recognition on in the default profile of a workflow.
async fn recognise(site: &Site, workflow: &str, settings: &Value) {
    let mut wanted = json!({ "mode": "missing" });
    wanted.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    site.set_profile(workflow, &json!({ "textRecognition": wanted })).await;
}

/// The known text as a scanner at 150 dots to the inch sees it.
async fn scan(client: &Client) -> GrayImage {
    scan_of(client, &documents::file("page.txt", TEXT)).await
}

async fn scan_of(client: &Client, text: &Document) -> GrayImage {
    let set = client.convert_with(PLAIN, &[], std::slice::from_ref(text)).await;
    let pdf = Pdf::new(set.file.unwrap().body.to_vec()).unwrap();
    let scale = 150.0 / 72.0;
    let settings = RenderSettings { x_scale: scale, y_scale: scale, bg_color: WHITE, ..RenderSettings::default() };
    let drawn = hayro::render(&pdf.pages()[0], &RenderCache::new(), &InterpreterSettings::default(), &settings);
    let pixels = drawn.data().iter().map(|pixel| pixel.g).collect();
    GrayImage::from_raw(drawn.width().into(), drawn.height().into(), pixels).unwrap()
}

/// A PDF with a page of each size that shows the picture on the lower left of it, and one with nothing but a rectangle.
fn scanned(name: &str, picture: &GrayImage, sizes: &[[i64; 2]]) -> Document {
    let scan = "595 0 0 842 0 0 cm /Scan Do";
    let scans = sizes.iter().map(|size| (picture, scan.to_owned(), *size));
    drawn(name, scans.chain([(picture, "9 9 60 60 re f".to_owned(), [200, 200])]))
}

/// A PDF with pages, for each its picture, what it draws, and its size.
fn drawn<'a>(name: &str, pages: impl IntoIterator<Item = (&'a GrayImage, String, [i64; 2])>) -> Document {
    let mut document = lopdf::Document::with_version("1.7");
    let root = document.new_object_id();
    let mut kids: Vec<Object> = Vec::new();
    for (picture, content, [width, height]) in pages {
        let image = document.add_object(Stream::new(
            dictionary! {
                "Type" => "XObject", "Subtype" => "Image", "ColorSpace" => "DeviceGray", "BitsPerComponent" => 8,
                "Width" => i64::from(picture.width()), "Height" => i64::from(picture.height()),
            },
            picture.as_raw().clone(),
        ));
        let content = document.add_object(Stream::new(dictionary! {}, content.into_bytes()));
        let page = document.add_object(dictionary! {
            "Type" => "Page", "Parent" => root, "Contents" => content,
            "Resources" => dictionary! { "XObject" => dictionary! { "Scan" => image } },
            "MediaBox" => vec![0.into(), 0.into(), width.into(), height.into()],
        });
        kids.push(page.into());
    }
    let count = i64::try_from(kids.len()).unwrap();
    document.objects.insert(root, dictionary! { "Type" => "Pages", "Count" => count, "Kids" => kids }.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    documents::file(name, bytes)
}

/// What another reader finds on a page, from 1.
#[expect(clippy::disallowed_methods, reason = "another reader is another program")]
fn read(site: &Site, done: &Finished, page: usize) -> String {
    let path = site.folder.path().join("result.pdf");
    fs::write(&path, &done.file.as_ref().unwrap_or_else(|| panic!("{}", done.result)).body).unwrap();
    let page = page.to_string();
    let said = Command::new("pdftotext").args(["-f", &page, "-l", &page]).arg(path).arg("-").output().unwrap();
    String::from_utf8(said.stdout).unwrap()
}

/// The share of the words of the known text that are in another.
fn accuracy(said: &str) -> f64 {
    let wanted: Vec<&str> = TEXT.split_whitespace().collect();
    let found = wanted.iter().filter(|word| said.split_whitespace().any(|said| said == **word)).count();
    f64::from(u32::try_from(found).unwrap()) / f64::from(u32::try_from(wanted.len()).unwrap())
}

#[track_caller]
fn conforms(done: &Finished) {
    let bytes = &done.file.as_ref().unwrap_or_else(|| panic!("{}", done.result)).body;
    let report = validate(bytes, claimed(bytes).expect("it claims PDF/A"));
    assert!(report.is_compliant(), "{:?}", report.failed);
}

const A4: [i64; 2] = [595, 842];

#[tokio::test]
async fn pages_that_are_pictures_become_pdfa_whose_text_another_reader_finds_and_others_stay() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.start("work", &[SLOTS]);
    let picture = scan(&client).await;
    let mut tiff = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(picture.clone()).write_with_encoder(TiffEncoder::new(&mut tiff)).unwrap();
    let inputs = [
        scanned("scan.pdf", &picture, &[A4, A4]),
        documents::text("typed.txt"),
        documents::file("scan.tif", tiff.into_inner()),
    ];
    let off = client.convert_with(PLAIN, &[], &inputs).await;
    assert_eq!(read(&site, &off, 1).trim(), "");
    recognise(&site, "Archive PDF/A-2", &json!({})).await;
    let done = client.convert_with(ARCHIVE, &[], &inputs).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    conforms(&done);
    for page in [1, 2, 5] {
        let said = read(&site, &done, page);
        assert!(accuracy(&said) > 0.95, "{page}: {said}");
    }
    assert_eq!(read(&site, &done, 3).trim(), "");
    assert_eq!(read(&site, &done, 4), read(&site, &off, 4));
    assert_eq!(site.db.count("select count(*) from attempts where kind = 'recognise' and lane = 'ocr'").await, 3);
    assert_eq!(site.db.count("select count(*) from recognitions where state = 'recognised'").await, 3);
    assert_eq!(site.db.count("select count(*) from jobs where pages = 3 and pages_open = 0").await, 1);
}

#[tokio::test]
async fn a_page_that_cannot_be_recognised_is_named_by_a_warning_and_the_job_goes_on() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.start("work", &[SLOTS]);
    let picture = scan(&client).await;
    recognise(&site, "Conversion", &json!({})).await;
    // Of 400 inches a side, too large to be drawn legibly.
    let input = scanned("map.pdf", &picture, &[A4, [28_800, 28_800]]);
    let done = client.convert_with("?workflow=Conversion", &[], &[input]).await;
    assert_eq!(done.result["status"], "warning", "{}", done.result);
    let sql = "select count(*) from events where code = 'OcrIncomplete' and severity = 'warning' \
               and message like '%page 2%map.pdf%'";
    assert_eq!(site.db.count(sql).await, 1);
    assert!(accuracy(&read(&site, &done, 1)) > 0.95);
}

#[tokio::test]
async fn a_language_that_is_not_installed_ends_the_job_with_the_package_to_install() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.start("work", &[SLOTS]);
    let picture = scan(&client).await;
    recognise(&site, "Archive PDF/A-2", &json!({ "languages": ["xyz"] })).await;
    let done = client.convert_with(ARCHIVE, &[], &[scanned("scan.pdf", &picture, &[A4, A4, A4])]).await;
    let (code, message) = done.error();
    assert_eq!(code, "configuration");
    assert!(message.contains("tesseract-ocr-xyz") && message.contains("scan.pdf"), "{message}");
    assert_eq!(site.db.count("select count(*) from tasks").await, 0);
}

#[tokio::test]
async fn a_job_that_lacked_a_language_is_tried_again_once_that_is_mended() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.start("work", &[SLOTS]);
    let picture = scan(&client).await;
    recognise(&site, "Archive PDF/A-2", &json!({ "languages": ["xyz"] })).await;
    let job = client.create_with(ARCHIVE, &[]).await;
    client.add(&job, &scanned("scan.pdf", &picture, &[A4, A4])).await;
    client.start(&job).await;
    assert_eq!(client.finish(&job).await.error().0, "configuration");
    // As if the language were there now; a worker that was started before knows the profile as it was.
    work.kill();
    recognise(&site, "Archive PDF/A-2", &json!({})).await;
    let _work = site.start("work", &[SLOTS]);
    site.db.execute("select ops.retry(id) from jobs where outcome = 'error'").await;
    let done = client.finish(&job).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    assert!(accuracy(&read(&site, &done, 2)) > 0.95);
    let sql = "select count(*) from jobs where outcome = 'success' and pages = 2 and pages_open = 0";
    assert_eq!(site.db.count(sql).await, 1);
}

#[tokio::test]
async fn workers_share_the_pages_of_a_document_and_one_that_is_killed_loses_none() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let killed = site.start("work", &[SLOTS]);
    let picture = scan(&client).await;
    recognise(&site, "Archive PDF/A-2", &json!({})).await;
    let job = client.create_with(ARCHIVE, &[]).await;
    client.add(&job, &scanned("scan.pdf", &picture, &[A4; 8])).await;
    client.start(&job).await;
    until("a page is done and another is begun", seconds(60), async || {
        let sql = "select least((select count(*) from recognitions where state = 'recognised'), \
                                (select count(*) from tasks where kind = 'recognise' and state = 'running'))";
        (site.db.count(sql).await > 0).then_some(())
    })
    .await;
    killed.kill();
    // As if its lease had run out.
    site.db.execute("update workers set alive_until = now() - interval '1 s'").await;
    let _two = [site.start("work", &[SLOTS]), site.start("work", &[SLOTS])];
    let done = client.finish(&job).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    for page in 1..=8 {
        assert!(accuracy(&read(&site, &done, page)) > 0.95, "{page}");
    }
    let sql = "select count(distinct worker_id) from attempts where kind = 'recognise' and ending = 'succeeded'";
    assert_eq!(site.db.count(sql).await, 3);
}

#[tokio::test]
async fn canceling_and_deleting_a_job_drops_its_pages() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.start("work", &[SLOTS]);
    let picture = scan(&client).await;
    recognise(&site, "Archive PDF/A-2", &json!({})).await;
    let job = client.create_with(ARCHIVE, &[]).await;
    client.add(&job, &scanned("scan.pdf", &picture, &[A4; 8])).await;
    client.start(&job).await;
    until("a page is done", seconds(60), async || {
        (site.db.count("select count(*) from recognitions where state = 'recognised'").await > 0).then_some(())
    })
    .await;
    let said = client.get(&format!("/jobs/{job}")).await.text();
    assert!(said.contains("of 8 pages"), "{said}");
    client.post(&format!("/jobs/{job}:cancel")).await.expect(202);
    assert_eq!(client.result(&job).await["error"]["code"], "canceled");
    client.delete(&format!("/jobs/{job}")).await.expect(204);
    until("everything of it is gone", seconds(30), async || {
        let sql = "select (select count(*) from recognitions) + (select count(*) from tasks)";
        (site.db.count(sql).await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_scan_of_the_corpus_that_is_turned_and_askew_is_read_and_shown_upright() {
    #[expect(clippy::disallowed_methods, reason = "`make corpus` says where the documents are")]
    let Some(corpus) = env::var_os("BINDERY_CORPUS") else { return };
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.start("work", &[SLOTS]);
    recognise(&site, "Archive PDF/A-2", &json!({ "rotate": true, "deskew": true })).await;
    for (name, words) in [("pdf/testOCR.pdf", 3), ("pdf/rotated_skew.pdf", 20), ("images/testOCR.png", 3)] {
        let bytes = fs::read(Path::new(&corpus).join(name)).unwrap();
        let done = client.convert_with(ARCHIVE, &[], &[documents::file(name, bytes)]).await;
        conforms(&done);
        let said = read(&site, &done, 1);
        assert!(said.split_whitespace().filter(|word| word.len() > 2).count() >= words, "{name}: {said}");
    }
}

/// A page as another program draws it, at 100 dots to the inch, in grey.
#[expect(clippy::disallowed_methods, reason = "another reader is another program")]
fn page(site: &Site, done: &Finished, page: usize) -> GrayImage {
    let path = site.folder.path().join("result.pdf");
    fs::write(&path, &done.file.as_ref().unwrap_or_else(|| panic!("{}", done.result)).body).unwrap();
    let (page, picture) = (page.to_string(), site.folder.path().join("page"));
    let mut command = Command::new("pdftoppm");
    command.args(["-gray", "-png", "-singlefile", "-r", "100", "-f", &page, "-l", &page]).arg(path).arg(&picture);
    assert!(command.status().unwrap().success());
    let bytes = fs::read(picture.with_extension("png")).unwrap();
    image::load_from_memory(&bytes).unwrap().into_luma8()
}

/// What Tesseract reads on a picture whose lines it takes to be upright.
#[expect(clippy::disallowed_methods, reason = "another reader is another program")]
fn read_upright(site: &Site, picture: &GrayImage) -> String {
    let path = site.folder.path().join("upright.png");
    picture.save(&path).unwrap();
    let said = Command::new("tesseract").arg(path).args(["-", "--psm", "6", "--dpi", "100"]).output().unwrap();
    String::from_utf8(said.stdout).unwrap()
}

/// How far lines of text rise to the right, in degrees: where they are seen edge on, rows are either full of ink or empty.
fn askew(picture: &GrayImage) -> f64 {
    let ink: Vec<(f64, f64)> = picture
        .enumerate_pixels()
        .filter(|(_, _, pixel)| pixel.0[0] < 128)
        .map(|(x, y, _)| (f64::from(x), f64::from(y)))
        .collect();
    let contrast = |degrees: f64| {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        // Rows rise and fall by less than the page is wide.
        let above = f64::from(picture.width());
        let mut rows = vec![0_u64; usize::try_from(2 * picture.width() + picture.height()).unwrap()];
        for (x, y) in &ink {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the place of a row of a page")]
            let row = (y * cosine + x * sine + above) as usize;
            rows[row] += 1;
        }
        rows.iter().map(|row| row * row).sum::<u64>()
    };
    (-45..=45).map(|tenth| f64::from(tenth) / 10.0).max_by_key(|degrees| contrast(*degrees)).unwrap()
}

/// The picture on a page of its size, turned by some degrees against the clock around the middle of the page.
fn turned(picture: &GrayImage, [width, height]: [i64; 2], degrees: f64) -> (&GrayImage, String, [i64; 2]) {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let [x, y] = [width, height].map(|side| f64::from(i32::try_from(side).unwrap()) / 2.0);
    let content = format!(
        "{cosine:.5} {sine:.5} {:.5} {cosine:.5} {:.3} {:.3} cm {width} 0 0 {height} 0 0 cm /Scan Do",
        -sine,
        x - x * cosine + y * sine,
        y - x * sine - y * cosine,
    );
    (picture, content, [width, height])
}

#[tokio::test]
async fn scans_that_are_turned_and_askew_are_upright_and_straight_for_other_readers() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.start("work", &[SLOTS]);
    let text = documents::file("page.txt", TEXT.repeat(5));
    let upright = scan_of(&client, &text).await;
    let wide = [842, 595];
    let [right, over, left] =
        [imageops::rotate90(&upright), imageops::rotate180(&upright), imageops::rotate270(&upright)];
    let pages =
        [turned(&upright, A4, 3.0), turned(&right, wide, 0.0), turned(&over, A4, -3.0), turned(&left, wide, 0.0)];
    let input = drawn("scans.pdf", pages);
    // As they come, so that it is known that others see it.
    let plain = client.convert_with(PLAIN, &[], std::slice::from_ref(&input)).await;
    for (number, expected) in [(1, 3.0), (3, -3.0)] {
        let found = askew(&page(&site, &plain, number));
        assert!((found - expected).abs() < 0.3, "{number}: {found}");
    }
    for number in 2..=4 {
        assert!(accuracy(&read_upright(&site, &page(&site, &plain, number))) < 0.2, "{number}");
    }
    recognise(&site, "Archive PDF/A-2", &json!({ "rotate": true, "deskew": true })).await;
    let done = client.convert_with(ARCHIVE, &[], &[input]).await;
    conforms(&done);
    for number in 1..=4 {
        let picture = page(&site, &done, number);
        assert!(picture.width() < picture.height(), "{number}");
        let found = askew(&picture);
        assert!(found.abs() < 0.3, "{number}: {found}");
        let said = read_upright(&site, &picture);
        assert!(accuracy(&said) > 0.9, "{number}: {said}");
        assert!(accuracy(&read(&site, &done, number)) > 0.9, "{number}");
    }
}

#[tokio::test]
async fn dossiers_and_invoices_have_the_text_of_their_scans() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let _work = site.start("work", &[SLOTS]);
    let picture = scan(&client).await;
    let wanted = json!({ "textRecognition": { "mode": "missing" }, "pdfa": "pdfa2" });
    site.set_profile("Dossier", &wanted).await;
    recognise(&site, "Invoice", &json!({})).await;
    let inputs = [scanned("scan.pdf", &picture, &[A4]), documents::text("typed.txt")];
    for (workflow, page) in [("Dossier", 3), ("Invoice", 1)] {
        let done = client.convert_with(&format!("?workflow={workflow}"), &[], &inputs).await;
        assert_eq!(done.result["status"], "success", "{}", done.result);
        conforms(&done);
        let said = read(&site, &done, page);
        assert!(accuracy(&said) > 0.95, "{workflow}: {said}");
    }
    assert_eq!(site.db.count("select count(*) from recognitions where state = 'recognised'").await, 2);
}
