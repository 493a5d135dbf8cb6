//! What is drawn: fonts, colours, resources, nesting (6.1.13, 6.2).

use lopdf::{Document, Object, ObjectId};

use super::Findings;
use crate::pdf::{
    fonts::{base_name, described, is_embedded, shows_undefined},
    object,
    profiles::{Device, Profile},
    stream,
    usage::{ContentUse, Survey},
};

/// Deepest nesting of saved graphics states (6.1.13).
const SAVED_MAX: usize = 28;

/// Most bytes of a profile that is looked at.
const PROFILE_BYTES_MAX: usize = 16 << 20;

/// Checks everything drawn.
pub(super) fn check(document: &Document, survey: &Survey, findings: &mut Findings) {
    let covered = covered(document);
    for content in &survey.contents {
        one(content, covered, findings);
    }
    for (id, used) in &survey.fonts {
        if used.is_visible {
            font(document, *id, findings);
        }
        if shows_undefined(document, *id, used) {
            let name = object::at(document, *id).map(|font| base_name(document, font)).unwrap_or_default();
            findings.add("6.2.11.8", format!("Some text shows glyphs that the font \"{name}\" does not have."));
        }
    }
}

/// The device colour that the output intent covers; grey is covered by any.
fn covered(document: &Document) -> Option<Device> {
    let catalog = object::catalog(document)?;
    object::array(document, catalog, b"OutputIntents")?.iter().find_map(|intent| {
        let intent = object::as_dictionary(object::resolve(document, intent))?;
        if object::name(document, intent, b"S") != Some(b"GTS_PDFA1") {
            return None;
        }
        let Some(Object::Stream(held)) = object::get(document, intent, b"DestOutputProfile") else { return None };
        let bytes = stream::unpack_within(held, PROFILE_BYTES_MAX).ok()?;
        match Profile::read(&bytes).filter(|profile| profile.is_output)?.components {
            1 => Some(Device::Gray),
            3 => Some(Device::Rgb),
            _ => Some(Device::Cmyk),
        }
    })
}

fn one(content: &ContentUse, covered: Option<Device>, findings: &mut Findings) {
    if content.is_broken {
        findings.add("6.2.2", "Some content could not be unpacked.");
    }
    if content.depth > SAVED_MAX {
        findings.add("6.1.13", "Graphics states are nested deeper than 28.");
    }
    if content.borrows {
        findings.add("6.2.2", "Some content has no resources of its own.");
    }
    if let Some(name) = content.missing.first() {
        findings.add("6.2.2", format!("Some content uses a resource that does not exist: {name}."));
    }
    if content.has_lzw {
        findings.add("6.1.10", "An inline image is packed by LZW.");
    }
    if let Some(intent) = &content.unknown_intent {
        findings.add("6.2.6", format!("Some content has an unknown rendering intent: {intent}."));
    }
    if content.is_interpolated {
        findings.add("6.2.8", "An inline image asks to be smoothed.");
    }
    for device in &content.devices {
        let is_covered = match device {
            Device::Gray => covered.is_some(),
            Device::Rgb | Device::Cmyk => covered == Some(*device),
        };
        if !is_covered && !content.defaults.contains(device) {
            findings.add(
                "6.2.4.3",
                format!("Colours are used without a profile that says what they look like: {device:?}."),
            );
        }
    }
}

fn font(document: &Document, id: ObjectId, findings: &mut Findings) {
    let Some(font) = object::at(document, id) else { return };
    let name = base_name(document, font);
    if !is_embedded(document, font) {
        findings.add("6.2.11.4.1", format!("The font \"{name}\" is not in the document."));
        return;
    }
    let kind = object::name(document, font, b"Subtype");
    if kind == Some(b"Type0") {
        composite(document, id, &name, findings);
    } else if kind != Some(b"Type3") && object::array(document, font, b"Widths").is_none() {
        findings.add("6.2.11.2", format!("The font \"{name}\" does not say how wide its letters are."));
    }
    if kind == Some(b"TrueType") {
        let flags = described(document, font)
            .and_then(|held| object::dictionary(document, held, b"FontDescriptor"))
            .and_then(|held| object::integer(document, held, b"Flags"))
            .unwrap_or(0);
        if flags & 4 == 0 && !font.has(b"Encoding") {
            findings.add("6.2.11.6", format!("The font \"{name}\" has no encoding."));
        }
        if flags & 4 != 0 && font.has(b"Encoding") {
            findings.add("6.2.11.6", format!("The symbolic font \"{name}\" has an encoding."));
        }
    }
}

fn composite(document: &Document, id: ObjectId, name: &str, findings: &mut Findings) {
    let Some(font) = object::at(document, id) else { return };
    let Some(held) = described(document, font) else { return };
    if object::name(document, held, b"Subtype") == Some(b"CIDFontType2") && !held.has(b"CIDToGIDMap") {
        findings.add("6.2.11.3.2", format!("The font \"{name}\" does not map its characters to glyphs."));
    }
    let Some(encoding) = object::name(document, font, b"Encoding") else { return };
    if matches!(encoding, b"Identity-H" | b"Identity-V") {
        return;
    }
    // A predefined map belongs to one collection of characters, and the font has to be of the same one.
    let ordering = object::dictionary(document, held, b"CIDSystemInfo")
        .and_then(|system| object::text(document, system, b"Ordering"));
    let expected = collection(encoding);
    match (expected, ordering) {
        (None, _) => findings.add(
            "6.2.11.3.3",
            format!("The font \"{name}\" uses a character map that is neither known nor in the document."),
        ),
        (Some(expected), Some(said)) if said == expected => {}
        (Some(_), _) => {
            findings.add("6.2.11.3.1", format!("The font \"{name}\" and its character map disagree on the characters."))
        }
    }
}

/// The character collection of a predefined map.
fn collection(encoding: &[u8]) -> Option<&'static str> {
    let name = std::str::from_utf8(encoding).ok()?;
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if starts(&["GB", "UniGB"]) {
        Some("GB1")
    } else if starts(&["B5", "HKscs", "ETen", "ETenms", "CNS", "UniCNS"]) {
        Some("CNS1")
    } else if starts(&["83pv", "90ms", "90pv", "Add-", "EUC-", "Ext-", "H", "V", "UniJIS"]) {
        Some("Japan1")
    } else if starts(&["KSC", "UniKS"]) {
        Some("Korea1")
    } else {
        None
    }
}
