use std::ffi::OsString;

use super::*;
use crate::cli::convert::{exit::Exit, switches};

fn read(line: &str) -> Result<Options, clap::Error> {
    let words = ["bindery", "convert"].into_iter().chain(line.split(' ')).map(OsString::from);
    let words = switches::rewrite(words).into_iter().skip(1);
    let matches = Options::augment_args(Command::default()).try_get_matches_from(words)?;
    Options::from_arg_matches(&matches)
}

/// Checks which options each input gets.
fn check(line: &str, expected: &[(&str, &str)]) {
    let options = read(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let found: Vec<_> = options
        .given
        .iter()
        .map(|given| {
            let options: Vec<_> = given.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
            (given.path.to_str().unwrap().to_owned(), options.join(" "))
        })
        .collect();
    let expected: Vec<_> = expected.iter().map(|(path, options)| ((*path).to_owned(), (*options).to_owned())).collect();
    assert_eq!(found, expected, "{line}");
}

#[test]
fn a_password_is_for_the_inputs_that_follow_it() {
    check("a -pw x b -pw y c", &[("a", ""), ("b", "DOC.PASSWORD=x"), ("c", "DOC.PASSWORD=x DOC.PASSWORD=y")]);
    check("--password x a b", &[("a", "DOC.PASSWORD=x"), ("b", "DOC.PASSWORD=x")]);
}

#[test]
fn a_password_behind_all_inputs_is_for_all_of_them() {
    check("a b --password=x", &[("a", "DOC.PASSWORD=x"), ("b", "DOC.PASSWORD=x")]);
}

#[test]
fn an_option_of_a_document_is_for_the_next_input_alone() {
    check("-do A 1 -do B 2 a b -do A=3 c", &[("a", "A=1 B=2"), ("b", ""), ("c", "A=3")]);
    check("-do A 1 -w Conversion -r -pw x a", &[("a", "A=1 DOC.PASSWORD=x")]);
}

#[test]
fn a_command_line_that_makes_no_sense_is_bad_usage() {
    for line in [
        "",
        "a -do A 1",
        "a -do",
        "-pw",
        "-jo A",
        "a --parallel 0",
        "a --parallel 65",
        "a -f -u",
        "a -i -u",
        "a -q -v",
        "a --timeout soon",
        "a -x",
        "a --job-option =x",
    ] {
        let error = read(line).err().unwrap_or_else(|| panic!("`{line}` makes sense"));
        assert_eq!(error.exit_code(), 2, "{line}: {error}");
    }
}

#[test]
fn inputs_may_look_like_switches_behind_two_dashes() {
    check("-pw x -- -pw", &[("-pw", "DOC.PASSWORD=x")]);
    check("-", &[("-", "")]);
}

#[test]
fn the_help_has_examples_and_every_exit_code() {
    assert!(HELP.contains("Examples:"));
    let codes = HELP.split_once("Exit codes:").unwrap().1;
    for exit in [Exit::Done, Exit::Document, Exit::Usage, Exit::Service, Exit::Local, Exit::Interrupted] {
        assert!(codes.contains(&format!("\n  {:<4} ", exit.code())), "{exit:?}");
    }
}
