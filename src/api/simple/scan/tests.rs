use futures_util::TryStreamExt;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Contents by their items, and the rest.
type Parts = (Vec<Vec<Vec<u8>>>, String);

/// The contents that are found in a body that comes in pieces of so many bytes, by their items, and the rest.
fn read(body: &str, piece: usize) -> Result<Parts, Broken> {
    let pieces: Vec<_> = body.as_bytes().chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut scan = Scan::of(stream::iter(pieces));
        let mut items: Vec<Vec<Vec<u8>>> = Vec::new();
        loop {
            match scan.next().await? {
                Found::Item => items.push(Vec::new()),
                Found::Content => {
                    let content = std::pin::pin!(scan.content()).try_collect::<Vec<_>>().await?;
                    items.last_mut().unwrap().push(content.concat());
                }
                Found::End => return Ok((items, String::from_utf8(scan.into_rest()).unwrap())),
            }
        }
    })
}

fn check(body: &str, contents: &[&[&str]], rest: &str) {
    for piece in [1, 2, 3, 7, body.len().max(1)] {
        let (found, left) = read(body, piece).unwrap();
        let found: Vec<Vec<_>> =
            found.iter().map(|item| item.iter().map(|one| String::from_utf8_lossy(one)).collect()).collect();
        assert_eq!(found, contents, "{body}");
        assert_eq!(left, rest, "{body}");
    }
}

#[test]
fn contents_are_taken_out_and_the_rest_is_kept() {
    check(
        r#"{"name":"n","data":[{"fileName":"a","content":"SGVsbG8="},{"content" : "SGk","fileName":"b"},{"url":"u"}]}"#,
        &[&["Hello"], &["Hi"], &[]],
        r#"{"name":"n","data":[{"fileName":"a","content":""},{"content" : "","fileName":"b"},{"url":"u"}]}"#,
    );
    check(r#"{"data":[{"content":""}]}"#, &[&[""]], r#"{"data":[{"content":""}]}"#);
    check(r#"{"data":[{"content":null},{"content":1}]}"#, &[&[], &[]], r#"{"data":[{"content":null},{"content":1}]}"#);
}

#[test]
fn signs_may_be_escaped_in_names_and_contents() {
    check(
        r#"{"d\u0061ta":[{"conten\u0074":"Pj4\/Pz8\u002B"}]}"#,
        &[&[">>???>"]],
        r#"{"d\u0061ta":[{"conten\u0074":""}]}"#,
    );
    check(r#"{"data":[{"content":"SGVs\r\nbG8\u003d\n"}]}"#, &[&["Hello"]], r#"{"data":[{"content":""}]}"#);
}

#[test]
fn content_is_that_of_an_item_and_of_nothing_else() {
    for body in [
        r#"{"content":"no"}"#,
        r#"{"variables":{"data":[{"content":"no"}]}}"#,
        r#"{"x":[{"content":"no"}],"y":{"content":"no"}}"#,
        r#"{"data":{"content":"no"}}"#,
        r#"[{"content":"no"}]"#,
        r#"[[{"content":"no"}]]"#,
        r#"{"data":[["content","no"]]}"#,
        r#"{"data":"content","a\"data":[{"content":"no"}]}"#,
        "\"content\"",
        "",
    ] {
        check(body, &[], body);
    }
    let inside = r#"{"data":[{"options":[{"name":"content","value":"{\"content\":\"no\"}"}],"x":{"content":"no"},"y":"content"}]}"#;
    check(inside, &[&[]], inside);
}

#[test]
fn what_is_no_base64_or_cut_is_an_error() {
    for body in [
        r#"{"data":[{"content":"%%%"}]}"#,
        r#"{"data":[{"content":"SG\u0100Vs"}]}"#,
        r#"{"data":[{"content":"SG\bVs"}]}"#,
        r#"{"data":[{"content":"S"}]}"#,
    ] {
        assert!(matches!(read(body, 5), Err(Broken::Base64(_))), "{body}");
    }
    for body in [r#"{"data":[{"content":"SGVs"#, r#"{"data":[{"content":"SGVs\"#, r#"{"data":[{"content":"\u00"#] {
        assert!(matches!(read(body, 5), Err(Broken::Cut)), "{body}");
    }
}

#[test]
fn the_rest_is_limited() {
    let body = format!(r#"{{"name":"{}"}}"#, "x".repeat(limits::STRUCTURED_BYTES_MAX));
    assert!(matches!(read(&body, 4096), Err(Broken::TooLong)));
}

proptest! {
    #[test]
    fn any_text_is_read_to_its_end_or_to_an_error(body in r#"[\[\]{}:,"\\a-z0-9 ]{0,80}"#, piece in 1_usize..9) {
        drop(read(&body, piece));
    }

    #[test]
    fn contents_of_any_bytes_are_found(
        contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..4),
        name in "\\PC{0,10}",
        piece in 1_usize..30,
    ) {
        use ::base64::{Engine, prelude::BASE64_STANDARD};
        let items: Vec<Value> =
            contents.iter().map(|bytes| json!({ "fileName": name, "content": BASE64_STANDARD.encode(bytes) })).collect();
        let (found, rest) = read(&json!({ "data": items, "name": name }).to_string(), piece).unwrap();
        prop_assert_eq!(found.concat(), contents.clone());
        let empty: Vec<Value> = contents.iter().map(|_| json!({ "fileName": name, "content": "" })).collect();
        prop_assert_eq!(serde_json::from_str::<Value>(&rest).unwrap(), json!({ "data": empty, "name": name }));
    }
}
