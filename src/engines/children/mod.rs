//! What becomes of documents that came out of others: attachments of a mail, entries of an archive, files in a PDF. A part of
//! the settings of a profile, and the judge that goes by it.
//!
//! ```text
//! a child ─► its content, its name, what it is in ─► [`Judge`] ─► convert, original or drop
//! ```
//!
//! 1. The first rule that fits decides; what none fits is converted.
//! 2. What the client added itself, and what shows a container itself, as the sheet of a mail, is no child and is never judged.

mod executable;
mod kinds;

use std::sync::LazyLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use kinds::{Class, Kind, Parent};

use super::Error;
use crate::domain::{Format, limits};

/// What becomes of documents that came out of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Children {
    /// What becomes of each: the first rule that fits it decides, and what none fits is converted. Rules that are given stand
    /// in the place of those that leave programs, and what cannot be converted, out of mails and PDFs.
    pub rules: Vec<Rule>,
    /// What becomes of one that cannot be converted.
    pub failure: Failure,
    /// How the result holds them.
    pub collect: Collect,
    /// Whether files in PDFs are documents of their own.
    pub embedded: Embedded,
}

/// A rule for children.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Rule {
    /// Which it is for. All that is said has to fit; without anything it is for all.
    #[serde(default)]
    pub when: When,
    /// What becomes of them.
    pub convert: Fate,
}

/// Which children a rule is for. An empty list fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct When {
    /// Formats or classes of formats, one of which it is of, as its content shows.
    pub formats: Vec<Kind>,
    /// Patterns one of which its name is like, with its folders or without: `*` stands for any characters, `?` for one,
    /// `{a,b}` for either. Capitals make no difference.
    pub names: Vec<String>,
    /// Kinds of container one of which it is in, directly or further in.
    pub parents: Vec<Parent>,
}

/// What becomes of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// It is converted.
    Convert,
    /// It stays as it came and is attached to the result. Not in PDF/A-1 and PDF/A-2.
    Original,
    /// It is left out, and a warning names it.
    Drop,
}

/// What becomes of a child that cannot be converted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Failure {
    /// The job fails.
    #[default]
    Fail,
    /// It is left out, and a warning names it.
    Drop,
    /// It is attached to the result as it came, and a warning names it. Not in PDF/A-1 and PDF/A-2.
    Original,
}

/// How the result holds children.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Collect {
    /// Their pages stand behind those of what they were in.
    #[default]
    Merge,
    /// Each is attached as a PDF. Not in PDF/A-1.
    Attach,
    /// The same, and readers show the result as a collection of its files. Not in PDF/A-1.
    Collection,
}

/// Whether files in PDFs are documents of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Embedded {
    /// No: they stay where they are, as far as the result may hold them.
    Keep,
    /// Those in portfolios are, which have little to show but their files; others stay.
    #[default]
    Portfolios,
    /// All are.
    Children,
}

/// Where programs do harm: they come with mails, also packed into an archive.
fn default_rules() -> Vec<Rule> {
    let rule = |kinds: Class, parents: &[Parent]| Rule {
        when: When { formats: vec![Kind::Class(kinds)], names: Vec::new(), parents: parents.to_vec() },
        convert: Fate::Drop,
    };
    vec![rule(Class::Executable, &[Parent::Mail, Parent::Pdf]), rule(Class::Unsupported, &[Parent::Mail, Parent::Pdf])]
}

impl Default for Children {
    fn default() -> Self {
        Self {
            rules: default_rules(),
            failure: Failure::default(),
            collect: Collect::default(),
            embedded: Embedded::default(),
        }
    }
}

impl Children {
    /// Those of a workflow that has no settings for them: it takes files in PDFs for a part of these.
    pub fn untold() -> &'static Self {
        static UNTOLD: LazyLock<Children> =
            LazyLock::new(|| Children { embedded: Embedded::Keep, ..Children::default() });
        &UNTOLD
    }
}

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRule {
    /// Where, as in `rules[0].when.names[1]`.
    pub path: String,
    /// What is wrong.
    pub problem: String,
}

