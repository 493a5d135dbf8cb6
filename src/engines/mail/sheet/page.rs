//! A sheet with a body of plain text, set by Typst.

use serde_json::json;

use super::Block;
use crate::{
    domain::{Event, EventCode, limits},
    engines::{
        Error,
        native::{
            script,
            text::{self, UNBROKEN_CHARS_MAX},
            typesetting::{Faces, Fonts, Sheet},
        },
    },
};

/// Sets the block and the text below it. Everything that the message says is data.
pub(super) fn set(block: &Block, body: &str, faces: &Faces) -> Result<(Vec<u8>, Vec<Event>), Error> {
    if body.len() as u64 > limits::TEXT_BYTES_MAX {
        let max = limits::TEXT_BYTES_MAX >> 20;
        return Err(Error::Limit { which: format!("{} bytes of text, at most {max} MiB are allowed", body.len()) });
    }
    let mut fonts = Fonts::of(faces);
    let mut places = 0;
    let mut shown = |value: &str| {
        let (text, broken) = text::broken(&fonts.shown(&value.replace('\r', "")), UNBROKEN_CHARS_MAX);
        places += broken;
        text
    };
    let body = shown(&body.replace('\u{c}', "\n"));
    let fields: Vec<_> = block.fields.iter().map(|(name, value)| json!([name, shown(value)])).collect();
    let attachments: Vec<_> = block.attachments.iter().map(|line| shown(line)).collect();
    let title = shown(&block.subject);
    let mut events = Vec::new();
    fonts.tell(&mut events);
    if places > 0 {
        let message = format!("Words that are wider than the page were broken in {places} places.");
        events.push(Event::info(EventCode::ContentOverflow, message));
    }
    let blocks = if body.trim().is_empty() { Vec::new() } else { text::blocks(&body) };
    let data = json!({
        "title": title,
        "fields": fields,
        "attachments": attachments,
        "blocks": blocks.len(),
        "rtl": script::reads_right_to_left(&body),
        "han": script::han_forms(&format!("{title}\n{body}"), false),
    });
    let files = blocks.into_iter().map(String::into_bytes).collect();
    Ok((Sheet { template: include_str!("page.typ"), data, files }.to_pdf(fonts)?, events))
}
