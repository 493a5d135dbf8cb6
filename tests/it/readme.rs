//! The configuration table of README and the list in the code are one.

use std::{collections::BTreeSet, fs, path::Path};

use bindery::cli::config::VARIABLES;

/// Variable and flag of each row of the form `` | `NAME` | `--flag` | default | meaning | ``.
fn rows(readme: &str) -> BTreeSet<(String, String)> {
    let rows = readme.lines().filter_map(|line| {
        let cells: Vec<_> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let [variable, flag, _default, meaning] = cells.as_slice() else { return None };
        let code = |cell: &str| Some(cell.strip_prefix('`')?.strip_suffix('`')?.to_owned());
        let (variable, flag) = (code(variable)?, code(flag)?);
        assert!(!meaning.is_empty(), "{variable} has no meaning");
        flag.starts_with("--").then_some((variable, flag))
    });
    rows.collect()
}

#[test]
fn every_variable_of_the_code_is_in_the_table_of_readme_and_the_other_way_round() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap_or_else(|error| panic!("there is no README.md to compare: {error}"));
    let known: BTreeSet<_> =
        VARIABLES.iter().map(|(variable, flag, ..)| ((*variable).to_owned(), (*flag).to_owned())).collect();
    let told = rows(&readme);
    let untold: Vec<_> = known.difference(&told).collect();
    let unknown: Vec<_> = told.difference(&known).collect();
    assert!(untold.is_empty(), "not in README.md: {untold:?}");
    assert!(unknown.is_empty(), "in README.md and not in the code: {unknown:?}");
}
