use serde_json::json;

use super::{
    super::{BarcodeKind, Colour, Content, Error, Pages, Placement},
    *,
};

#[test]
fn a_stamp_needs_no_more_than_its_content() {
    let stamp = settings(json!({ "content": { "type": "text", "text": "Words" } }));
    assert_eq!((stamp.pages.clone(), stamp.placement, stamp.opacity), (Pages::All, Placement::Page, 1.0));
    let Content::Text(held) = &stamp.content else { panic!() };
    assert_eq!((held.font.as_str(), held.size, held.colour), ("Liberation Sans", 10.0, Colour([0, 0, 0])));
    let code = settings(json!({ "content": { "type": "barcode", "kind": "dataMatrix", "text": "x" } }));
    let Content::Barcode(held) = &code.content else { panic!() };
    assert_eq!((held.kind, held.background), (BarcodeKind::DataMatrix, Some(Colour::WHITE)));
}

#[test]
fn settings_are_written_as_they_are_read() {
    let written = json!({
        "name": "Label",
        "content": {
            "type": "barcode", "kind": "code128", "text": "[page]", "moduleWidth": 2.0, "height": 20.0,
            "color": "#0a0b0c", "background": null,
        },
        "position": { "left": 1.5, "right": null, "top": null, "bottom": 2.0 },
        "pages": "1,2-5,9-", "placement": "annotation", "opacity": 0.5, "rotation": -90.0,
    });
    assert_eq!(serde_json::to_value(settings(written.clone())).unwrap(), written);
    let image = json!({ "content": { "type": "image", "data": "AAEC", "width": 5.0, "height": null } });
    assert_eq!(serde_json::to_value(settings(image)).unwrap()["content"]["data"], "AAEC");
}

#[test]
fn unknown_names_and_values_are_refused() {
    for wrong in [
        json!({}),
        json!({ "content": { "type": "text", "text": "x", "colour": "#000000" } }),
        json!({ "content": { "type": "text", "text": "x" }, "page": "all" }),
        json!({ "content": { "type": "drawing" } }),
        json!({ "content": { "type": "text", "text": "x", "color": "red" } }),
        json!({ "content": { "type": "image", "data": "not in base 64" } }),
        json!({ "content": { "type": "barcode", "kind": "code11", "text": "x" } }),
        json!({ "content": { "type": "text", "text": "x" }, "position": { "centre": 1 } }),
        json!({ "content": { "type": "text", "text": "x" }, "pages": "5-2" }),
    ] {
        assert!(serde_json::from_value::<StampSettings>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn pages_are_words_or_numbers() {
    for text in ["all", "first", "last", "odd", "even", "1", "2-5,9-", "7,7"] {
        assert_eq!(String::from(text.parse::<Pages>().unwrap()), text);
    }
    assert_eq!(" Odd".parse(), Ok(Pages::Odd));
    assert_eq!("1 - 3, 4".parse(), Ok(Pages::Runs(vec![(1, Some(3)), (4, Some(4))])));
    for text in ["", "0", "3-1", "-3", "1,,2", "x", "1-2-3", &"1,".repeat(2_000)] {
        assert!(text.parse::<Pages>().is_err(), "{text}");
    }
}

fn refusal(stamp: &StampSettings) -> String {
    stamp.check(2).unwrap_err().to_string()
}

#[test]
fn a_setting_out_of_its_bounds_is_named() {
    let stamp = || text("Words", json!({}));
    let mut faded = stamp();
    faded.opacity = 1.5;
    assert_eq!(refusal(&faded), "the stamp 3: `opacity` is 1.5, but has to be from 0.01 to 1");
    faded.opacity = f32::NAN;
    assert!(refusal(&faded).contains("`opacity` is NaN"));
    let mut both = text("Words", json!({ "left": 1, "right": 2 }));
    both.name = "Footer".into();
    assert_eq!(refusal(&both), "the stamp Footer: `left` and `right` cannot both be given");
    assert!(refusal(&text(&"x".repeat(3_001), json!({}))).contains("`text` has more than 3000"));
    let no_image = json!({ "content": { "type": "image", "data": "AAEC" } });
    assert_eq!(refusal(&settings(no_image)), "the stamp 3: the image is neither a PNG nor a JPEG");
    let code = json!({ "content": { "type": "barcode", "kind": "qr", "text": "x", "moduleWidth": 0 } });
    assert!(refusal(&settings(code)).contains("`moduleWidth` is 0, but has to be from 0.25 to 100"));
}

#[test]
fn a_placeholder_that_does_not_exist_is_named() {
    for (shown, name) in [("a [pag] b", "pag"), ("[custom:]", "custom:"), ("[]", "")] {
        let told = Error::Placeholder { stamp: "3".into(), name: name.into() };
        assert_eq!(text(shown, json!({})).check(2), Err(told));
    }
    assert!(refusal(&text("a [page", json!({}))).contains("does not end"));
    assert_eq!(text("] [[ [[page] [ Page ] [Custom: x]", json!({})).check(0), Ok(()));
    let mut document = document(&[0], false);
    let stamps = [text("[custom:Missing]", json!({}))];
    let told = Error::Placeholder { stamp: "1".into(), name: "custom:Missing".into() };
    assert_eq!(stamp(&mut document, &stamps, &Values::default(), &fonts(), None), Err(told));
}

#[test]
fn a_code_without_placeholders_is_tried_when_settings_are_checked() {
    let code = |text: &str| settings(json!({ "content": { "type": "barcode", "kind": "ean8", "text": text } }));
    assert_eq!(code("[custom:number]").check(0), Ok(()));
    assert!(matches!(code("12").check(0), Err(Error::Barcode { .. })));
}

#[test]
fn there_may_be_a_hundred_stamps() {
    let stamps = vec![text("Words", json!({})); 101];
    let mut document = document(&[0], false);
    let refused = stamp(&mut document, &stamps, &Values::default(), &fonts(), None);
    assert!(matches!(refused, Err(Error::Settings { .. })));
}
