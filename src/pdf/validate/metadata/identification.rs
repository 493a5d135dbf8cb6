//! Identification (parts 2 and 3: 6.6.4; part 1: 6.7.11; part 4: 6.7.3): the file says what it conforms to.

use lopdf::Document;

use super::{
    packet,
    schemas::namespace::PDFA_ID,
    xmp::{Node, Xmp},
};
use crate::pdf::validate::{Flavour, Level, Part, rule::Findings, subject::Subject};

/// The only prefix that the identification may be written with.
const PREFIX: &str = "pdfaid";

/// The flavour that the metadata of a document claim; `None` when they claim none that there is.
pub(in crate::pdf::validate) fn claim(document: &Document) -> Option<Flavour> {
    let xmp = packet::read_main(document)?;
    let text = |name| xmp.model.property(PDFA_ID, name).and_then(Node::text);
    let part: u32 = text("part")?.trim().parse().ok()?;
    let level = text("conformance").unwrap_or_default().trim();
    format!("{part}{level}").parse().ok()
}

/// The properties of the identification in the packet of the catalog; `None` when there is no packet that can be read.
fn identity<'s>(subject: &'s Subject<'_>) -> Option<&'s Xmp> {
    subject.packets().main()?.xmp.as_ref().ok()
}

fn identification<'s>(subject: &'s Subject<'_>, name: &str) -> Option<&'s Node> {
    identity(subject)?.model.property(PDFA_ID, name)
}

fn is_identified(subject: &Subject<'_>) -> bool {
    identity(subject).is_some_and(|xmp| xmp.model.properties().any(|property| &*property.namespace == PDFA_ID))
}

/// The file says which part and level it conforms to by the PDF/A identification schema (6.6.4 of part 2).
pub(super) fn present(subject: &Subject<'_>, findings: &mut Findings) {
    if identity(subject).is_some() && !is_identified(subject) {
        findings.add_document("The metadata do not say that the file is PDF/A.");
    }
}

/// `pdfaid:part` is the number of the part (6.6.4 of part 2).
pub(super) fn part(subject: &Subject<'_>, findings: &mut Findings) {
    if !is_identified(subject) {
        return;
    }
    let wanted = match subject.flavour.part() {
        Part::One => 1,
        Part::Two => 2,
        Part::Three => 3,
        Part::Four => 4,
    };
    let said = identification(subject, "part").and_then(Node::text);
    if said.and_then(|text| text.parse::<i32>().ok()) != Some(wanted) {
        let said = said.map_or_else(|| "missing".to_owned(), |text| format!("\"{text}\""));
        findings.add_document(&format!("pdfaid:part is {said}, not {wanted}."));
    }
}

/// `pdfaid:conformance` is the letter of the level or of one that includes it; plain PDF/A-4 has none (6.6.4 of
/// part 2, 6.7.3 of part 4).
pub(super) fn conformance(subject: &Subject<'_>, findings: &mut Findings) {
    if !is_identified(subject) {
        return;
    }
    let allowed: &[&str] = match (subject.flavour.part(), subject.flavour.level()) {
        (_, Level::A) => &["A"],
        (_, Level::U) => &["U", "A"],
        (Part::One, Level::B) => &["B", "A"],
        (_, Level::B) => &["B", "U", "A"],
        (_, Level::Plain) => &[],
        (_, Level::E) => &["E"],
        (_, Level::F) => &["F"],
    };
    let said = identification(subject, "conformance");
    let text = said.and_then(Node::text);
    let obeys = if allowed.is_empty() { said.is_none() } else { text.is_some_and(|text| allowed.contains(&text)) };
    if !obeys {
        let said = text.map_or_else(|| "missing".to_owned(), |text| format!("\"{text}\""));
        let wanted = if allowed.is_empty() { "absent".to_owned() } else { allowed.join(" or ") };
        findings.add_document(&format!("pdfaid:conformance is {said}, but should be {wanted}."));
    }
}

