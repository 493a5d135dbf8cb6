//! The rules of the house that no compiler checks. An exception has a line below, and the list may only shrink.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What each floor may name. `log` is free for all, and `cli` may name everything.
const FLOORS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("log", &[]),
    ("storage", &["domain"]),
    ("egress", &["domain"]),
    ("queue", &["domain", "storage"]),
    ("pdf", &["domain"]),
    ("engines", &["domain", "pdf"]),
    ("workflows", &["domain", "storage", "egress", "queue", "engines", "pdf"]),
    ("api", &["domain", "storage", "egress", "workflows"]),
    ("cli", &["domain", "storage", "egress", "queue", "pdf", "engines", "workflows", "api"]),
];

/// File, what it may nevertheless hold, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("src/api/problem.rs", "crate::queue", "turns queue::Error into a problem"),
    ("src/cli/convert/service.rs", "StatusCode", "a client of the API, with the status codes of reqwest"),
];

/// Lines of one file.
const LINES_MAX: usize = 500;

/// A source file, by its path from the top of the repository.
struct Source {
    path: String,
    text: String,
    /// The text without comments.
    code: String,
}

fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
                let code = code.collect::<Vec<_>>().join("\n");
                files.push(Source {
                    path: path.strip_prefix(root).unwrap().to_string_lossy().into_owned(),
                    text,
                    code,
                });
            }
        }
    }
    assert!(!files.is_empty());
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

impl Source {
    /// The floor that the file belongs to.
    fn floor(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap_or_default();
        below.split(['/', '.']).next().unwrap_or_default()
    }

    /// The floors that the file names, as `crate::floor` or within `crate::{…}`.
    fn named(&self) -> BTreeSet<String> {
        let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        let mut named = BTreeSet::new();
        for (_, rest) in
            self.code.match_indices("crate::").filter_map(|(at, found)| self.code.split_at_checked(at + found.len()))
        {
            let Some(group) = rest.strip_prefix('{') else {
                named.insert(word(rest));
                continue;
            };
            let mut depth = 0;
            let mut item = String::new();
            for character in group.chars() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        named.insert(word(item.trim()));
                        item.clear();
                    }
                    other => item.push(other),
                }
            }
            named.insert(word(item.trim()));
        }
        named.remove("");
        named
    }
}

/// Fails with every file that holds something it must not, and with exceptions that nobody needs any more.
fn check(rule: &str, found: Vec<(String, String)>, concerns: impl Fn(&str) -> bool) {
    let is_exception =
        |file: &str, what: &str| EXCEPTIONS.iter().any(|(known, held, _)| *known == file && *held == what);
    let (allowed, broken): (Vec<_>, Vec<_>) = found.into_iter().partition(|(file, what)| is_exception(file, what));
    assert!(broken.is_empty(), "{rule}: {broken:#?}");
    let stale: Vec<_> = EXCEPTIONS
        .iter()
        .filter(|(file, what, _)| concerns(what) && !allowed.iter().any(|(other, held)| other == file && held == what))
        .collect();
    assert!(stale.is_empty(), "these exceptions are not needed any more: {stale:?}");
}

