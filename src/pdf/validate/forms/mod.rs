//! Interactive forms (ISO 19005-1, 6.9 and what 6.6 says of fields; -2 and -3, 6.4; -4, 6.4): a form shows what it
//! holds without a reader's help, does nothing, and a signature covers the whole file.

mod appearances;
mod cms;
mod fields;
mod signatures;

pub(super) use fields::{all as fields, inherited};

use super::{
    Part,
    rule::{Clauses, Rule, Scope},
};

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "field-action",
        clauses: Clauses::all("6.6.1", "6.4.1", "6.4.1"),
        scope: Scope::Every,
        remedy: "Remove the action (A) of the form field.",
        check: fields::has_no_action,
    },
    Rule {
        name: "field-additional-actions",
        clauses: Clauses::to_three("6.6.2", "6.4.1"),
        scope: Scope::Every,
        remedy: "Remove the additional actions (AA) of the form field.",
        check: fields::has_no_additional_actions,
    },
    Rule {
        name: "form-need-appearances",
        clauses: Clauses::all("6.9", "6.4.1", "6.4.1"),
        scope: Scope::Every,
        remedy: "Have the fields drawn, then remove NeedAppearances from the form.",
        check: appearances::are_not_left_to_readers,
    },
    Rule {
        name: "field-appearance",
        clauses: Clauses::only(Part::One, "6.9"),
        scope: Scope::Every,
        remedy: "Have the maker of the form draw the field's appearance.",
        check: appearances::are_present,
    },
    Rule {
        name: "form-xfa",
        clauses: Clauses::from_two("6.4.2", "6.4.2"),
        scope: Scope::Every,
        remedy: "Remove the XFA form; keep the fields that are drawn from it.",
        check: appearances::are_not_of_xfa,
    },
    Rule {
        name: "needs-rendering",
        clauses: Clauses::from_two("6.4.2", "6.4.2"),
        scope: Scope::Every,
        remedy: "Have the XFA form drawn into pages, then remove NeedsRendering from the catalog.",
        check: appearances::need_no_rendering,
    },
    Rule {
        name: "signature-byte-range",
        clauses: Clauses::two_and_three("6.4.3"),
        scope: Scope::Every,
        remedy: "Sign the file anew with a byte range of all but the signature.",
        check: signatures::cover_the_file,
    },
    Rule {
        name: "signature-object",
        clauses: Clauses::two_and_three("6.4.3"),
        scope: Scope::Every,
        remedy: "Sign the file anew with a PKCS #7 object that has one signer and the signer's certificate.",
        check: signatures::are_of_one_signer,
    },
];
