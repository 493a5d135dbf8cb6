//! Our own engines in their hosts: caged, with the fonts of this machine.

use bindery::engines::{
    host::Ran,
    protocol::{Answer, Event},
    settings::{Frames, Images, Settings},
};
use lopdf::Document;

use crate::support::bench::{self, Bench};

/// What came of a document.
struct Made {
    pdf: Document,
    pages: usize,
    events: Vec<Event>,
    ran: Ran,
}

impl Made {
    fn text(&self) -> String {
        let pages: Vec<u32> = self.pdf.get_pages().keys().copied().collect();
        self.pdf.extract_text(&pages).unwrap()
    }

    /// The codes of what the client is told.
    fn codes(&self) -> Vec<&str> {
        self.events.iter().map(|event| event.code.as_str()).collect()
    }
}

async fn convert(name: &str, bytes: impl AsRef<[u8]>) -> Made {
    convert_with(name, bytes, Settings::default()).await
}

async fn convert_with(name: &str, bytes: impl AsRef<[u8]>, settings: Settings) -> Made {
    let bench::Made { answer, ran, pdf } = Bench::new(|_| ()).convert("native", name, bytes, &settings).await;
    let Answer::Done { pages, events, .. } = answer else { panic!("{name}: {answer:?} {ran:?}") };
    let pdf = pdf.unwrap();
    assert!(!events.iter().any(|event| event.message.contains("stands against")), "{name}: {events:?}");
    Made { pdf, pages, events, ran }
}

const HEIC: &[u8] = include_bytes!("../../../src/engines/native/images/heif/samples/two.heic");
const AVIF: &[u8] = include_bytes!("../../../src/engines/native/images/heif/samples/turned.avif");

#[tokio::test]
async fn heic_and_avif_are_decoded_in_the_cage_by_the_library_of_the_machine() {
    let made = convert("a.heic", HEIC).await;
    assert_eq!((made.pages, made.ran.engine.as_deref()), (1, Some("libheif")));
    assert!(made.ran.engine_version.unwrap().starts_with("1."));
    let made = convert("a.avif", AVIF).await;
    assert_eq!((made.pages, made.ran.format.as_deref()), (1, Some("avif")));
}

/// A frame on a page of 64 x 56, from an example of the standard (ITU-T T.88, annex H.1).
const JBIG2: &[u8] = b"\x97JB2\r\n\x1a\n\x01\0\0\0\x01\
    \0\0\0\0\x30\0\x01\0\0\0\x13\0\0\0\x40\0\0\0\x38\0\0\0\0\0\0\0\0\x01\0\0\
    \0\0\0\x01\x27\0\x01\0\0\0\x23\0\0\0\x36\0\0\0\x2c\0\0\0\x04\0\0\0\x0b\0\
    \x08\x03\xff\xfd\xff\x02\xfe\xfe\xfe\x04\xee\xed\x87\xfb\xcb\x2b\xff\xac\
    \0\0\0\x02\x31\0\x01\0\0\0\0\0\0\0\x03\x33\0\0\0\0\0\0";

#[tokio::test]
async fn a_jbig2_file_becomes_a_page_whose_bits_are_coded_as_they_were() {
    let made = convert("a.jb2", JBIG2).await;
    assert_eq!(
        (made.pages, made.ran.format.as_deref(), made.codes().len()),
        (1, Some("jbig2"), 0),
        "{:?}",
        made.events
    );
    let page = *made.pdf.get_pages().values().next().unwrap();
    let coded = made.pdf.get_page_images(page).unwrap();
    assert_eq!(coded[0].filters, Some(vec!["JBIG2Decode".to_owned()]));
    let [start, end] = [13, JBIG2.len() - 22];
    assert_eq!(coded[0].content, &JBIG2[start..end]);
}

#[tokio::test]
async fn which_frames_are_shown_is_a_setting_of_the_conversion() {
    let all = Settings { images: Images { frames: Frames::All }, ..Settings::default() };
    assert_eq!(convert_with("a.heic", HEIC, all).await.pages, 2);
}

