//! Form and `PostScript` `XObject`s (part 1, 6.2.4 to 6.2.7; parts 2 and 3, 6.2.9; part 4, 6.2.8).

use super::{drawn::Used, transparency::is_form};
use crate::pdf::{
    object,
    validate::{rule::Findings, subject::Subject},
};

/// The forms that are drawn.
fn forms<'s, 'a>(subject: &'s Subject<'a>) -> impl Iterator<Item = &'s Used<'a>> {
    subject.facts().graphics.pieces.values().filter(|used| is_form(used.kind))
}

/// A form does not stand for one that is elsewhere: `OPI` is not there (part 1, 6.2.4; parts 2 and 3, 6.2.9; part 4,
/// 6.2.8.1).
pub(super) fn check_no_opi(subject: &Subject<'_>, findings: &mut Findings) {
    for form in forms(subject) {
        findings.add_if(form.held.has(b"OPI"), form.place, || "A form has an OPI entry.".to_owned());
    }
}

/// A form has no `PostScript` in it (part 1, 6.2.5; parts 2 and 3, 6.2.9).
pub(super) fn check_no_postscript(subject: &Subject<'_>, findings: &mut Findings) {
    for form in forms(subject) {
        findings.add_if(form.held.has(b"PS"), form.place, || "A form has a PS entry.".to_owned());
        let is_postscript = object::name(subject.document, form.held, b"Subtype2") == Some(b"PS");
        findings.add_if(is_postscript, form.place, || "A form has a Subtype2 entry of PS.".to_owned());
    }
}

/// A form is not one of another file: `Ref` is not there (part 1, 6.2.6; parts 2 and 3, 6.2.9; part 4, 6.2.8.2).
pub(super) fn check_no_reference(subject: &Subject<'_>, findings: &mut Findings) {
    for form in forms(subject) {
        findings
            .add_if(form.held.has(b"Ref"), form.place, || "A form has a Ref entry: it stands for another.".to_owned());
    }
}

/// Content draws no `PostScript` `XObject` (part 1, 6.2.7; parts 2 and 3, 6.2.9).
pub(super) fn check_no_postscript_object(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, name) in subject.facts().graphics.postscript.iter() {
        findings.add(place, || format!("Content draws {name}, which is a PostScript XObject."));
    }
}

#[cfg(test)]
mod tests {
    use lopdf::{Dictionary, dictionary};

    use crate::pdf::validate::{Flavour, graphics::testing::Sample};

    fn with_form(more: &Dictionary, flavour: Flavour) -> Vec<&'static str> {
        let mut sample = Sample::drawing("/F Do", dictionary! {});
        let mut held = dictionary! { "Subtype" => "Form" };
        more.iter().for_each(|(key, value)| held.set(key.clone(), value.clone()));
        let form = sample.stream(held, b"");
        sample.set(sample.page, "Resources", dictionary! { "XObject" => dictionary! { "F" => form } });
        sample.broken(flavour)
    }

    #[test]
    fn a_form_is_all_there_is_to_see() {
        for (held, rule, is_in_four) in [
            (dictionary! { "OPI" => dictionary! {} }, "form-no-opi", true),
            (dictionary! { "Ref" => dictionary! {} }, "form-no-reference", true),
            (dictionary! { "PS" => dictionary! {} }, "form-no-postscript", false),
            (dictionary! { "Subtype2" => "PS" }, "form-no-postscript", false),
            (dictionary! { "Subtype" => "PS" }, "no-postscript-object", false),
        ] {
            for flavour in [Flavour::A1B, Flavour::A2B, Flavour::A3B] {
                assert_eq!(with_form(&held, flavour), [rule]);
            }
            assert_eq!(with_form(&held, Flavour::A4).contains(&rule), is_in_four);
        }
        assert!(with_form(&dictionary! { "Subtype2" => "X" }, Flavour::A1B).is_empty());
    }
}
