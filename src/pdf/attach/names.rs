//! Names of files: labels without folders, and different from each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::limits;

/// The name of a file that has none.
const UNNAMED: &str = "unnamed";

/// A name as a label: without folders and characters that are not shown, and not too long.
pub(super) fn label(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or_default();
    let shown = last.chars().filter(|each| !each.is_control() && !is_unseen(*each));
    let label: String = shown.take(limits::NAME_CHARS_MAX).collect();
    match label.trim() {
        "" | "." | ".." => UNNAMED.to_owned(),
        label => label.to_owned(),
    }
}

/// Characters that turn the direction of text, by which an extension can look like another, and marks without width.
const fn is_unseen(each: char) -> bool {
    matches!(each, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Names that are taken. Capitals do not make a difference, since they make none in many folders.
#[derive(Debug, Default)]
pub(super) struct Taken {
    names: BTreeSet<String>,
    /// The number that comes next for a name; a thousand files of one name would try a million otherwise.
    next: BTreeMap<String, usize>,
}

impl Taken {
    /// Takes a name as it is; gives whether it was free.
    pub(super) fn take(&mut self, name: &str) -> bool {
        self.names.insert(name.to_lowercase())
    }

    /// Takes a name, or the first free one of `name (2).ext`, `name (3).ext` and so on.
    pub(super) fn take_free(&mut self, name: &str) -> String {
        if self.take(name) {
            return name.to_owned();
        }
        let dot = name.rfind('.').filter(|dot| *dot > 0 && name.len() - dot <= limits::EXTENSION_CHARS_MAX);
        let (stem, extension) = name.split_at_checked(dot.unwrap_or(name.len())).unwrap_or((name, ""));
        let mut ordinal = self.next.get(&name.to_lowercase()).copied().unwrap_or(2);
        loop {
            let free = format!("{stem} ({ordinal}){extension}");
            ordinal += 1;
            if self.take(&free) {
                self.next.insert(name.to_lowercase(), ordinal);
                return free;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_no_folders_and_nothing_unseen() {
        for (name, wanted) in [
            ("a.txt", "a.txt"),
            ("C:\\data\\a.txt", "a.txt"),
            ("../../etc/passwd", "passwd"),
            ("dir/", "dir"),
            ("..", "unnamed"),
            (" \n ", "unnamed"),
            ("fdp\u{202E}.exe", "fdp.exe"),
            ("Übersicht Ä.xml", "Übersicht Ä.xml"),
        ] {
            assert_eq!(label(name), wanted, "{name:?}");
        }
        assert_eq!(label(&"ä".repeat(2 * limits::NAME_CHARS_MAX)).chars().count(), limits::NAME_CHARS_MAX);
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let mut taken = Taken::default();
        let names = ["a.xml", "A.XML", "a (2).xml", "a.xml", "b", "b", ".x", ".x", "ä.tar.gz", "ä.tar.gz"];
        let got: Vec<String> = names.iter().map(|name| taken.take_free(name)).collect();
        let wanted = [
            "a.xml",
            "A (2).XML",
            "a (2) (2).xml",
            "a (3).xml",
            "b",
            "b (2)",
            ".x",
            ".x (2)",
            "ä.tar.gz",
            "ä.tar (2).gz",
        ];
        assert_eq!(got, wanted);
    }
}
