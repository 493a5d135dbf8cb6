//! Verdicts beside those of the reference validator. Where both differ is written down, file by file; the list may only get
//! shorter.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use bindery::pdf::validate::{Flavour, validate};

use crate::support::documents::shared;

/// Flavour and file of each case of the conformance suite that is judged otherwise.
const CASES: &str = include_str!("cases.tsv");
/// The same of real files.
const VERDICTS: &str = include_str!("verdicts.tsv");

/// A file with the verdict that it should have.
struct Case {
    folder: &'static str,
    file: String,
    flavour: Flavour,
    complies: bool,
}

impl Case {
    /// Whether it is judged as it should be; a file that is judged otherwise is written as in the lists.
    fn judged(&self, root: &Path) -> Result<(), String> {
        let bytes = fs::read(root.join(self.folder).join(&self.file)).unwrap();
        let complies = validate(&bytes, self.flavour).is_compliant();
        let verdict = if complies { "passes" } else { "fails" };
        if complies == self.complies {
            Ok(())
        } else {
            Err(format!("{}\t{verdict}\t{}", self.flavour.as_str(), self.file))
        }
    }
}

/// Checks cases in parallel and holds those that are judged otherwise against a list. Says how many agree of each flavour.
fn compare(root: &Path, cases: &[Case], known: &str) -> BTreeMap<Flavour, (usize, usize)> {
    let known: BTreeSet<&str> = known.lines().filter(|line| !line.starts_with('#')).collect();
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    let judged: Vec<(Flavour, Result<(), String>)> = std::thread::scope(|scope| {
        let shares = cases.chunks(cases.len().div_ceil(threads));
        let workers: Vec<_> = shares
            .map(|share| {
                scope.spawn(move || share.iter().map(|case| (case.flavour, case.judged(root))).collect::<Vec<_>>())
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let mut agree: BTreeMap<Flavour, (usize, usize)> = BTreeMap::new();
    for (flavour, judged) in &judged {
        let counts = agree.entry(*flavour).or_default();
        counts.0 += usize::from(judged.is_ok());
        counts.1 += 1;
    }
    let found: BTreeSet<&str> =
        judged.iter().filter_map(|(_, judged)| judged.as_ref().err()).map(String::as_str).collect();
    let new: Vec<_> = found.difference(&known).collect();
    assert!(new.is_empty(), "judged otherwise than the reference, and not known:\n{new:#?}");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "these agree now; take them off the list:\n{gone:#?}");
    println!("{agree:?}");
    agree
}

fn share(agree: &BTreeMap<Flavour, (usize, usize)>, flavours: &[Flavour]) -> f64 {
    let counts = flavours.iter().filter_map(|flavour| agree.get(flavour));
    let (right, all) = counts.fold((0, 0), |sum, counts| (sum.0 + counts.0, sum.1 + counts.1));
    f64::from(u32::try_from(right).unwrap()) / f64::from(u32::try_from(all).unwrap())
}

#[test]
fn the_conformance_suite_is_judged_as_the_reference_judges_it() {
    let Some(root) = shared("verapdf-corpus") else { return };
    let manifest = fs::read_to_string(root.join("MANIFEST.tsv")).unwrap();
    let cases: Vec<Case> = manifest
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [file, flavour, verdict, ..] = columns.as_slice() else { panic!("{line}") };
            Case {
                folder: "",
                file: (*file).to_owned(),
                flavour: flavour.parse().unwrap(),
                complies: *verdict == "pass",
            }
        })
        .collect();
    assert!(cases.len() > 1_000);
    let agree = compare(&root, &cases, CASES);
    assert!(share(&agree, &[Flavour::A1B, Flavour::A2B, Flavour::A2U, Flavour::A3B]) >= 0.99);
    assert!(share(&agree, &[Flavour::A1A, Flavour::A2A, Flavour::A4, Flavour::A4E, Flavour::A4F]) >= 0.95);
}

#[test]
fn real_files_are_judged_as_the_reference_judges_them() {
    let Some(root) = shared("verdicts") else { return };
    let lists = [
        ("corpus-1b", "../corpus"),
        ("corpus-2b", "../corpus"),
        ("corpus-2u", "../corpus"),
        ("corpus-3b", "../corpus"),
        ("archived-2b", ""),
    ];
    let mut cases = Vec::new();
    for (list, folder) in lists {
        for line in fs::read_to_string(root.join(list).with_extension("jsonl")).unwrap().lines() {
            let said: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| said[key].as_str().unwrap().to_owned();
            let complies = said["compliant"].as_bool().unwrap_or(false);
            cases.push(Case { folder, file: text("file"), flavour: text("flavour").parse().unwrap(), complies });
        }
    }
    assert!(cases.len() > 300);
    let agree = compare(&root, &cases, VERDICTS);
    let all: Vec<Flavour> = agree.keys().copied().collect();
    assert!(share(&agree, &all) >= 0.98);
}
