//! Tables of the documentation and lists in the code are one.

use std::{collections::BTreeSet, fs, path::Path};

use bindery::{cli::config::VARIABLES, engines::settings::Settings, workflows::reference};

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

/// Names of settings, as in `html.scale`.
fn settings_of_the_code() -> BTreeSet<String> {
    let all = serde_json::to_value(Settings::default()).unwrap();
    let groups = all.as_object().unwrap().iter();
    groups
        .flat_map(|(group, held)| held.as_object().unwrap().keys().map(move |name| format!("{group}.{name}")))
        .collect()
}

#[test]
fn every_setting_of_the_code_is_in_the_table_of_the_documentation_and_the_other_way_round() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/engines.md");
    let text = fs::read_to_string(path).unwrap();
    let table = text
        .split("## Settings")
        .nth(1)
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let told: BTreeSet<_> = table.flat_map(|cell| cell.split(", ").map(|name| name.replace('`', ""))).collect();
    assert_eq!(told, settings_of_the_code());
}

#[test]
fn the_page_of_options_is_what_the_program_prints() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/options.md")).unwrap_or_default();
    assert!(page == reference::page(), "docs/options.md is old: `bindery workflows > docs/options.md`");
}
