//! SVG drawings, one page each.

use std::path::PathBuf;

use serde_json::Value;

use super::typesetting::{Fonts, Sheet};
use crate::{domain::Event, engines::Error};

/// Turns an SVG drawing into a PDF of one page.
///
/// # Errors
/// `Corrupt` when it is no drawing that can be set.
pub fn to_pdf(bytes: Vec<u8>, font_folders: &[PathBuf]) -> Result<(Vec<u8>, Vec<Event>), Error> {
    // Entities are how a small drawing becomes a large one; honest drawings of some programs use a few, expanded once.
    let head = String::from_utf8_lossy(&bytes);
    if head.matches("<!ENTITY").count() > 0 && (head.contains("SYSTEM") || nests_entities(&head)) {
        return Err(Error::Corrupt { what: "it defines XML entities that refer to others or to files".to_owned() });
    }
    let fonts = Fonts::open(font_folders);
    let sheet = Sheet { template: include_str!("drawing.typ"), data: Value::Null, files: vec![bytes] };
    Ok((sheet.to_pdf(fonts)?, Vec::new()))
}

/// Whether an entity's value refers to an entity.
fn nests_entities(text: &str) -> bool {
    text.split("<!ENTITY").skip(1).any(|declaration| declaration.split('>').next().unwrap_or_default().contains('&'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_that_feed_on_each_other_are_refused() {
        let bomb = r#"<!DOCTYPE svg [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg"/>"#;
        assert!(matches!(to_pdf(bomb.into(), &[]), Err(Error::Corrupt { .. })));
    }
}
