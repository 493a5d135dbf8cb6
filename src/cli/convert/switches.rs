//! Switches as the reference's client has them (`-pw`, `-do`, `-jo`, `-url`), rewritten into long ones before clap sees them.
//!
//! clap reads `-pw` as `-p w`. So does GNU style, and whoever means that writes `-p w` or `--profile=w`. The other three mean
//! nothing in GNU style.

use std::{ffi::OsString, iter};

/// The subcommand whose switches these are.
const CONVERT: &str = "convert";

/// Rewrites the arguments of `convert`; those of all other subcommands stay as they are.
///
/// A value goes into the same argument as its switch (`--password=-x`), so that one that looks like a switch stays a value.
pub(in crate::cli) fn rewrite(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut rest = arguments.into_iter();
    let mut rewritten: Vec<OsString> = rest.by_ref().take(2).collect();
    if rewritten.get(1).is_none_or(|subcommand| subcommand != CONVERT) {
        return rewritten.into_iter().chain(rest).collect();
    }
    while let Some(argument) = rest.next() {
        match argument.to_str() {
            // All that follows are inputs.
            Some("--") => rewritten.extend(iter::once(argument).chain(rest.by_ref())),
            Some("-pw" | "--password") => rewritten.push(joined("--password", rest.next())),
            Some("-url" | "--url") => rewritten.push(joined("--url", rest.next())),
            Some("-do" | "--document-option") => rewritten.push(option("--document-option", &mut rest)),
            Some("-jo" | "--job-option") => rewritten.push(option("--job-option", &mut rest)),
            _ => rewritten.push(argument),
        }
    }
    rewritten
}

/// An option as one argument, whether it was `NAME=VALUE` or `NAME VALUE`.
fn option(switch: &str, rest: &mut impl Iterator<Item = OsString>) -> OsString {
    let first = rest.next();
    let is_whole = first.as_ref().is_none_or(|first| first.as_encoded_bytes().contains(&b'='));
    let mut argument = joined(switch, first);
    if !is_whole && let Some(value) = rest.next() {
        argument.push("=");
        argument.push(value);
    }
    argument
}

/// A switch and its value as one argument; clap says what is missing when there is no value.
fn joined(switch: &str, value: Option<OsString>) -> OsString {
    let mut argument = OsString::from(switch);
    if let Some(value) = value {
        argument.push("=");
        argument.push(value);
    }
    argument
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        let words = line.split(' ').map(OsString::from);
        let found: Vec<_> = rewrite(words).into_iter().map(|word| word.into_string().unwrap()).collect();
        assert_eq!(found.join(" "), expected, "{line}");
    }

    #[test]
    fn switches_of_two_letters_become_long_ones() {
        check("bindery convert -pw x a.pdf -url http://h -v", "bindery convert --password=x a.pdf --url=http://h -v");
        check("bindery convert -do A b -jo C d a.pdf", "bindery convert --document-option=A=b --job-option=C=d a.pdf");
    }

    #[test]
    fn an_option_may_be_one_word_or_two() {
        check("bindery convert -jo A=b a.pdf", "bindery convert --job-option=A=b a.pdf");
        check("bindery convert --job-option A=b a.pdf", "bindery convert --job-option=A=b a.pdf");
        check("bindery convert --job-option A b a.pdf", "bindery convert --job-option=A=b a.pdf");
        check("bindery convert --job-option=A=b a.pdf", "bindery convert --job-option=A=b a.pdf");
        check("bindery convert -jo A =b", "bindery convert --job-option=A==b");
    }

    #[test]
    fn a_value_that_looks_like_a_switch_stays_a_value() {
        check("bindery convert -pw -do a.pdf", "bindery convert --password=-do a.pdf");
        check("bindery convert -do A -pw a.pdf", "bindery convert --document-option=A=-pw a.pdf");
    }

    #[test]
    fn what_is_missing_is_left_to_clap() {
        check("bindery convert -pw", "bindery convert --password");
        check("bindery convert a.pdf -do", "bindery convert a.pdf --document-option");
        check("bindery convert a.pdf -do A", "bindery convert a.pdf --document-option=A");
    }

    #[test]
    fn inputs_behind_two_dashes_and_other_subcommands_stay_as_they_are() {
        check("bindery convert -pw x -- -pw -do", "bindery convert --password=x -- -pw -do");
        check("bindery serve -pw x", "bindery serve -pw x");
        check("bindery", "bindery");
    }
}
