//! Text recognition, as a worker asks for it. The pages are set in type here, so that what is to be found is known.

use std::{
    collections::BTreeMap,
    io::Cursor,
    time::{Duration, Instant},
};

use bindery::{
    engines::{
        host::Ran,
        protocol::{Answer, Recognise, Request},
        settings::Settings,
    },
    pdf::{self, text_layer::Recognised, validate::Flavour},
};
use hayro::{
    RenderCache, RenderSettings, hayro_interpret::InterpreterSettings, hayro_syntax::Pdf,
    vello_cpu::color::palette::css::WHITE,
};
use image::{DynamicImage, GrayImage, ImageFormat, Luma};

use crate::support::{bench::Bench, documents, wait::seconds};

const TEXT: &str = "The harbour master wrote down every vessel that came in before noon.\n\
    Some of them carried timber, others grain, and a few of them nothing at all.\n\
    In the evening the lists were copied, bound in linen and put on a shelf.\n\
    Nobody has opened them since, although the shelf is still standing there.\n";

impl Bench {
    async fn recognise(&self, bytes: &[u8], page: Option<usize>, languages: &[&str]) -> (Answer, Ran) {
        let request = Request::Recognise(Recognise {
            input: "input".into(),
            page,
            languages: languages.iter().map(|name| (*name).to_owned()).collect(),
            dots_per_inch: None,
            engines: self.config.engines.clone(),
        });
        let (answer, ran, _) = self.ask(bytes, &request).await;
        (answer, ran)
    }

    /// What is found in a picture, or on a page of a PDF; there must be an answer.
    async fn found(&self, bytes: &[u8], page: Option<usize>, languages: &[&str]) -> Recognised {
        match self.recognise(bytes, page, languages).await {
            (Answer::Recognised(found), _) => found,
            (other, ran) => panic!("{other:?} {ran:?}"),
        }
    }

    /// A PDF of a page of text.
    async fn page_of(&self, text: &str) -> Vec<u8> {
        let made = self.convert("native", "page.txt", text, &Settings::default()).await;
        let mut bytes = Vec::new();
        made.pdf().clone().save_to(&mut bytes).unwrap();
        bytes
    }
}

/// The first page of a PDF as a scanner at 200 dots per inch would see it.
fn scan(pdf: &[u8]) -> GrayImage {
    let pdf = Pdf::new(pdf.to_vec()).unwrap();
    let scale = 200.0 / 72.0;
    let settings = RenderSettings { x_scale: scale, y_scale: scale, bg_color: WHITE, ..RenderSettings::default() };
    let drawn = hayro::render(&pdf.pages()[0], &RenderCache::new(), &InterpreterSettings::default(), &settings);
    let pixels = drawn.data().iter().map(|pixel| pixel.g).collect();
    GrayImage::from_raw(drawn.width().into(), drawn.height().into(), pixels).unwrap()
}

fn png(picture: GrayImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(picture).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn words(found: &Recognised) -> Vec<&str> {
    found.lines.iter().flat_map(|line| &line.words).map(|word| word.text.as_str()).collect()
}

/// The share of the words of a text that were found, each as often as it is there.
fn accuracy(text: &str, found: &Recognised) -> f64 {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for word in words(found) {
        *left.entry(word).or_default() += 1;
    }
    let wanted: Vec<_> = text.split_whitespace().collect();
    let hits = wanted.iter().filter(|word| {
        left.get_mut(**word).is_some_and(|count| {
            let is_there = *count > 0;
            *count = count.saturating_sub(1);
            is_there
        })
    });
    f64::from(u32::try_from(hits.count()).unwrap()) / f64::from(u32::try_from(wanted.len()).unwrap())
}

#[tokio::test]
async fn a_page_of_a_pdf_and_a_picture_of_it_give_its_words_with_their_places() {
    let bench = Bench::with_ocr();
    let page = bench.page_of(TEXT).await;
    let picture = png(scan(&page));
    for (bytes, number) in [(&page, Some(0)), (&picture, None)] {
        let (answer, ran) = bench.recognise(bytes, number, &["eng"]).await;
        let Answer::Recognised(found) = answer else { panic!("{answer:?} {ran:?}") };
        assert!(accuracy(TEXT, &found) > 0.97, "{:?}", words(&found));
        assert_eq!(ran.engine.as_deref(), Some("tesseract"));
        assert!(ran.engine_version.unwrap().starts_with('5'));
        assert_eq!(found.lines.len(), 4);
        let (width, height) = (i32::try_from(found.width).unwrap(), i32::try_from(found.height).unwrap());
        for word in found.lines.iter().flat_map(|line| &line.words) {
            let [left, top, right, bottom] = word.bounds;
            assert!(0 <= left && left < right && right <= width && 0 <= top && top < bottom && bottom <= height);
            assert!((0.0..=100.0).contains(&word.confidence));
            assert!(word.baseline[0] < word.baseline[2], "{word:?}");
        }
        let first = &found.lines[0].words[0];
        let last = &found.lines[3].words[0];
        assert!(first.bounds[3] < last.bounds[1] && first.bounds[0] < width / 4);
    }
}

#[tokio::test]
async fn german_text_is_read_with_its_umlauts_when_german_is_asked_for() {
    let bench = Bench::with_ocr();
    let text = "Größere Bücher müssen häufig über längere Strecken geschützt befördert werden.\n";
    let page = bench.page_of(text).await;
    assert!(accuracy(text, &bench.found(&page, Some(0), &["deu", "eng"]).await) > 0.85);
    assert!(accuracy(text, &bench.found(&page, Some(0), &[]).await) < 0.85);
}

#[tokio::test]
async fn a_page_that_lies_on_its_side_or_head_is_read_nevertheless() {
    let bench = Bench::with_ocr();
    let upright = scan(&bench.page_of(&TEXT.repeat(3)).await);
    for turned in [image::imageops::rotate90(&upright), image::imageops::rotate180(&upright)] {
        let found = bench.found(&png(turned), None, &["eng"]).await;
        assert!(accuracy(&TEXT.repeat(3), &found) > 0.9, "{:?}", words(&found));
    }
}

#[tokio::test]
async fn recognised_text_laid_behind_its_page_is_found_again_and_the_page_looks_the_same() {
    let bench = Bench::with_ocr();
    let scanned = png(scan(&bench.page_of(TEXT).await));
    let made = bench.convert("native", "scan.png", &scanned, &Settings::default()).await;
    let mut bytes = Vec::new();
    made.pdf().clone().save_to(&mut bytes).unwrap();
    let found = bench.found(&bytes, Some(0), &["eng"]).await;
    let mut document = pdf::read(bytes.clone(), &[]).unwrap().document;
    pdf::text_layer::add(&mut document, &[(0, found)]).unwrap();
    let layered = pdf::write(&mut document, pdf::Shape::Packed).unwrap();
    assert_eq!(pdf::validate::validate(&layered, Flavour::A2B).failed, []);
    let text = lopdf::Document::load_mem(&layered).unwrap().extract_text(&[1]).unwrap();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("vessel that came in before noon."), "{words}");
    assert!(scan(&layered) == scan(&bytes), "it looks different");
}

