//! Plain text, as a file viewer shows it.

use std::path::PathBuf;

use serde_json::json;

use super::{
    encoding, script,
    typesetting::{Fonts, Sheet},
};
use crate::{
    domain::{Event, EventCode},
    engines::Error,
};

/// Characters without a place to break after which a line is broken: what fits on the page.
const UNBROKEN_CHARS_MAX: usize = 90;

/// Lines of one block. A block that spans many pages takes time with the square of them: 131 s for 600 pages as one.
pub(super) const BLOCK_LINES: usize = 200;

/// Turns text in any encoding into a PDF.
///
/// # Errors
/// `Limit` when it is too long, `Corrupt` when it cannot be set.
pub fn to_pdf(bytes: &[u8], font_folders: &[PathBuf]) -> Result<(Vec<u8>, Vec<Event>), Error> {
    let mut events = Vec::new();
    let decoded = encoding::decode(bytes, &mut events)?;
    let mut fonts = Fonts::open(font_folders);
    let text = fonts.shown(&decoded.text.replace('\u{c}', "\n"));
    fonts.tell(&mut events);
    let text = broken(&text, &mut events);
    let blocks = blocks(&text);
    let data = json!({
        "rtl": script::reads_right_to_left(&text),
        "han": script::han_forms(&text, decoded.is_traditional),
        "blocks": blocks.len(),
    });
    Ok((Sheet { template: include_str!("text.typ"), data, files: blocks }.to_pdf(fonts)?, events))
}

/// Breaks words that are wider than the page; sets tabs as four spaces.
fn broken(text: &str, events: &mut Vec<Event>) -> String {
    let mut printed = String::with_capacity(text.len());
    let (mut unbroken, mut broken) = (0_usize, 0_usize);
    for character in text.chars() {
        unbroken = if matches!(character, '\n' | ' ' | '\t') { 0 } else { unbroken + 1 };
        if unbroken > UNBROKEN_CHARS_MAX {
            printed.push('\n');
            unbroken = 1;
            broken += 1;
        }
        match character {
            '\t' => printed.push_str("    "),
            other => printed.push(other),
        }
    }
    if broken > 0 {
        let message = format!("Words that are wider than the page were broken in {broken} places.");
        events.push(Event::info(EventCode::ContentOverflow, message));
    }
    printed
}

/// Splits text into blocks of whole lines; the line feed between two blocks is the break between them.
fn blocks(text: &str) -> Vec<Vec<u8>> {
    let lines: Vec<&str> = text.trim_end_matches('\n').split('\n').collect();
    lines.chunks(BLOCK_LINES).map(|block| block.join("\n").into_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_without_an_end_is_broken_to_fit_the_page() {
        let mut events = Vec::new();
        let printed = broken(&"x".repeat(1000), &mut events);
        assert!(printed.lines().all(|line| line.len() <= UNBROKEN_CHARS_MAX));
        assert_eq!(events.len(), 1);
    }

    #[test]
    fn blocks_hold_every_line_once_and_in_order() {
        let text: String = (0..450).map(|line| format!("{line}\n")).collect();
        let blocks = blocks(&text);
        assert_eq!(blocks.len(), 3);
        let joined: Vec<String> = blocks.into_iter().map(|block| String::from_utf8(block).unwrap()).collect();
        assert_eq!(joined.join("\n"), text.trim_end());
    }
}
