//! `bindery validate`.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::service::program;

/// What a call came to: its exit code and what it printed.
fn call(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = program().arg("validate").args(args).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn verdicts(printed: &str) -> Vec<Value> {
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A folder with a file that is no archive and one that is no PDF.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.pdf"), crate::support::documents::pdf("a.pdf", &[100]).bytes).unwrap();
    std::fs::write(folder.path().join("b.pdf"), b"no PDF at all").unwrap();
    folder
}

#[test]
fn each_file_has_a_line_of_json_in_the_order_given() {
    let folder = folder();
    let (code, printed, _) = call(folder.path(), &["--flavour", "1b", "b.pdf", "a.pdf"]);
    let verdicts = verdicts(&printed);
    assert_eq!((code, verdicts.len()), (1, 2));
    assert_eq!(verdicts[0]["file"], "b.pdf");
    for verdict in &verdicts {
        assert_eq!((&verdict["compliant"], &verdict["flavour"]), (&json!(false), &json!("1b")));
        let broken = &verdict["failed"][0];
        assert!(broken["clause"].is_string() && broken["message"].is_string() && broken["count"].is_u64(), "{verdict}");
    }
}

#[test]
fn without_a_flavour_a_file_that_claims_none_is_held_against_2b() {
    let folder = folder();
    let (_, printed, _) = call(folder.path(), &["a.pdf"]);
    let verdict = &verdicts(&printed)[0];
    assert_eq!((&verdict["flavour"], &verdict["claimed"]), (&json!("2b"), &Value::Null));
}

#[test]
fn people_are_told_the_clause_and_a_remedy() {
    let folder = folder();
    let (code, printed, _) = call(folder.path(), &["--text", "a.pdf"]);
    assert_eq!(code, 1);
    assert!(printed.starts_with("a.pdf does not conform to PDF/A-2b (it claims no PDF/A)\n"), "{printed}");
    assert!(printed.contains("  6.6.2.1  ") && printed.contains("      remedy: "), "{printed}");
}

#[test]
fn a_file_that_is_not_there_is_an_error_of_its_own_and_the_others_are_checked() {
    let folder = folder();
    let (code, printed, _) = call(folder.path(), &["missing.pdf", "a.pdf"]);
    let verdicts = verdicts(&printed);
    assert_eq!((code, verdicts.len()), (2, 2));
    assert!(verdicts[0]["error"].as_str().unwrap().contains("cannot be read"), "{printed}");
    assert!(verdicts[1]["error"].is_null());
}

#[test]
fn an_unknown_flavour_is_answered_with_those_that_there_are() {
    let folder = folder();
    let (code, _, said) = call(folder.path(), &["--flavour", "9z", "a.pdf"]);
    assert_eq!(code, 2);
    assert!(said.contains("2b") && said.contains("4f"), "{said}");
}