/// Finds a text in the code of files that are not among the given places.
fn holding(needles: &[&'static str], places: &[&str]) -> Vec<(String, String)> {
    let outside = sources("src").into_iter().filter(|file| !places.iter().any(|place| file.path.starts_with(place)));
    outside
        .flat_map(|file| {
            let held = needles.iter().filter(|needle| file.code.contains(**needle));
            held.map(|needle| (file.path.clone(), (*needle).to_owned())).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn a_floor_names_only_the_floors_below_it() {
    let floors: Vec<_> = FLOORS.iter().map(|(floor, _)| *floor).collect();
    let mut broken = Vec::new();
    for file in sources("src") {
        if matches!(file.path.as_str(), "src/lib.rs" | "src/main.rs") {
            continue;
        }
        let (floor, below) = FLOORS
            .iter()
            .find(|(floor, _)| *floor == file.floor())
            .unwrap_or_else(|| panic!("{} belongs to no floor; give it a line in FLOORS", file.path));
        let named = file.named().into_iter().filter(|name| floors.contains(&name.as_str()));
        let wrong = named.filter(|name| name != floor && name != "log" && !below.contains(&name.as_str()));
        broken.extend(wrong.map(|name| (file.path.clone(), format!("crate::{name}"))));
    }
    check("a floor names one above it", broken, |what| what.starts_with("crate::"));
}

#[test]
fn sql_is_only_in_storage_and_queue() {
    let needles = ["sqlx::query", "query!(", "query_as!(", "query_scalar!(", "query_file", "raw_sql", "AssertSqlSafe"];
    let found = holding(&needles, &["src/storage/", "src/queue/"]);
    check("SQL outside storage and queue", found, |what| needles.contains(&what));
}

#[test]
fn transactions_are_opened_only_in_workflows() {
    let needles = [".begin()"];
    let found = holding(&needles, &["src/workflows/", "src/storage/migrate.rs"]);
    check("a transaction outside workflows", found, |what| needles.contains(&what));
}

#[test]
fn processes_are_started_only_in_one_place() {
    let needles = ["Command::new"];
    check("a process is started", holding(&needles, &["src/engines/process.rs"]), |what| needles.contains(&what));
}

#[test]
fn the_environment_is_read_only_in_one_place() {
    let needles = ["env::var"];
    check("the environment is read", holding(&needles, &["src/cli/config.rs"]), |what| needles.contains(&what));
}

#[test]
fn status_codes_are_known_only_to_the_api() {
    let needles = ["StatusCode"];
    check("a status code", holding(&needles, &["src/api/"]), |what| needles.contains(&what));
}

#[test]
fn no_file_is_longer_than_a_reader_is_patient() {
    let long: Vec<_> = [sources("src"), sources("tests")]
        .into_iter()
        .flatten()
        .map(|file| (file.path, file.text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .collect();
    assert!(long.is_empty(), "more than {LINES_MAX} lines: {long:?}");
}

#[test]
fn every_module_with_parts_says_what_it_is() {
    let silent: Vec<_> = [sources("src"), sources("tests")]
        .into_iter()
        .flatten()
        .filter(|file| file.path.ends_with("/mod.rs") && !file.text.starts_with("//!"))
        .map(|file| file.path)
        .collect();
    assert!(silent.is_empty(), "they do not begin with `//!`: {silent:?}");
}

#[test]
fn no_test_is_switched_off_and_what_is_left_to_do_has_an_issue() {
    // Put together here, so that this file does not hold them.
    let (switched_off, to_do) = (concat!("#[", "ignore"), concat!("TO", "DO"));
    let mut broken = Vec::new();
    for file in [sources("src"), sources("tests")].into_iter().flatten() {
        for (number, line) in file.text.lines().enumerate() {
            let has_issue = line.split_once(to_do).is_none_or(|(_, rest)| {
                let number = rest.strip_prefix("(#").and_then(|rest| rest.split_once(')'));
                number.is_some_and(|(number, _)| number.parse::<u32>().is_ok())
            });
            if line.contains(switched_off) || !has_issue {
                broken.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The files that a module of tests may be in: below `tests/it`, or below `src` when it begins with `crate`.
fn files_of(module: &str) -> Vec<String> {
    match module.strip_prefix("crate::") {
        Some(module) => {
            let path = module.replace("::", "/");
            vec![format!("src/{path}.rs"), format!("src/{path}/tests.rs")]
        }
        None => {
            let path = module.replace("::", "/");
            vec![format!("tests/it/{path}.rs"), format!("tests/it/{path}/mod.rs")]
        }
    }
}

#[test]
fn the_tests_that_the_tables_of_the_reference_name_are_there() {
    let read = |page: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let page = ["docs/conformance.md", "docs/workflows.md"].map(read).concat();
    let files: Vec<_> = [sources("src"), sources("tests")].into_iter().flatten().collect();
    let is_there = |module: &str, test: &str| {
        let wanted = files_of(module);
        let mut texts = files.iter().filter(|file| wanted.contains(&file.path)).map(|file| &file.text);
        texts.any(|text| {
            let (before, found) = text.split_once(&format!("fn {test}(")).unwrap_or_default();
            // An attribute of a test, or a property, stands right above.
            !found.is_empty() && before.trim_end_matches("async ").trim_end().ends_with("test]")
        })
    };
    let named: Vec<_> = page.split('`').skip(1).step_by(2).filter_map(|code| code.rsplit_once("::")).collect();
    assert!(named.len() > 100, "the page names its tests as `module::function`");
    let missing: BTreeSet<_> =
        named.into_iter().filter(|(module, test)| *test != "…" && !is_there(module, test)).collect();
    assert!(missing.is_empty(), "the docs name tests that are not there: {missing:#?}");
}
