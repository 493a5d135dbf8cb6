use std::collections::BTreeSet;

use super::{Flavour, Requirement, claimed, requirements, validate};

/// The page that lists every rule.
const PAGE: &str = include_str!("../../../docs/pdfa.md");

/// The row of a rule in the ledger.
fn row(rule: &Requirement) -> String {
    let [one, two, three, four] = rule.clauses.map(|clause| clause.unwrap_or("–"));
    format!("| `{}` | {one} | {two} | {three} | {four} | {} | enforced |", rule.name, rule.levels)
}

#[test]
fn the_ledger_lists_every_rule_with_its_clauses_and_no_other() {
    let rows: Vec<String> = requirements().iter().map(row).collect();
    let listed: Vec<&str> =
        PAGE.lines().filter(|line| line.starts_with("| `") && line.ends_with("| enforced |")).collect();
    let missing: Vec<_> = rows.iter().filter(|row| !listed.contains(&row.as_str())).collect();
    assert!(
        missing.is_empty(),
        "docs/pdfa.md lacks:\n{}",
        missing.iter().map(|row| row.as_str()).collect::<Vec<_>>().join("\n")
    );
    let wrong: Vec<_> = listed.iter().filter(|line| !rows.iter().any(|row| row == *line)).collect();
    assert!(wrong.is_empty(), "docs/pdfa.md lists what is no rule: {wrong:#?}");
}

#[test]
fn each_rule_has_a_name_of_its_own_a_clause_and_a_remedy() {
    let rules = requirements();
    let names: BTreeSet<_> = rules.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), rules.len());
    for rule in &rules {
        assert!(rule.clauses.iter().any(Option::is_some), "{}", rule.name);
        assert!(rule.remedy.ends_with('.'), "{}: {}", rule.name, rule.remedy);
    }
}

#[test]
fn what_is_no_pdf_has_a_verdict_too() {
    for bytes in [&b""[..], b"%PDF-1.7", b"no PDF at all", &[0; 4096]] {
        for flavour in Flavour::ALL {
            assert!(!validate(bytes, flavour).is_compliant());
        }
        assert_eq!(claimed(bytes), None);
    }
}