/// The identification is written with the prefix `pdfaid` (6.6.4 of part 2).
pub(super) fn prefix(subject: &Subject<'_>, findings: &mut Findings) {
    let names: &[&str] = match subject.flavour.part() {
        Part::One => &["part", "conformance", "amd"],
        Part::Two | Part::Three => &["part", "conformance", "amd", "corr"],
        Part::Four => &["part", "conformance", "rev", "amd", "corr"],
    };
    for property in names.iter().filter_map(|name| identification(subject, name)) {
        if property.prefix.as_deref() != Some(PREFIX) {
            findings.add_document(&format!("The identification is written as {}.", property.written()));
        }
    }
}

/// `pdfaid:rev` is a year in four digits, that of the standard (6.7.3 of part 4).
pub(super) fn revision(subject: &Subject<'_>, findings: &mut Findings) {
    if !is_identified(subject) {
        return;
    }
    let said = identification(subject, "rev").and_then(Node::text);
    let is_year = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !said.is_some_and(is_year) {
        let said = said.map_or_else(|| "missing".to_owned(), |text| format!("\"{text}\""));
        findings.add_document(&format!("pdfaid:rev is {said}, not a year in four digits."));
    }
}

#[cfg(test)]
mod tests {
    use super::claim;
    use crate::pdf::validate::{
        Flavour,
        metadata::testing::{breaks, document, packet},
    };

    fn identified(attributes: &str) -> String {
        packet(&format!(r#"<d xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" {attributes}/>"#))
    }

    #[test]
    fn the_claim_is_what_the_metadata_say() {
        for flavour in Flavour::ALL {
            let (part, level) = flavour.as_str().split_at(1);
            let level = level.to_uppercase();
            let level = if level.is_empty() { level } else { format!(r#"pdfaid:conformance="{level}""#) };
            let text = identified(&format!(r#"pdfaid:part="{part}" {level}"#));
            assert_eq!(claim(&document(&text)), Some(flavour));
        }
        assert_eq!(claim(&document(&identified(r#"pdfaid:part="7" pdfaid:conformance="B""#))), None);
        assert_eq!(claim(&document(&packet(""))), None);
    }

    #[test]
    fn an_identification_of_another_flavour_is_refused() {
        let cases = [
            (r#"pdfaid:part="2" pdfaid:conformance="B""#, Flavour::A2B, None),
            (r#"pdfaid:part="2" pdfaid:conformance="A""#, Flavour::A2U, None),
            (r#"pdfaid:part="2" pdfaid:conformance="B""#, Flavour::A2U, Some("identification-conformance")),
            (r#"pdfaid:part="2" pdfaid:conformance="b""#, Flavour::A2B, Some("identification-conformance")),
            (r#"pdfaid:part="1" pdfaid:conformance="B""#, Flavour::A2B, Some("identification-part")),
            (r#"pdfaid:conformance="B""#, Flavour::A2B, Some("identification-part")),
            ("", Flavour::A2B, Some("identification-present")),
            (r#"pdfaid:part="4" pdfaid:rev="2020""#, Flavour::A4, None),
            (r#"pdfaid:part="4" pdfaid:rev="20""#, Flavour::A4, Some("identification-revision")),
            (
                r#"pdfaid:part="4" pdfaid:rev="2020" pdfaid:conformance="""#,
                Flavour::A4,
                Some("identification-conformance"),
            ),
            (r#"pdfaid:part="4" pdfaid:rev="2020" pdfaid:conformance="F""#, Flavour::A4F, None),
            (r#"pdfaid:part="4" pdfaid:rev="2020""#, Flavour::A4E, Some("identification-conformance")),
        ];
        let rules = ["present", "part", "conformance", "revision"].map(|name| format!("identification-{name}"));
        for (attributes, flavour, broken) in cases {
            let text = identified(attributes);
            let found = rules.iter().find(|rule| breaks(rule, flavour, &text));
            assert_eq!(found.map(String::as_str), broken, "{attributes} as {flavour}");
        }
    }

    #[test]
    fn another_prefix_is_refused() {
        let usual = identified(r#"pdfaid:part="2" pdfaid:conformance="B""#);
        assert!(!breaks("identification-prefix", Flavour::A2B, &usual));
        assert!(breaks(
            "identification-prefix",
            Flavour::A2B,
            &usual.replace("pdfaid:", "id:").replace("xmlns:pdfaid", "xmlns:id")
        ));
    }
}
