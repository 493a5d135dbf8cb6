//! From the order in which characters stand beside each other to the order in which they are read.
//!
//! A PDF keeps text as it is shown. Turning it back is the bidirectional algorithm once more, which undoes itself for all
//! but contrived text.

use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

/// Whether the first character with a direction goes from right to left; `None` when none has one.
pub(super) fn is_right_to_left(text: &str) -> Option<bool> {
    text.chars()
        .map(bidi_class)
        .find(|class| matches!(class, BidiClass::L | BidiClass::R | BidiClass::AL))
        .map(|class| class != BidiClass::L)
}

/// The characters of a word in the order of reading.
pub(super) fn read(shown: &str) -> String {
    if !shown.chars().any(|character| matches!(bidi_class(character), BidiClass::R | BidiClass::AL)) {
        return shown.to_owned();
    }
    let levels = BidiInfo::new(shown, Some(Level::rtl())).levels;
    // Brackets that open to the right are shown where they close to the left.
    let turned: String = shown
        .char_indices()
        .map(|(at, character)| if levels.get(at).is_some_and(Level::is_rtl) { mirrored(character) } else { character })
        .collect();
    let info = BidiInfo::new(&turned, Some(Level::rtl()));
    info.paragraphs.iter().map(|paragraph| info.reorder_line(paragraph, paragraph.range.clone())).collect()
}

/// The bracket that looks like this one from behind.
const fn mirrored(character: char) -> char {
    match character {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '{' => '}',
        '}' => '{',
        '<' => '>',
        '>' => '<',
        '«' => '»',
        '»' => '«',
        '‹' => '›',
        '›' => '‹',
        other => other,
    }
}

/// The order in which words are read that stand beside each other, each given by its direction.
pub(super) fn order(directions: &[Option<bool>]) -> Vec<usize> {
    let backward = directions.iter().filter(|direction| **direction == Some(true)).count();
    let forward = directions.iter().filter(|direction| **direction == Some(false)).count();
    let mut order: Vec<usize> = (0..directions.len()).collect();
    if backward == 0 {
        return order;
    }
    let is_backward_line = backward >= forward;
    if is_backward_line {
        order.reverse();
    }
    // Words of the other direction keep their order among themselves, with what stands between two of them.
    let is_other = |index: &usize| directions.get(*index).copied().flatten() == Some(!is_backward_line);
    let mut start = 0;
    while let Some(first) = order.iter().skip(start).position(is_other).map(|offset| start + offset) {
        let ends = |index: &usize| directions.get(*index).copied().flatten() == Some(is_backward_line);
        let end = order.iter().skip(first).position(ends).map_or(order.len(), |offset| first + offset);
        let last = order.iter().take(end).rposition(is_other).unwrap_or(first);
        if let Some(run) = order.get_mut(first..=last) {
            run.reverse();
        }
        start = end;
    }
    order
}
