//! How a table is put on pages: portrait, then landscape, then in smaller type, then in parts.

use serde::Serialize;

/// What a page has room for between its margins, in points: A4, upright and turned.
const PORTRAIT_POINTS: f64 = 510.0;
const LANDSCAPE_POINTS: f64 = 756.0;

/// Sizes of type in points: the usual one, the smallest that is read with ease, and the one of tables in parts.
const SIZE: f64 = 8.5;
const SIZE_MIN: f64 = 6.0;
const SIZE_IN_PARTS: f64 = 7.0;

/// By how much the type is made smaller at a time.
const SIZE_STEP: f64 = 0.5;

/// The widest that a column needs to be, in em; what is longer goes over several lines.
const COLUMN_EM_MAX: f64 = 24.0;

/// What stands left and right of a field, in em, with a little for what shaping adds.
const PADDING_EM: f64 = 1.1;

/// A layout.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Plan {
    pub(super) landscape: bool,
    /// Size of type in points.
    pub(super) size: f64,
    pub(super) parts: Vec<Part>,
}

/// Columns that stand beside each other.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Part {
    pub(super) columns: Vec<usize>,
    /// Their widths in points.
    pub(super) widths: Vec<f64>,
}

impl Plan {
    /// Finds the layout for columns whose longest fields have these widths in em.
    pub(super) fn new(natural: &[f64]) -> Self {
        let needed: Vec<f64> = natural.iter().map(|em| em.min(COLUMN_EM_MAX) + PADDING_EM).collect();
        let total: f64 = needed.iter().sum();
        let smaller = (0..).map(|step| SIZE - f64::from(step) * SIZE_STEP).take_while(|size| *size >= SIZE_MIN);
        let choices = [(false, SIZE)].into_iter().chain(smaller.map(|size| (true, size)));
        for (landscape, size) in choices {
            let room = if landscape { LANDSCAPE_POINTS } else { PORTRAIT_POINTS };
            if total * size <= room {
                let part = part(natural, &needed, (0..natural.len()).collect(), size, room);
                return Self { landscape, size, parts: vec![part] };
            }
        }
        let room = LANDSCAPE_POINTS / SIZE_IN_PARTS;
        let groups = groups(&needed, room);
        let part = |columns| part(natural, &needed, columns, SIZE_IN_PARTS, LANDSCAPE_POINTS);
        Self { landscape: true, size: SIZE_IN_PARTS, parts: groups.into_iter().map(part).collect() }
    }
}

/// Fills pages with columns; the first one, which most often names the row, is on each of them.
fn groups(needed: &[f64], room: f64) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut left = 0.0;
    for (column, width) in needed.iter().enumerate() {
        match groups.last_mut() {
            Some(group) if *width <= left => group.push(column),
            Some(_) => {
                let first = needed.first().copied().unwrap_or_default();
                left = room - first;
                groups.push(vec![0, column]);
            }
            None => {
                left = room;
                groups.push(vec![column]);
            }
        }
        left -= width;
    }
    groups
}

/// Gives columns the width that they need, and to those that go over several lines what is left.
fn part(natural: &[f64], needed: &[f64], columns: Vec<usize>, size: f64, room: f64) -> Part {
    let width = |widths: &[f64], column: &usize| widths.get(*column).copied().unwrap_or_default();
    let total: f64 = columns.iter().map(|column| width(needed, column)).sum();
    let lacking = |column: &usize| (width(natural, column) + PADDING_EM - width(needed, column)).max(0.0);
    let lacking_total: f64 = columns.iter().map(lacking).sum();
    let spare = (room / size - total).max(0.0);
    let share = if lacking_total > 0.0 { (spare / lacking_total).min(1.0) } else { 0.0 };
    let widths = columns.iter().map(|column| (width(needed, column) + lacking(column) * share) * size).collect();
    Part { columns, widths }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(natural: &[f64], landscape: bool, parts: usize) -> Plan {
        let plan = Plan::new(natural);
        assert_eq!((plan.landscape, plan.parts.len()), (landscape, parts), "{plan:?}");
        let room = if landscape { LANDSCAPE_POINTS } else { PORTRAIT_POINTS };
        for part in &plan.parts {
            assert!(part.widths.iter().sum::<f64>() <= room + 0.01, "{plan:?}");
        }
        plan
    }

    #[test]
    fn a_table_takes_the_least_that_it_fits_on() {
        assert_eq!(check(&[10.0; 5], false, 1).size, SIZE);
        assert_eq!(check(&[10.0; 7], true, 1).size, SIZE);
        let small = check(&[10.0; 10], true, 1).size;
        assert!((SIZE_MIN..SIZE).contains(&small), "{small}");
    }

    #[test]
    fn what_fits_on_no_page_comes_in_parts_with_the_first_column_in_each() {
        let plan = check(&[10.0; 40], true, 5);
        assert!(plan.parts.iter().all(|part| part.columns.first() == Some(&0)));
        let mut columns: Vec<_> = plan.parts.iter().flat_map(|part| part.columns.clone()).collect();
        columns.dedup();
        columns.sort_unstable();
        columns.dedup();
        assert_eq!(columns, (0..40).collect::<Vec<_>>());
    }

    #[test]
    fn the_longest_fields_go_over_lines_and_get_what_is_left() {
        let plan = check(&[5.0, 1_000.0], false, 1);
        assert!(plan.parts[0].widths[1] > 400.0, "{plan:?}");
        check(&[1_000.0; 100], true, 33);
    }
}