/// Goes by rules, for what is in containers of some kinds.
#[derive(Debug)]
pub struct Judge<'a> {
    rules: Vec<(&'a Rule, GlobSet)>,
}

impl<'a> Judge<'a> {
    /// One for what is in all of these, the upload first.
    ///
    /// # Errors
    /// The first pattern that cannot be read, or the limit that rules exceed.
    pub fn new(rules: &'a [Rule], parents: &[Parent]) -> Result<Self, BadRule> {
        if rules.len() > limits::CHILD_RULES_MAX {
            let problem = format!("{} rules, at most {} are allowed", rules.len(), limits::CHILD_RULES_MAX);
            return Err(BadRule { path: "rules".to_owned(), problem });
        }
        let mut judge = Self { rules: Vec::new() };
        for (index, rule) in rules.iter().enumerate() {
            let patterns = patterns(&rule.when.names).map_err(|(place, problem)| {
                let place = place.map(|place| format!("[{place}]")).unwrap_or_default();
                BadRule { path: format!("rules[{index}].when.names{place}"), problem }
            })?;
            if rule.when.parents.is_empty() || rule.when.parents.iter().any(|parent| parents.contains(parent)) {
                judge.rules.push((rule, patterns));
            }
        }
        Ok(judge)
    }

    /// What becomes of a child. `format` is what its content shows; none when that cannot be told.
    pub fn fate(&self, name: &str, bytes: &[u8], format: Option<Format>) -> Fate {
        let name = name.trim_end_matches(['.', ' ']).to_lowercase();
        let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let is_program = LazyLock::<bool, _>::new(|| executable::is_executable(&name, bytes));
        let fits = |rule: &Rule, patterns: &GlobSet| {
            let When { formats, names, parents: _ } = &rule.when;
            let is_named = names.is_empty() || patterns.is_match(&name) || patterns.is_match(file);
            let is_of = |kind: &Kind| match kind {
                Kind::Class(Class::Executable) => *is_program,
                Kind::Class(class) => *class == Class::of(format),
                Kind::Format(wanted) => format == Some(*wanted),
            };
            is_named && (formats.is_empty() || formats.iter().any(is_of))
        };
        self.rules.iter().find(|(rule, patterns)| fits(rule, patterns)).map_or(Fate::Convert, |(rule, _)| rule.convert)
    }
}

/// What a child is, for messages.
pub fn described(name: &str, bytes: &[u8], format: Option<Format>) -> &'static str {
    match format {
        _ if executable::is_executable(name, bytes) => "a program",
        Some(format) => format.described(),
        None => Format::Unknown.described(),
    }
}

impl From<BadRule> for Error {
    /// Profiles are checked when they are read, so a host that is told of such a rule is told nonsense.
    fn from(bad: BadRule) -> Self {
        let source = std::io::Error::other(format!("{}: {}", bad.path, bad.problem));
        Self::Internal { doing: "read the rules for children".to_owned(), source: Some(source) }
    }
}

