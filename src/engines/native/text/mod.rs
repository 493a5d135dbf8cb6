//! Plain text, as a file viewer shows it.

use serde_json::json;

use super::{
    encoding, script,
    typesetting::{Faces, Fonts, Sheet},
};
use crate::{
    domain::{Event, EventCode},
    engines::Error,
};

/// Characters without a place to break after which a line is broken: what fits on the page.
pub(in crate::engines) const UNBROKEN_CHARS_MAX: usize = 90;

/// Lines of one block. A block that spans many pages takes time with the square of them: 131 s for 600 pages as one.
const BLOCK_LINES: usize = 200;

/// Turns text in any encoding into a PDF.
///
/// # Errors
/// `Limit` when it is too long, `Corrupt` when it cannot be set.
pub fn to_pdf(bytes: &[u8], faces: &Faces) -> Result<(Vec<u8>, Vec<Event>), Error> {
    let mut events = Vec::new();
    let decoded = encoding::decode(bytes, &mut events)?;
    let mut fonts = Fonts::of(faces);
    let text = fonts.shown(&decoded.text.replace('\u{c}', "\n"));
    fonts.tell(&mut events);
    let (text, broken) = broken(&text, UNBROKEN_CHARS_MAX);
    if broken > 0 {
        let message = format!("Words that are wider than the page were broken in {broken} places.");
        events.push(Event::info(EventCode::ContentOverflow, message));
    }
    let blocks = blocks(&text);
    let data = json!({
        "rtl": script::reads_right_to_left(&text),
        "han": script::han_forms(&text, decoded.is_traditional),
        "blocks": blocks.len(),
    });
    let files = blocks.into_iter().map(String::into_bytes).collect();
    Ok((Sheet { template: include_str!("text.typ"), data, files }.to_pdf(fonts)?, events))
}

/// Breaks words of more characters than fit, and says in how many places; sets tabs as four spaces.
pub(in crate::engines) fn broken(text: &str, most: usize) -> (String, usize) {
    let mut printed = String::with_capacity(text.len());
    let (mut unbroken, mut broken) = (0_usize, 0_usize);
    for character in text.chars() {
        unbroken = if matches!(character, '\n' | ' ' | '\t') { 0 } else { unbroken + 1 };
        if unbroken > most {
            printed.push('\n');
            unbroken = 1;
            broken += 1;
        }
        match character {
            '\t' => printed.push_str("    "),
            other => printed.push(other),
        }
    }
    (printed, broken)
}

/// Splits text into blocks of whole lines; the line feed between two blocks is the break between them.
pub(in crate::engines) fn blocks(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.trim_end_matches('\n').split('\n').collect();
    lines.chunks(BLOCK_LINES).map(|block| block.join("\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_without_an_end_is_broken_to_fit_the_page() {
        let (printed, broken) = broken(&"x".repeat(1000), 90);
        assert!(printed.lines().all(|line| line.len() <= 90));
        assert_eq!(broken, 11);
    }

    #[test]
    fn blocks_hold_every_line_once_and_in_order() {
        let text: String = (0..450).map(|line| format!("{line}\n")).collect();
        let blocks = blocks(&text);
        assert_eq!(blocks.len(), 3);
        assert_eq!(blocks.join("\n"), text.trim_end());
    }
}
