//! A sheet with a body of plain text, set by Typst.

use std::path::PathBuf;

use serde_json::json;

use super::Block;
use crate::{
    domain::{Event, limits},
    engines::{Error, native::text},
};

/// How it is set. Everything that the message says is data.
const TEMPLATE: &str = include_str!("page.typ");

/// Sets the block and the text below it.
pub(super) fn set(block: &Block, body: &str, font_folders: &[PathBuf]) -> Result<(Vec<u8>, Vec<Event>), Error> {
    if body.len() as u64 > limits::TEXT_BYTES_MAX {
        let max = limits::TEXT_BYTES_MAX >> 20;
        return Err(Error::Limit { which: format!("{} bytes of text, at most {max} MiB are allowed", body.len()) });
    }
    let mut events = Vec::new();
    let body = text::printable(body, &mut events);
    let blocks = if body.trim().is_empty() { Vec::new() } else { text::blocks(&body) };
    let mut shown = |value: &str| text::printable(value, &mut events);
    let fields: Vec<_> = block.fields.iter().map(|(name, value)| json!([name, shown(value)])).collect();
    let attachments: Vec<_> = block.attachments.iter().map(|line| shown(line)).collect();
    let data = json!({
        "title": shown(&block.subject),
        "fields": fields,
        "attachments": attachments,
        "blocks": blocks.len(),
        "rtl": text::reads_right_to_left(&body),
    });
    let data = serde_json::to_vec(&data).map_err(|error| Error::Internal {
        doing: "write the data of a sheet".to_owned(),
        source: Some(error.into()),
    })?;
    let inputs = [data].into_iter().chain(blocks).collect();
    Ok((text::compile(TEMPLATE, inputs, font_folders)?, events))
}
