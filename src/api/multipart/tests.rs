use futures_util::stream;
use proptest::prelude::*;

use super::*;

/// What was read of one part: name of the field, name of the file, declared type, content.
type Seen = (Option<String>, Option<String>, Option<String>, Vec<u8>);

/// Reads a body that comes in pieces of a size.
async fn read(body: &[u8], piece_bytes: usize) -> Result<Vec<Seen>, Broken> {
    let pieces: Vec<_> = body.chunks(piece_bytes).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let mut multipart = Multipart::of(stream::iter(pieces), b"b");
    let mut seen = Vec::new();
    while let Some(mut part) = multipart.next_part().await? {
        let mut content = Vec::new();
        while let Some(bytes) = part.chunk().await? {
            content.extend_from_slice(&bytes);
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        seen.push((owned(part.name()), owned(part.file_name()), owned(part.content_type()), content));
    }
    Ok(seen)
}

/// Checks the contents of a body, whole and byte by byte.
async fn check(body: &str, contents: &[&str]) {
    for piece_bytes in [usize::MAX, 1, 3] {
        let seen = read(body.as_bytes(), piece_bytes).await.unwrap_or_else(|broken| panic!("{body:?}: {broken}"));
        let found: Vec<_> = seen.iter().map(|(.., content)| String::from_utf8_lossy(content)).collect();
        assert_eq!(found, contents, "{body:?} in pieces of {piece_bytes}");
    }
}

/// Checks what is said about a broken body.
async fn broken(body: &str, said: &str) {
    for piece_bytes in [usize::MAX, 1] {
        let message = read(body.as_bytes(), piece_bytes).await.unwrap_err().to_string();
        assert!(message.contains(said), "{body:?}: {message}");
    }
}

#[tokio::test]
async fn parts_are_what_stands_between_boundaries() {
    check("--b\r\n\r\none\r\n--b\r\n\r\n\r\n--b\r\nA: 1\r\n\r\nthree\r\n\r\n--b--\r\n", &["one", "", "three\r\n"])
        .await;
    check("--b--", &[]).await;
    check("--b--\r\n", &[]).await;
    check("--b\r\n\r\n--bb --b\r\n-b--\r\n--b--", &["--bb --b\r\n-b--"]).await;
}

#[tokio::test]
async fn text_before_the_first_and_behind_the_last_boundary_is_passed_over() {
    check("To whom it may concern --b\r\n--b\r\n\r\none\r\n--b--\r\nand so on\r\n--b\r\n", &["one"]).await;
    check("\r\n--b\r\n\r\none\r\n--b--", &["one"]).await;
}

#[tokio::test]
async fn white_space_may_follow_a_boundary() {
    check("--b \t\r\n\r\none\r\n--b  \r\n\r\ntwo\r\n--b--  ", &["one", "two"]).await;
}

#[tokio::test]
async fn lines_may_end_with_line_feeds_alone() {
    check("--b\nA: 1\n\none\r\n\n--b\n\ntwo\n--b--\n", &["one\r\n", "two"]).await;
    // In a body of the usual kind a line feed alone is part of the content.
    check("--b\r\n\r\none\n--b\r\n--b--", &["one\n--b"]).await;
}

#[tokio::test]
async fn headers_may_be_folded_and_of_any_case() {
    let body = "--b\r\ncontent-disposition: form-data;\r\n\tname=data;\r\n   filename=\"a.txt\"\r\nCONTENT-TYPE:text/plain\r\n\r\nx\r\n--b--";
    let seen = read(body.as_bytes(), 5).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(seen, [(text("data"), text("a.txt"), text("text/plain"), b"x".to_vec())]);
}

#[tokio::test]
async fn headers_may_hold_any_bytes() {
    let body =
        b"--b\r\nContent-Disposition: form-data; name=\"data\"; filename=\"M\xfcller\x7f\x01.txt\"\r\n\r\nx\r\n--b--";
    let seen = read(body, 7).await.unwrap();
    assert_eq!(seen[0].1.as_deref(), Some("Müller\u{7f}\u{1}.txt"));
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_told_from_one_of_another_boundary() {
    for cut in ["--b\r\n", "--b\r\nA: 1\r\n", "--b\r\n\r\none", "--b\r\n\r\none\r\n--b", "--b\r\n\r\none\r\n--b\r\n"] {
        broken(cut, "ends in the middle").await;
    }
    for other in ["", "--c\r\n\r\none\r\n--c--\r\n", "no form at all"] {
        broken(other, "does not occur").await;
    }
    broken("--bee\r\n\r\none\r\n--bee--\r\n", "behind a boundary").await;
    broken("--b\r\nno header\r\n\r\none\r\n--b--\r\n", "without a colon").await;
}

#[tokio::test]
async fn what_is_not_the_document_has_its_limits() {
    let long = "x".repeat(limits::PART_HEADER_BYTES_MAX);
    let preamble = format!("{long}{long}\r\n--b\r\n\r\none\r\n--b--");
    assert!(matches!(read(preamble.as_bytes(), 1000).await, Err(Broken::WrongBoundary)));
    broken(&format!("--b\r\nA: {long}\r\n\r\none\r\n--b--"), "headers").await;
    broken(&format!("--b\r\n{}\r\none\r\n--b--", "A: 1\r\n".repeat(4000)), "headers").await;
    broken(&format!("--b{}\r\n\r\none\r\n--b--", " ".repeat(1000)), "behind a boundary").await;
}

#[tokio::test]
async fn parts_that_nobody_reads_are_skipped_up_to_a_limit() {
    let body = |bytes: usize| format!("--b\r\n\r\n{}\r\n--b\r\n\r\nlast\r\n--b--", "x".repeat(bytes));
    for (bytes, is_read) in [(1000, true), (limits::FORM_OVERHEAD_BYTES_MAX, false)] {
        let body = stream::iter([Ok(Bytes::from(body(bytes)))]);
        let mut multipart = Multipart::of(body, b"b");
        drop(multipart.next_part().await.unwrap());
        assert_eq!(multipart.next_part().await.is_ok(), is_read, "{bytes}");
    }
}

#[tokio::test]
async fn an_encoding_that_forms_do_not_have_is_refused_by_name() {
    let body = |encoding: &str| format!("--b\r\nContent-Transfer-Encoding: {encoding}\r\n\r\nb25l\r\n--b--");
    for plain in ["binary", "8bit", "7BIT"] {
        check(&body(plain), &["b25l"]).await;
    }
    broken(&body("base64"), "base64").await;
}

#[test]
fn a_boundary_may_be_quoted_or_not_and_stand_anywhere() {
    for (declared, expected) in [
        ("multipart/form-data; boundary=abc", Some("abc")),
        ("multipart/form-data;boundary=\"a b:c\"", Some("a b:c")),
        ("multipart/form-data; charset=utf-8; Boundary = abc ;", Some("abc")),
        ("multipart/form-data; boundary=----=_Part_1_2.3", Some("----=_Part_1_2.3")),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data", None),
    ] {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, declared.parse().unwrap())]);
        let found = boundary(&headers).map(|found| String::from_utf8(found).unwrap());
        assert_eq!(found.as_deref(), expected, "{declared}");
    }
}

proptest! {
    #[test]
    fn any_content_is_read_as_it_was_however_it_comes(
        contents in prop::collection::vec("(\r|\n|-|b|x){0,12}", 0..4),
        piece_bytes in 1_usize..40,
        bare in any::<bool>(),
    ) {
        let end = if bare { "\n" } else { "\r\n" };
        // A content with the delimiter in it is no content.
        prop_assume!(contents.iter().all(|content| !format!("{end}{content}").contains(&format!("{end}--b"))));
        let mut body = String::new();
        for content in &contents {
            body.push_str(&format!("--b{end}{end}{content}{end}"));
        }
        body.push_str("--b--");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let seen = runtime.block_on(read(body.as_bytes(), piece_bytes)).unwrap();
        let found: Vec<_> = seen.into_iter().map(|(.., content)| String::from_utf8(content).unwrap()).collect();
        prop_assert_eq!(found, contents);
    }

    #[test]
    fn no_body_makes_the_reader_panic(body in "(--b|\r\n|\n|:|-|;|=|\"|x| ){0,40}", piece_bytes in 1_usize..20) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        drop(runtime.block_on(read(body.as_bytes(), piece_bytes)));
    }
}