#[tokio::test]
async fn an_empty_page_has_no_words_and_is_no_error() {
    let bench = Bench::with_ocr();
    let blank = GrayImage::from_pixel(1654, 2339, Luma([255]));
    assert!(words(&bench.found(&png(blank), None, &["eng"]).await).is_empty());
    let speck = GrayImage::from_pixel(1, 1, Luma([0]));
    assert!(words(&bench.found(&png(speck), None, &["eng"]).await).is_empty());
}

#[tokio::test]
async fn what_is_neither_picture_nor_pdf_is_damaged() {
    let bench = Bench::with_ocr();
    let noise = documents::noise("noise", 5_000).bytes;
    for page in [None, Some(0)] {
        let (answer, ran) = bench.recognise(&noise, page, &["eng"]).await;
        let Answer::Failed(refusal) = answer else { panic!("{answer:?} {ran:?}") };
        assert_eq!((refusal.code.as_str(), refusal.passing), ("corrupt", false), "{}", refusal.message);
    }
    let (answer, _) = bench.recognise(&documents::pdf("a.pdf", &[300]).bytes, Some(1), &["eng"]).await;
    assert!(matches!(&answer, Answer::Failed(refusal) if refusal.message.contains("no page 2")), "{answer:?}");
}

#[tokio::test]
async fn a_picture_of_too_many_pixels_is_refused_by_name_of_the_limit() {
    let bench = Bench::with_ocr();
    let wide = GrayImage::from_pixel(32_001, 1, Luma([255]));
    let (answer, _) = bench.recognise(&png(wide), None, &["eng"]).await;
    assert!(matches!(&answer, Answer::Failed(refusal) if refusal.message.contains("32001 x 1 pixels")), "{answer:?}");
}

#[tokio::test]
async fn without_tesseract_or_a_language_the_answer_says_what_to_install() {
    let picture = png(GrayImage::from_pixel(9, 9, Luma([255])));
    for (bench, language, expected) in
        [(Bench::new(|_| ()), "eng", "tesseract-ocr-eng"), (Bench::with_ocr(), "xyz", "tesseract-ocr-xyz")]
    {
        let (answer, _) = bench.recognise(&picture, None, &[language]).await;
        let Answer::Failed(refusal) = answer else { panic!("{answer:?}") };
        assert_eq!((refusal.code.as_str(), refusal.fault.as_str()), ("configuration", "unavailable"));
        assert!(refusal.message.contains(expected), "{}", refusal.message);
    }
}

#[tokio::test]
async fn a_page_that_takes_longer_than_it_may_is_stopped() {
    let bench = Bench::with_ocr();
    let page = bench.page_of(&TEXT.repeat(14)).await;
    let hasty = Bench::new(|config| {
        config.engines = bench.config.engines.clone();
        config.time_max = Duration::from_millis(300);
    });
    let began = Instant::now();
    let (answer, _) = hasty.recognise(&page, Some(0), &["eng", "deu"]).await;
    let Answer::Failed(refusal) = answer else { panic!("{answer:?}") };
    assert_eq!((refusal.code.as_str(), refusal.fault.as_str()), ("timeout", "timed-out"));
    assert!(began.elapsed() < seconds(5));
}
