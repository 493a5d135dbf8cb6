//! Names of files in an archive.

use std::collections::HashSet;

/// Makes names that can stand beside each other in one folder of any system: none is a path, and none is there twice, in letters
/// of either case.
pub(super) fn side_by_side<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken = HashSet::new();
    names
        .into_iter()
        .map(|name| {
            let name = plain(name);
            let (stem, extension) = match name.rsplit_once('.') {
                Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
                _ => (name.as_str(), String::new()),
            };
            let mut one = name.clone();
            let mut number = 1;
            while !taken.insert(one.to_lowercase()) {
                number += 1;
                one = format!("{stem} ({number}){extension}");
            }
            one
        })
        .collect()
}

/// A name without what would make a path of it.
fn plain(name: &str) -> String {
    let name: String =
        name.chars()
            .map(|character| {
                if matches!(character, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { character }
            })
            .filter(|character| !character.is_control())
            .collect();
    if name.trim_matches(['.', ' ']).is_empty() { "result".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_a_path_or_there_twice() {
        let names =
            ["a.pdf", "A.PDF", "a.pdf", "../../etc/passwd", "C:\\a.doc", "..", "", ".profile", "a (2).pdf", "b", "b"];
        let made = side_by_side(names);
        let expected = [
            "a.pdf",
            "A (2).PDF",
            "a (3).pdf",
            ".._.._etc_passwd",
            "C__a.doc",
            "result",
            "result (2)",
            ".profile",
            "a (2) (2).pdf",
            "b",
            "b (2)",
        ];
        assert_eq!(made, expected);
    }
}
