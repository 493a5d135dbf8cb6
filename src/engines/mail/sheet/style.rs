//! Style sheets of messages: selectors of `html` and `body` get the names that stand for these on a sheet.

/// Makes a style sheet fit for its place. It holds no `<` after that, so nothing in it ends the element it is in.
pub(super) fn moved(css: &str) -> String {
    let mut moved = String::with_capacity(css.len());
    let mut segment = String::new();
    let mut rest = css.chars();
    while let Some(character) = rest.next() {
        match character {
            '{' => {
                moved.push_str(&renamed(&segment));
                moved.push('{');
                segment.clear();
            }
            '}' | ';' => {
                moved.push_str(&segment);
                moved.push(character);
                segment.clear();
            }
            '"' | '\'' => {
                segment.push(character);
                string(character, &mut rest, &mut segment);
            }
            '/' if rest.as_str().starts_with('*') => {
                // Without the comment, for it may hold braces.
                let comment = rest.as_str();
                let after =
                    comment.get(1..).and_then(|comment| comment.split_once("*/")).map_or("", |(_, after)| after);
                segment.push(' ');
                rest = after.chars();
            }
            other => segment.push(other),
        }
    }
    moved.push_str(&segment);
    // An escape that means the same wherever a character may stand.
    moved.replace("<!--", " ").replace("-->", " ").replace('<', "\\3c ")
}

/// Copies a string up to its end, or up to that of the line, where a broken one ends.
fn string(mark: char, rest: &mut std::str::Chars<'_>, segment: &mut String) {
    while let Some(character) = rest.next() {
        segment.push(character);
        if character == '\\' {
            segment.extend(rest.next());
        } else if character == mark || character == '\n' {
            return;
        }
    }
}

/// Selectors with the names of a sheet.
fn renamed(selectors: &str) -> String {
    if selectors.trim_start().starts_with('@') {
        return selectors.to_owned();
    }
    let mut renamed = String::with_capacity(selectors.len());
    let (mut word, mut before) = (String::new(), ' ');
    let mut in_brackets = false;
    for character in selectors.chars().chain([' ']) {
        if character.is_alphanumeric() || matches!(character, '-' | '_' | '\\') {
            word.push(character);
            continue;
        }
        let is_type = !in_brackets && !matches!(before, '.' | '#' | ':' | '[' | '=');
        match word.to_ascii_lowercase().as_str() {
            "body" if is_type => renamed.push_str(super::html::BODY),
            "html" if is_type => renamed.push_str(super::html::ROOT),
            _ => renamed.push_str(&word),
        }
        word.clear();
        renamed.push(character);
        before = character;
        in_brackets = match character {
            '[' => true,
            ']' => false,
            _ => in_brackets,
        };
    }
    renamed.pop();
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(css: &str, expected: &str) {
        assert_eq!(moved(css), expected);
    }

    #[test]
    fn body_and_html_are_renamed_where_they_are_elements() {
        check("body,HTML > body.x{a:b}", "mail-body,mail-root > mail-body.x{a:b}");
        check(".body #html [title=body] body-x{font: body}", ".body #html [title=body] body-x{font: body}");
        check("@media print{body{a:b;c:d}p{e:f}}body{}", "@media print{mail-body{a:b;c:d}p{e:f}}mail-body{}");
        check("/* { */ body{}", "  mail-body{}");
        check("a{b:'{ body'}body{}", "a{b:'{ body'}mail-body{}");
    }

    #[test]
    fn nothing_ends_the_style_sheet() {
        assert!(!moved("<!-- a{b:'</style>'} --> </style><b>").contains('<'));
        check("a::after{content:'<'}", "a::after{content:'\\3c '}");
    }
}
