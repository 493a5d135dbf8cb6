//! HTML of a message, made fit to stand on a sheet.
//!
//! It is not checked but written anew from its tokens: every `<` in the result was put there by this file, with the name of an
//! element from a list, so whatever a message holds cannot end the element that it stands in. What runs, loads a page of its own
//! or speaks for the whole page is left out; the look is not touched.

use std::cell::RefCell;

use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states::RawKind,
    },
};

use super::{escaped, style};

/// What stands for the elements `html` and `body`.
pub(super) const ROOT: &str = "mail-root";
pub(super) const BODY: &str = "mail-body";

/// Elements that are shown as they are, in the order of the alphabet.
const SHOWN: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "label",
    "legend",
    "li",
    "main",
    "map",
    "mark",
    "menu",
    "nav",
    "nobr",
    "ol",
    "p",
    "picture",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Elements whose content is no part of what is shown.
const DROPPED: &[&str] = &[
    "script", "title", "template", "iframe", "noembed", "noframes", "textarea", "xmp", "select", "object", "applet",
    "audio", "video", "svg", "math",
];

/// Attributes that are left out: they load pages, run, or mean something to the page as a whole.
const DROPPED_ATTRIBUTES: &[&str] = &[
    "srcdoc",
    "action",
    "formaction",
    "manifest",
    "ping",
    "target",
    "is",
    "slot",
    "part",
    "exportparts",
    "usemap",
    "autofocus",
];

/// Writes HTML of a message anew.
pub(super) fn moved(html: &str) -> String {
    let tokenizer = Tokenizer::new(Writer::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    // Nothing here hands control back before the end.
    let _done = tokenizer.feed(&input);
    tokenizer.end();
    let written = tokenizer.sink.written.into_inner();
    format!("<{ROOT}><{BODY}{}>{}</{BODY}></{ROOT}>", written.body, written.html)
}

/// Writes tokens as they come.
#[derive(Default)]
struct Writer {
    written: RefCell<Written>,
}

#[derive(Default)]
struct Written {
    html: String,
    /// Attributes of the element `body`.
    body: String,
    /// The style sheet that is being read.
    style: Option<String>,
    /// The element that is being left out, and how many of its name are open inside it.
    dropped: Option<(String, usize)>,
}

impl TokenSink for Writer {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut written = self.written.borrow_mut();
        match token {
            Token::CharacterTokens(text) => written.text(&text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return written.start(&tag),
            Token::TagToken(tag) => written.end(&tag.name),
            Token::EOFToken => written.end_style(),
            Token::DoctypeToken(_) | Token::CommentToken(_) | Token::NullCharacterToken | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

impl Written {
    fn text(&mut self, text: &str) {
        match &mut self.style {
            Some(style) => style.push_str(text),
            None if self.dropped.is_some() => {}
            None => self.html.push_str(&escaped(text)),
        }
    }

    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        if let Some((dropped, open)) = &mut self.dropped {
            *open += usize::from(dropped == name && !tag.self_closing);
        } else if name == "style" {
            self.style = Some(String::new());
        } else if name == "body" {
            self.body.push_str(&attributes(tag, &self.body));
        } else if DROPPED.contains(&name) && !tag.self_closing {
            self.dropped = Some((name.to_owned(), 0));
        } else if SHOWN.binary_search(&name).is_ok() {
            self.html.push_str(&format!("<{name}{}>", attributes(tag, "")));
        }
        // In these the tokenizer has to know that tags are text.
        match name {
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }

    fn end(&mut self, name: &str) {
        if name == "style" {
            self.end_style();
        } else if let Some((dropped, open)) = &mut self.dropped {
            if dropped == name {
                match open.checked_sub(1) {
                    Some(fewer) => *open = fewer,
                    None => self.dropped = None,
                }
            }
        } else if SHOWN.binary_search(&name).is_ok() {
            self.html.push_str(&format!("</{name}>"));
        }
    }

    fn end_style(&mut self) {
        if let Some(css) = self.style.take()
            && self.dropped.is_none()
        {
            self.html.push_str(&format!("<style>{}</style>", style::moved(&css)));
        }
    }
}

/// The attributes of a tag that are kept, as text; none that stands in `given` already.
fn attributes(tag: &Tag, given: &str) -> String {
    let mut kept = String::new();
    for attribute in &tag.attrs {
        let name: &str = &attribute.name.local;
        let is_plain =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let is_dropped =
            name.starts_with("on") || DROPPED_ATTRIBUTES.contains(&name) || given.contains(&format!(" {name}="));
        if !is_plain || is_dropped || runs(&attribute.value) {
            continue;
        }
        kept.push_str(&format!(" {name}=\"{}\"", escaped(&attribute.value)));
    }
    kept
}

/// Whether a value is an address that runs something.
fn runs(value: &str) -> bool {
    let letters: String =
        value.chars().filter(|character| !character.is_whitespace() && !character.is_control()).take(11).collect();
    ["javascript:", "vbscript:"].iter().any(|scheme| letters.to_ascii_lowercase().starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(html: &str, expected: &str) {
        assert_eq!(moved(html), format!("<mail-root><mail-body>{expected}</mail-body></mail-root>"));
    }

    #[test]
    fn the_list_is_in_order() {
        assert!(SHOWN.is_sorted());
    }

    #[test]
    fn the_look_is_kept() {
        check(
            "<html><head><title>t</title><style>body{color:red}</style></head><body><P Class=a style='color:blue'>1 &lt; 2<br>é</p></body></html>",
            "<style>mail-body{color:red}</style><p class=\"a\" style=\"color:blue\">1 &lt; 2<br>é</p>",
        );
        assert_eq!(
            moved("<body bgcolor=red><body bgcolor=blue text=black>a"),
            "<mail-root><mail-body bgcolor=\"red\" text=\"black\">a</mail-body></mail-root>"
        );
    }

    #[test]
    fn what_runs_or_speaks_for_the_page_is_left_out() {
        check(
            "a<script>b</script>c<iframe srcdoc='<p>'>d</iframe>e<base href=x><meta http-equiv=refresh content=0><link rel=x>f",
            "acef",
        );
        check(
            "<p onclick=x() style=a>b<a href=' java\nscript:x()'>c</a><form action=x>d</form>",
            "<p style=\"a\">b<a>c</a>d",
        );
        check("a<svg><svg></svg><style></svg></style>b</svg>c", "ac");
    }

    #[test]
    fn nothing_ends_the_element_it_stands_in() {
        check("</template></div></body></html>a<template>b</template>c<plaintext>d", "</div>acd");
        check("<style></style/x><p>", "<style></style><p>");
        check("<!-- </template> --><p title='</template>'>", "<p title=\"&lt;/template&gt;\">");
    }

    proptest! {
        #[test]
        fn every_tag_is_one_of_the_list(words in prop::collection::vec(prop::sample::select(vec![
            "<", ">", "/", "!", "--", "style", "template", "p", "a", "title", "\"", "'", "=", " ", "svg", "script", "&lt;", "]]>", "<![CDATA[",
            "plaintext", "textarea", "\0", "mail-body", "select",
        ]), 0..40)) {
            let html = moved(&words.concat());
            for after in html.split('<').skip(1) {
                let name = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
                let tag: String = after.trim_start_matches('/').chars().take_while(name).collect();
                prop_assert!(SHOWN.contains(&tag.as_str()) || ["style", ROOT, BODY].contains(&tag.as_str()), "{html}");
            }
        }
    }
}
