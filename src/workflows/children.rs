//! What becomes of documents that came out of others: a part of the settings of several workflows, and the step that puts their
//! documents together by it.

use super::workflow::{BadSettings, Job, JobDocument, Problem};
use crate::{
    domain::{Format, limits},
    engines::{
        assemble::stem,
        children::{Children, Collect, Failure, Fate, Judge},
        protocol::{Attached, Collected, Step, Target},
    },
    pdf::{
        stamp::{Pages, StampSettings},
        validate::Part,
    },
};

/// What a child is to the document that it is attached to (ISO 19005-3, annex E).
const RELATIONSHIP: &str = "Supplement";

/// Looks for what cannot be, or not in a PDF of a kind.
pub(super) fn check(children: &Children, target: Target) -> Result<(), BadSettings> {
    let bad = |path: &str, problem: String| Err(BadSettings { path: format!("children.{path}"), problem });
    if let Err(wrong) = Judge::new(&children.rules, &[]) {
        return bad(&wrong.path, wrong.problem);
    }
    let kind = match target.part() {
        Some(part @ (Part::One | Part::Two)) => part,
        Some(Part::Three | Part::Four) | None => return Ok(()),
    };
    let (number, files) = if kind == Part::One { (1, "no files") } else { (2, "no files but PDF/A-1 and PDF/A-2") };
    let problem = || format!("PDF/A-{number} holds {files}");
    if let Some(index) = children.rules.iter().position(|rule| rule.convert == Fate::Original) {
        return bad(&format!("rules[{index}].convert"), problem());
    }
    if children.failure == Failure::Original {
        return bad("failure", problem());
    }
    if kind == Part::One && children.collect != Collect::Merge {
        return bad("collect", problem());
    }
    Ok(())
}

/// The step that puts the documents of a job together.
///
/// # Errors
/// When a stamp is for the first or the last page, of which a collection has none.
pub(super) fn step(
    children: &Children,
    stamps: &[StampSettings],
    target: Target,
    job: &Job<'_>,
) -> Result<Step, Problem> {
    let is_attached =
        |document: &JobDocument<'_>| document.is_kept || (!document.is_own && children.collect != Collect::Merge);
    let places = job.documents.iter().enumerate();
    let (attached, shown): (Vec<_>, Vec<_>) = places.partition(|(_, document)| is_attached(document));
    if attached.is_empty() {
        return Ok(Step::Merge);
    }
    let portfolio = children.collect == Collect::Collection;
    let at_an_end = |stamp: &&StampSettings| matches!(stamp.pages, Pages::First | Pages::Last);
    if let Some(stamp) = stamps.iter().find(at_an_end).filter(|_| portfolio) {
        return Err(Problem(format!(
            "The stamp '{}' is for the first or the last page, and the result is a collection, which is no row of pages.",
            stamp.name
        )));
    }
    let shown = shown.into_iter().map(|(place, _)| place).collect();
    let attached = attached.into_iter().map(|(place, document)| attached_as(place, document)).collect();
    Ok(Step::Collect(Collected { shown, attached, portfolio, target }))
}

/// A document as it is attached: one that was converted is a PDF now, by its name too.
fn attached_as(place: usize, document: &JobDocument<'_>) -> Attached {
    let file = document.path.rsplit(['/', '\\']).next().unwrap_or(document.path);
    let name = if document.is_kept { file.to_owned() } else { format!("{}.pdf", stem(file)) };
    let media_type =
        if document.is_kept { Format::from_file_name(file).map(Format::media_type) } else { Some("application/pdf") };
    Attached {
        place,
        name: Some(name),
        media_type: media_type.map(str::to_owned),
        relationship: RELATIONSHIP.to_owned(),
        modified: None,
        description: Some(document.path.chars().take(limits::NAME_CHARS_MAX).collect()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workflows::options::Given;

    fn document(path: &'static str, is_own: bool, is_kept: bool) -> JobDocument<'static> {
        JobDocument { file_name: path, media_type: None, is_first: false, is_own, is_kept, path, options: Given(&[]) }
    }

    fn made(children: &Children, documents: &[JobDocument<'_>]) -> Step {
        step(children, &[], Target::PdfA3, &Job { options: Given(&[]), name: None, documents }).unwrap()
    }

    #[test]
    fn a_setting_that_a_part_cannot_hold_is_named() {
        for (settings, first_bad) in [
            (json!({ "rules": [{ "convert": "original" }] }), "rules[0].convert"),
            (json!({ "failure": "original" }), "failure"),
        ] {
            let children: Children = serde_json::from_value(settings).unwrap();
            for target in [Target::PdfA1, Target::PdfA2] {
                assert_eq!(check(&children, target).unwrap_err().path, format!("children.{first_bad}"));
            }
            assert_eq!(check(&children, Target::PdfA3), Ok(()));
            assert_eq!(check(&children, Target::Pdf), Ok(()));
        }
        let attach = Children { collect: Collect::Attach, ..Children::default() };
        assert_eq!(check(&attach, Target::PdfA1).unwrap_err().path, "children.collect");
        assert_eq!(check(&attach, Target::PdfA2), Ok(()));
        let wrong: Children =
            serde_json::from_value(json!({ "rules": [{ "when": { "names": ["["] }, "convert": "drop" }] })).unwrap();
        assert_eq!(check(&wrong, Target::Pdf).unwrap_err().path, "children.rules[0].when.names[0]");
    }

    #[test]
    fn children_are_merged_unless_they_are_to_be_attached_or_were_kept() {
        let documents = [
            document("a.eml", true, false),
            document("a.eml/b.docx", false, false),
            document("a.eml/dir/c.xlsx", false, true),
        ];
        assert_eq!(made(&Children::default(), &documents[..2]), Step::Merge);
        let Step::Collect(merged) = made(&Children::default(), &documents) else { panic!("nothing is attached") };
        assert_eq!((merged.shown, merged.attached.len(), merged.portfolio), (vec![0, 1], 1, false));
        let collection = Children { collect: Collect::Collection, ..Children::default() };
        let Step::Collect(collected) = made(&collection, &documents) else { panic!("nothing is attached") };
        assert_eq!((collected.shown, collected.portfolio), (vec![0], true));
        let names: Vec<_> = collected.attached.iter().map(|file| file.name.as_deref().unwrap()).collect();
        assert_eq!(names, ["b.pdf", "c.xlsx"]);
        assert_eq!(collected.attached[1].description.as_deref(), Some("a.eml/dir/c.xlsx"));
        assert_eq!(made(&collection, &documents[..1]), Step::Merge, "nothing is to be collected");
    }
}
