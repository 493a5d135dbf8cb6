use hayro::{RenderCache, RenderSettings, hayro_interpret::InterpreterSettings, vello_cpu::color::palette::css::WHITE};
use proptest::prelude::*;
use serde_json::json;

use super::{
    super::{BarcodeKind, Error, barcode},
    *,
};
use crate::pdf::drawing;

const KINDS: [BarcodeKind; 10] = [
    BarcodeKind::Aztec,
    BarcodeKind::Code128,
    BarcodeKind::Code39,
    BarcodeKind::DataMatrix,
    BarcodeKind::Ean13,
    BarcodeKind::Ean8,
    BarcodeKind::Itf,
    BarcodeKind::Pdf417,
    BarcodeKind::Qr,
    BarcodeKind::UpcA,
];

/// Draws the first page four times as large, in shades of grey.
fn drawn(document: &mut Document) -> (Vec<u8>, u32, u32) {
    let bytes = write(document, Shape::Packed).unwrap();
    drawing::apart(|| {
        let pdf = drawing::open(&bytes)?;
        let settings = RenderSettings { x_scale: 4.0, y_scale: 4.0, bg_color: WHITE, ..RenderSettings::default() };
        let page = drawing::page(&pdf, 0)?;
        let pixels = hayro::render(page, &RenderCache::new(), &InterpreterSettings::default(), &settings);
        let shades = pixels.data().iter().map(|pixel| pixel.g).collect();
        Ok((shades, u32::from(pixels.width()), u32::from(pixels.height())))
    })
    .unwrap()
}

/// What a reader of bar codes reads from a page with a code on it.
fn scanned(kind: &str, text: &str, turn: i64) -> String {
    let stamp = settings(json!({
        "content": { "type": "barcode", "kind": kind, "text": text, "color": "#102030" },
    }));
    // Readers look for some kinds in the middle alone.
    let (mut document, events) = stamped(&[turn], &[stamp], &Values::default());
    assert_eq!(events, []);
    let (shades, width, height) = drawn(&mut document);
    let found = rxing::helpers::detect_in_luma(shades, width, height, None);
    found.map_or_else(|error| error.to_string(), |found| found.getText().to_owned())
}

#[test]
fn codes_are_read_as_what_they_say() {
    let codes = [
        ("aztec", "Aztec ä", "Aztec ä"),
        ("code128", "Doc-2026/31 [[x]", "Doc-2026/31 [x]"),
        ("code39", "ABC-123 $/+%", "ABC-123 $/+%"),
        ("dataMatrix", "Data Matrix é", "Data Matrix é"),
        ("ean13", "400638133393", "4006381333931"),
        ("ean13", "4006381333931", "4006381333931"),
        ("ean8", "9638507", "96385074"),
        ("itf", "1234567890", "1234567890"),
        ("pdf417", "PDF417 [page] of [pages]", "PDF417 1 of 1"),
        ("qr", "https://example.org/ä€漢?p=[page]", "https://example.org/ä€漢?p=1"),
        ("upcA", "72527273070", "725272730706"),
    ];
    let read = codes.map(|(kind, text, _)| (kind, scanned(kind, text, 0)));
    assert_eq!(read, codes.map(|(kind, _, read)| (kind, read.to_owned())));
    assert_eq!(scanned("qr", "turned", 90), "turned");
    assert_eq!(scanned("code128", "turned", 270), "turned");
}

#[test]
fn a_text_that_cannot_be_a_code_is_refused_with_the_reason() {
    for (kind, text, reason) in [
        (BarcodeKind::Qr, "", "it is empty"),
        (BarcodeKind::Qr, &"€".repeat(2_000), "it is too long"),
        (BarcodeKind::DataMatrix, &"x".repeat(2_900), "it is too long"),
        (BarcodeKind::Code128, "grün", "it has 'ü', which is not ASCII"),
        (BarcodeKind::Code128, &"1".repeat(81), "it has more than 80 characters"),
        (BarcodeKind::Code39, "abc", "it has 'a'; there are capital letters, digits and \" -.$/+%\""),
        (BarcodeKind::Ean13, "4006381333930", "its check digit is wrong"),
        (BarcodeKind::Ean13, "40063813339", "it has 11 digits instead of 13"),
        (BarcodeKind::Ean8, "123456x", "it has 'x', which is no digit"),
        (BarcodeKind::UpcA, "725272730707", "its check digit is wrong"),
        (BarcodeKind::Itf, "123", "its number of digits is odd"),
        (BarcodeKind::DataMatrix, "漢", "it has '漢', which is not Latin-1; a QR code takes it"),
    ] {
        let Err(Error::Barcode { stamp, why, .. }) = barcode::encode(kind, text, "Label") else { panic!("{text}") };
        assert_eq!((stamp.as_str(), why.as_str()), ("Label", reason));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_long_text_is_a_code_or_refused(text in "[ -~äé€漢]{1,20}", times in 1_usize..150) {
        for kind in [BarcodeKind::Aztec, BarcodeKind::DataMatrix, BarcodeKind::Pdf417, BarcodeKind::Qr] {
            if let Ok(modules) = barcode::encode(kind, &text.repeat(times), "Label") {
                prop_assert!(modules.width() > 0 && modules.height() > 0);
            }
        }
    }

    #[test]
    fn any_text_is_a_code_or_refused(text in "\\PC{0,60}", ascii in "[ -~]{0,90}", digits in "[0-9]{0,40}") {
        for kind in KINDS {
            for text in [&text, &ascii, &digits] {
                if let Ok(modules) = barcode::encode(kind, text, "Label") {
                    prop_assert!(modules.width() > 0 && modules.height() > 0);
                }
            }
        }
    }
}