/// Patterns as one; else which of them is wrong, and how.
fn patterns(names: &[String]) -> Result<GlobSet, (Option<usize>, String)> {
    if names.len() > limits::CHILD_PATTERNS_MAX {
        return Err((None, format!("{} patterns, at most {} are allowed", names.len(), limits::CHILD_PATTERNS_MAX)));
    }
    let mut all = GlobSetBuilder::new();
    for (index, name) in names.iter().enumerate() {
        let bad = |problem: String| (Some(index), problem);
        if name.is_empty() || name.chars().count() > limits::CHILD_PATTERN_CHARS_MAX {
            return Err(bad(format!("it has not 1 to {} characters", limits::CHILD_PATTERN_CHARS_MAX)));
        }
        let glob = GlobBuilder::new(&name.to_lowercase()).build();
        all.add(glob.map_err(|error| bad(error.kind().to_string()))?);
    }
    all.build().map_err(|error| (None, error.kind().to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fate(rules: serde_json::Value, parents: &[Parent], name: &str, format: Option<Format>) -> Fate {
        let rules: Vec<Rule> = serde_json::from_value(rules).unwrap();
        Judge::new(&rules, parents).unwrap().fate(name, b"text", format)
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rules = json!([
            { "when": { "names": ["keep*"] }, "convert": "convert" },
            { "when": { "formats": ["office", "png"], "parents": ["archive"] }, "convert": "original" },
            { "when": { "formats": ["image"] }, "convert": "drop" },
        ]);
        let of = |parents: &[Parent], name, format| fate(rules.clone(), parents, name, Some(format));
        assert_eq!(of(&[Parent::Archive], "keep.docx", Format::Docx), Fate::Convert);
        assert_eq!(of(&[Parent::Archive], "a.docx", Format::Docx), Fate::Original);
        assert_eq!(of(&[Parent::Archive, Parent::Mail], "a.png", Format::Png), Fate::Original, "also further in");
        assert_eq!(of(&[Parent::Mail], "a.docx", Format::Docx), Fate::Convert);
        assert_eq!(of(&[Parent::Mail], "a.png", Format::Png), Fate::Drop);
        assert_eq!(of(&[Parent::Mail], "a.pdf", Format::Pdf), Fate::Convert);
    }

    #[test]
    fn names_are_like_patterns_with_and_without_folders_in_any_case() {
        let named = |pattern: &str, name: &str| {
            fate(json!([{ "when": { "names": [pattern] }, "convert": "drop" }]), &[], name, None) == Fate::Drop
        };
        for (pattern, name) in [
            ("*.exe", "a/b/SETUP.Exe"),
            ("*.EXE", "setup.exe. "),
            ("Thumbs.db", "photos/thumbs.DB"),
            ("photos/*", "photos/2020/a.jpg"),
            ("*.{bak,tmp}", "a.tmp"),
            ("ÜBER?.txt", "über1.txt"),
        ] {
            assert!(named(pattern, name), "{pattern} {name}");
        }
        assert!(!named("*.exe", "exe.txt") && !named("a.txt", "ba.txt"));
    }

    #[test]
    fn programs_and_what_nobody_converts_are_dropped_from_mails_and_not_from_archives() {
        let children = Children::default();
        let of = |parents: &[Parent], name, format| {
            Judge::new(&children.rules, parents).unwrap().fate(name, b"text", format)
        };
        for parents in [&[Parent::Mail][..], &[Parent::Archive, Parent::Mail, Parent::Archive]] {
            assert_eq!(of(parents, "a.vbs", Some(Format::Text)), Fate::Drop);
            assert_eq!(of(parents, "a.bin", Some(Format::Unknown)), Fate::Drop);
            assert_eq!(of(parents, "a.docx", None), Fate::Drop);
            assert_eq!(of(parents, "a.txt", Some(Format::Text)), Fate::Convert);
        }
        assert_eq!(of(&[Parent::Archive], "a.vbs", Some(Format::Text)), Fate::Convert);
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_named() {
        let rule = |names: &[&str]| Rule {
            when: When { names: names.iter().map(|name| (*name).to_owned()).collect(), ..When::default() },
            convert: Fate::Drop,
        };
        let bad = Judge::new(&[rule(&["a"]), rule(&["b", "[c"])], &[]).unwrap_err();
        assert_eq!(bad.path, "rules[1].when.names[1]");
        assert_eq!(Judge::new(&[rule(&[""])], &[]).unwrap_err().path, "rules[0].when.names[0]");
        let many = vec![rule(&[]); limits::CHILD_RULES_MAX + 1];
        assert_eq!(Judge::new(&many, &[]).unwrap_err().path, "rules");
    }
}
