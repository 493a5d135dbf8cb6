//! The reference of workflows and options, made from the lists that the service goes by; docs/options.md is a copy of it.

use std::fmt::Write as _;

use super::{
    lists::WORKFLOWS,
    options::{Definition, Kind, Level},
};

/// All workflows with the options that each understands, in Markdown.
pub fn page() -> String {
    let mut page = String::from(
        "# Workflows and their options\n\n\
         Made by `bindery workflows`. Letters of either case mean the same in names. An option that a workflow does not \
         understand, or a value that an option cannot have, ends the job with the error `option`, which names it.\n",
    );
    for (index, workflow) in WORKFLOWS.iter().enumerate() {
        let mut names: Vec<String> = workflow.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        names.extend((index == 0).then(|| "jobs that name no workflow".to_owned()));
        let also = if names.is_empty() { String::new() } else { format!(" Also for {}.", names.join(", ")) };
        // Writing to a text cannot fail.
        _ = write!(page, "\n## {}\n\n{}{also}\n", workflow.name, workflow.about);
        page.push_str("\n| option | where | value | meaning |\n| --- | --- | --- | --- |\n");
        for option in workflow.options.iter().copied().flatten() {
            let (place, value) = (place(option), value(option.kind));
            _ = writeln!(page, "| `{}` | {place} | {value} | {} |", option.name, option.about);
        }
    }
    page
}

fn place(option: &Definition) -> String {
    let place = match option.level {
        Level::Job => "job",
        Level::Document => "document",
        Level::JobOrDocument => "job or document",
    };
    if option.repeatable { format!("{place}, repeatable") } else { place.to_owned() }
}

fn value(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Boolean => "`true`, `false`".to_owned(),
        Kind::Moment => "date, as in `2026-11-30` or `2026-11-30T14:05:00Z`".to_owned(),
        Kind::OneOf(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
    }
}
