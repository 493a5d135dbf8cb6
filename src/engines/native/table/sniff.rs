//! Text to rows and columns: which sign parts the fields, and whether the first row names the columns.

use std::collections::{HashMap, HashSet};

use csv::{ReaderBuilder, StringRecord};

/// Signs that part fields, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Records that are looked at to find the sign.
const SAMPLE_RECORDS: usize = 200;

/// Of ten records so many must have the same number of fields, or the text is no table.
const REGULAR_IN_TEN: usize = 6;

/// Lines of one field. More show that a quotation mark was not meant as the begin of a quoted field.
const FIELD_LINES_MAX: usize = 200;

/// A table as the text has it. Rows may be shorter or longer than others.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) rows: Vec<Vec<String>>,
    /// Fields of the longest row.
    pub(super) columns: usize,
    /// Whether the first row names the columns.
    pub(super) has_head: bool,
    /// Rows with fewer or more fields than most have.
    pub(super) ragged: usize,
}

/// Reads a table, if the text is one.
pub(super) fn rows(text: &str) -> Option<Rows> {
    let (hint, text) = hint(text);
    let delimiter = hint.or_else(|| delimiter(text))?;
    let rows = parse(text, delimiter, usize::MAX);
    let columns = rows.iter().map(Vec::len).max()?;
    let usual = usual(&rows);
    let ragged = rows.iter().filter(|row| row.len() != usual).count();
    let has_head = names_columns(&rows);
    (columns > 1).then_some(Rows { rows, columns, has_head, ragged })
}

/// What spreadsheets write into the first line to say which sign they used.
fn hint(text: &str) -> (Option<u8>, &str) {
    let Some((first, rest)) = text.split_once('\n') else { return (None, text) };
    match first.trim_end().strip_prefix("sep=").map(str::as_bytes) {
        Some([delimiter]) if DELIMITERS.contains(delimiter) => (Some(*delimiter), rest),
        // A tab at the end of the line does not survive.
        Some([]) => (Some(b'\t'), rest),
        Some(_) | None => (None, text),
    }
}

/// The sign by which most records have the same number of fields, and the most of them.
fn delimiter(text: &str) -> Option<u8> {
    let judged = DELIMITERS.iter().filter_map(|delimiter| {
        let rows = parse(text, *delimiter, SAMPLE_RECORDS);
        let usual = usual(&rows);
        let regular = rows.iter().filter(|row| row.len() == usual).count();
        let is_table = usual > 1 && regular * 10 >= rows.len() * REGULAR_IN_TEN;
        // Of equally regular ones the one with more fields; of those the likelier.
        is_table.then_some((regular * 100 / rows.len().max(1), usual, *delimiter))
    });
    let best = judged.reduce(|best, next| if (next.0, next.1) > (best.0, best.1) { next } else { best });
    best.map(|(_, _, delimiter)| delimiter)
}

fn parse(text: &str, delimiter: u8, most: usize) -> Vec<Vec<String>> {
    let quoted = parse_by(text, delimiter, true, most);
    let is_runaway = quoted.iter().flatten().any(|field| field.lines().count() > FIELD_LINES_MAX);
    if is_runaway { parse_by(text, delimiter, false, most) } else { quoted }
}

fn parse_by(text: &str, delimiter: u8, quoting: bool, most: usize) -> Vec<Vec<String>> {
    let mut reader = ReaderBuilder::new();
    reader.delimiter(delimiter).quoting(quoting).flexible(true).has_headers(false);
    let mut reader = reader.from_reader(text.as_bytes());
    let fields = |record: StringRecord| record.iter().map(|field| field.trim().to_owned()).collect();
    // Text cannot fail to be read: the reader accepts every arrangement of quotation marks.
    reader.records().flatten().take(most).map(fields).collect()
}

