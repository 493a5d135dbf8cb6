//! A sheet with an HTML body, as a web archive (MHTML, RFC 2557) for the browser.
//!
//! The body stands in a shadow tree, so its style sheets reach nothing outside, in a box that clips what it draws and that all
//! its positions refer to. The block above it is not in reach by any style, and no mark-up ends the box (see [`html`]).

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Block, escaped, html};
use crate::engines::mail::message::Inline;

/// Stands between parts. Lines of base64 hold none of these signs.
const BOUNDARY: &str = "=_part_=";
const LINE_BYTES: usize = 57;

/// How the page and its block look. Class names matter to nobody else: the body does not see this sheet.
const LOOK: &str = "\
body { margin: 0; font: 10pt \"Liberation Sans\", \"DejaVu Sans\", sans-serif; color: #222 }
.block { border-bottom: 1pt solid #1f4e79; margin-bottom: 10pt; padding-bottom: 6pt }
.block table { border-collapse: collapse }
.block th { text-align: left; vertical-align: top; font-weight: normal; color: #666; padding: 1pt 10pt 1pt 0; white-space: nowrap }
.block td { vertical-align: top; padding: 1pt 0; overflow-wrap: anywhere }
.block .subject { font-weight: bold }
.body { overflow: clip; contain: layout paint style; isolation: isolate }
";

/// What the shadow tree begins with: what `html` and `body` do in a page of their own, and what keeps it on the paper. Outlook
/// gives its text a kind of page, which would begin with the text and not with the block.
const LOOK_OF_BODY: &str = "\
mail-root, mail-body { display: block } mail-body { overflow-wrap: anywhere } img { max-width: 100% } * { page: auto !important }";

/// Writes the archive.
pub(super) fn compose(block: &Block, body: &str, inline: &[Inline]) -> String {
    let mut archive = format!(
        "MIME-Version: 1.0\r\nContent-Type: multipart/related; type=\"text/html\"; boundary=\"{BOUNDARY}\"\r\n\r\n"
    );
    part(&mut archive, "Content-Type: text/html; charset=utf-8", page(block, body).as_bytes());
    for inline in inline {
        let head = format!("Content-Type: {}\r\nContent-ID: <{}>", media_type(&inline.media_type), inline.id);
        part(&mut archive, &head, &inline.attachment.bytes);
    }
    archive + "--" + BOUNDARY + "--\r\n"
}

fn part(archive: &mut String, head: &str, bytes: &[u8]) {
    archive.push_str(&format!("--{BOUNDARY}\r\n{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n"));
    for line in bytes.chunks(LINE_BYTES) {
        STANDARD.encode_string(line, archive);
        archive.push_str("\r\n");
    }
}

/// A media type that can stand in a header field; a picture that says nothing is recognised by the browser.
fn media_type(said: &str) -> &str {
    let is_plain = said.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'+' | b'.'));
    if is_plain && said.starts_with("image/") { said } else { "image/*" }
}

fn page(block: &Block, body: &str) -> String {
    let mut rows = String::new();
    let mut row = |name: &str, class: &str, value: &str| {
        // Writing to text does not fail.
        let _written = write!(rows, "<tr><th>{name}</th><td class=\"{class}\" dir=\"auto\">{value}</td></tr>");
    };
    for (name, value) in &block.fields {
        row(name, if *name == "Subject" { "subject" } else { "" }, &escaped(value));
    }
    if !block.attachments.is_empty() {
        let attachments: Vec<_> = block.attachments.iter().map(|line| escaped(line)).collect();
        row("Attachments", "", &attachments.join("<br>"));
    }
    let (title, body) = (escaped(&block.subject), html::moved(body));
    format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>{title}</title><style>{LOOK}</style></head><body>\
         <header class=\"block\"><table>{rows}</table></header>\
         <div class=\"body\"><div><template shadowrootmode=\"open\"><style>{LOOK_OF_BODY}</style>{body}</template></div></div>\
         </body></html>"
    )
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, MimeHeaders as _};

    use super::*;
    use crate::{
        domain::Format,
        engines::{detect, mail::message::Attachment},
    };

    fn block() -> Block {
        let fields = vec![("From", "<b>\"x\"</td>".to_owned()), ("Subject", "</title>".to_owned())];
        Block { fields, subject: "</title>".to_owned(), attachments: vec!["<a>.txt (1 B)".to_owned()] }
    }

    #[test]
    fn the_archive_is_one_to_every_reader() {
        let picture = Attachment { name: "a.png".to_owned(), bytes: (0..=255).collect() };
        let inline =
            [Inline { id: "one@x".to_owned(), media_type: "image/png\r\nX: y".to_owned(), attachment: picture }];
        let archive = compose(&block(), "<p>Grüße", &inline);
        assert_eq!(detect::detect(archive.as_bytes(), super::super::ARCHIVE, None).unwrap().format, Format::Mhtml);
        let parsed = MessageParser::default().parse(archive.as_bytes()).unwrap();
        assert_eq!(parsed.parts.len(), 3);
        assert!(parsed.body_html(0).unwrap().contains("<p>Grüße"));
        assert_eq!(parsed.parts[2].content_id(), Some("one@x"));
        assert_eq!(parsed.parts[2].contents(), (0..=255).collect::<Vec<u8>>());
    }

    #[test]
    fn what_a_field_says_is_text_and_nothing_else() {
        let page = page(&block(), "");
        assert!(page.contains("<title>&lt;/title&gt;</title>"));
        assert!(page.contains("&lt;b&gt;&quot;x&quot;&lt;/td&gt;") && page.contains("&lt;a&gt;.txt"));
    }

    #[test]
    fn a_body_cannot_leave_its_place() {
        let page = page(&block(), "</template></div><style>.block{display:none}</style><script>x</script><p>a");
        assert_eq!(page.matches("</template>").count(), 1);
        let at = |text: &str| page.find(text).unwrap();
        assert!(at("<template") < at(".block{display:none}") && at(".block{display:none}") < at("</template>"));
        assert!(!page.contains("<script"));
    }
}