#[tokio::test]
async fn scripts_of_the_world_are_set_with_glyphs_of_their_own() {
    let words = ["Grüße", "Ελληνικά", "Русский", "汉字", "日本語", "한국어", "हिन्दी", "ไทย"];
    let right_to_left = ["שלום", "مرحبا"];
    let lines = words.iter().chain(&right_to_left).copied().collect::<Vec<_>>().join("\n\n");
    for name in ["a.txt", "a.md"] {
        let made = convert(name, &lines).await;
        // The pieces of an Indic syllable stand for no character of their own, which is told.
        assert!(made.codes().iter().all(|code| *code == "UnicodesIncomplete"), "{name}: {:?}", made.events);
        let text = made.text();
        for word in words.iter().filter(|word| !word.starts_with('ह') && !word.starts_with('ไ')) {
            assert!(text.contains(word), "{name}: {word} is not in {text}");
        }
    }
    let table = convert("a.csv", words.iter().map(|word| format!("{word};{word}\n")).collect::<String>()).await;
    assert!(table.text().contains("Русский"), "{}", table.text());
    assert!(table.codes().iter().all(|code| *code == "UnicodesIncomplete"), "{:?}", table.events);
}

#[tokio::test]
async fn characters_that_no_font_has_are_told_and_the_result_is_archival_all_the_same() {
    // A private character, and one that Unicode has not given to anything.
    for (name, content) in [
        ("a.txt", "before \u{38000} after"),
        ("a.md", "before \u{38000} after"),
        ("a.csv", "before;after\n\u{38000};x\n"),
        ("a.svg", "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='90'><text y='20'>&#x38000;</text></svg>"),
    ] {
        let made = convert(name, content).await;
        assert_eq!(made.codes(), ["VisualDifferences"], "{name}: {:?}", made.events);
        assert!(made.events[0].message.contains("U+38000;"), "{name}: {:?}", made.events);
        assert_eq!(made.events[0].severity, "warning");
    }
}

#[tokio::test]
async fn text_files_of_a_kind_are_set_as_that_kind() {
    let made = convert("a.md", "# Title\n\n- item\n").await;
    assert_eq!(made.pdf.get_toc().unwrap().toc[0].title, "Title");
    assert!(!made.text().contains('#'), "{}", made.text());
    let made = convert("a.csv", "name;price\nLeim;1,50\nGarn;2,75\n").await;
    assert!(!made.text().contains(';'), "{}", made.text());
    assert_eq!(made.ran.engine.as_deref(), Some("typst"));
}

#[tokio::test]
async fn text_in_old_encodings_is_read() {
    for (encoding, words) in [
        (encoding_rs::IBM866, "Однажды, в студеную зимнюю пору, я из лесу вышел; был сильный мороз."),
        (encoding_rs::WINDOWS_1255, "אפשר להבחין בשוני בין הניבים המדוברים בפי עדות שונות של השפה העברית"),
        (encoding_rs::WINDOWS_1256, "بالموازاة مع ذلك وللإشارة إلى المنطقة المغاربية بشكل عام كان المؤرخون العرب"),
        (encoding_rs::BIG5, "維基大典者，網路為礎；集天下知、四海言、眾人志，書百科焉。始作者，維基媒體基金會也。"),
        (encoding_rs::EUC_KR, "역사적 예수 연구자들은 복음서나 사도들의 서신서 속의 교리적 예수가 아닌"),
        (encoding_rs::SHIFT_JIS, "これは日本語で書かれた文章であり、古い文字コードで保存されている。"),
        (encoding_rs::GBK, "这是一段用旧编码保存的中文文字，应该能够被正确地识别出来。"),
    ] {
        let (bytes, _, had_errors) = encoding.encode(words);
        assert!(!had_errors);
        let made = convert("a.txt", bytes).await;
        let told = &made.events[0].message;
        // GBK is read as its successor.
        assert!(told.contains(encoding.name()) || told.contains("gb18030"), "{}: {told}", encoding.name());
        assert_eq!(made.events.len(), 1, "{:?}", made.events);
    }
}