/// How many fields most rows have.
fn usual(rows: &[Vec<String>]) -> usize {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for row in rows {
        *counts.entry(row.len()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(fields, count)| (*count, *fields)).map_or(0, |(fields, _)| fields)
}

/// Names are words, each its own; years may be among them.
fn names_columns(rows: &[Vec<String>]) -> bool {
    let Some((first, rest)) = rows.split_first() else { return false };
    let mut seen = HashSet::new();
    let is_name = |field: &String| {
        let is_year = field.len() == 4 && (field.starts_with("19") || field.starts_with("20"));
        seen.insert(field.to_lowercase()) && (is_year || !is_number(field))
    };
    let mut named = first.iter().filter(|field| !field.is_empty()).peekable();
    let is_named = named.peek().is_some() && named.all(is_name);
    let named = first.iter().filter(|field| !field.is_empty()).count();
    !rest.is_empty() && is_named && named * 2 >= first.len()
}

/// Whether a field is an amount: digits with signs, separators, a unit of money or a percent sign.
pub(super) fn is_number(field: &str) -> bool {
    let field = field.trim_start_matches(['-', '+', '−', '(', '$', '€', '£', '¥', ' ']);
    let field = field.trim_end_matches(['%', ')', '€', '$', '£', ' ']);
    field.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',')
        && field.chars().any(|c| c.is_ascii_digit())
        && field.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | ' ' | '\u{a0}' | 'e' | 'E' | '-' | '+'))
        // A date is no amount.
        && field.matches('-').count() < 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&[&str]], has_head: bool) -> Rows {
        let rows = rows(text).expect("it is a table");
        assert_eq!(rows.rows, expected, "of {text:?}");
        assert_eq!(rows.has_head, has_head, "of {text:?}");
        rows
    }

    #[test]
    fn the_sign_between_fields_is_found() {
        let expected: &[&[&str]] = &[&["name", "price"], &["Leim", "1,50"], &["Garn", "2,75"]];
        check("name;price\nLeim;1,50\nGarn;2,75\n", expected, true);
        check("name\tprice\nLeim\t1,50\nGarn\t2,75\n", expected, true);
        check("name|price\nLeim|1,50\nGarn|2,75\n", expected, true);
        check("name,price\nLeim,\"1,50\"\nGarn,\"2,75\"\n", expected, true);
        check("sep=;\nname;price\nLeim;1,50\nGarn;2,75\n", expected, true);
    }

    #[test]
    fn quotes_line_feeds_and_separators_inside_fields_stay_there() {
        let expected: &[&[&str]] = &[&["a", "b"], &["say \"hi\"", "x,y\nz"]];
        check("a,b\n\"say \"\"hi\"\"\",\"x,y\nz\"\n", expected, true);
    }

    #[test]
    fn ragged_rows_are_kept_and_counted() {
        let rows = check(
            "a,b\n1,2\n3\n4,5,6\n7,8\n",
            &[&["a", "b"], &["1", "2"], &["3"], &["4", "5", "6"], &["7", "8"]],
            true,
        );
        assert_eq!((rows.columns, rows.ragged), (3, 2));
    }

    #[test]
    fn a_first_row_with_amounts_is_a_row_like_others() {
        assert!(!rows("1,2\n3,4\n").unwrap().has_head);
        assert!(!rows("x,x\n3,4\n").unwrap().has_head);
        assert!(rows("country,2019,2020\nA,1,2\n").unwrap().has_head);
    }

    #[test]
    fn running_text_is_no_table() {
        assert_eq!(rows("A letter, with commas.\nIt goes on\nand on, and on, and on.\n\nYours\n"), None);
        assert_eq!(rows("one\ntwo\n"), None);
        assert_eq!(rows(""), None);
    }

    #[test]
    fn a_quotation_mark_without_an_end_does_not_swallow_the_table() {
        let mut text = "a,b\n\"broken,1\n".to_owned();
        for index in 0..500 {
            text.push_str(&format!("row,{index}\n"));
        }
        let rows = rows(&text).unwrap();
        assert_eq!(rows.rows.len(), 502);
        assert_eq!(rows.rows[1], ["\"broken", "1"]);
    }

    #[test]
    fn amounts_are_told_from_words_and_dates() {
        for amount in ["1", "-1.5", "1,234.50", "12 %", "€ 3", "(5)", "1e5", "0.5"] {
            assert!(is_number(amount), "{amount}");
        }
        for other in ["", "a1", "2026-01-02", "2012/01/01", "-", "1st", "=1+1", "10:30"] {
            assert!(!is_number(other), "{other}");
        }
    }
}
