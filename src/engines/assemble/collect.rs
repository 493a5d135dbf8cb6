//! Some documents become one, and the others are put into it.

use std::path::Path;

use super::{Bench, merge};
use crate::{
    engines::{
        Error,
        finish::{self, Goal, moment},
        native::markdown,
        protocol::{Attached, Collected, Input, Target},
        serve::{Pdf, read},
    },
    pdf::{
        Document,
        attach::{self, ANY_TYPE, Attachment, Relationship},
    },
};

/// Puts the documents together. Where none is shown, a cover names those that are in it.
pub(super) fn collect(bench: &mut Bench<'_>, order: &Collected) -> Result<(), Error> {
    if order.shown.is_empty() {
        let (pdf, events) = markdown::to_pdf(cover(&order.attached).as_bytes(), &bench.tools.faces)?;
        bench.events.extend(events);
        bench.whole = Some(Pdf::Written(pdf));
    } else {
        let inputs = &bench.assemble.inputs;
        merge::merge_of(bench, order.shown.iter().filter_map(|place| inputs.get(*place)))?;
    }
    let mut document = bench.take_document()?;
    attach_all(bench, &mut document, &order.attached, order.target)?;
    if order.portfolio {
        attach::collection(&mut document)?;
    }
    bench.put_document(document);
    Ok(())
}

/// Puts documents into another one as files; `target` is what those that are PDF are to be.
pub(super) fn attach_all(
    bench: &mut Bench<'_>,
    document: &mut Document,
    attached: &[Attached],
    target: Target,
) -> Result<(), Error> {
    let mut files = Vec::with_capacity(attached.len());
    for file in attached {
        let Some(input) = bench.assemble.inputs.get(file.place) else { continue };
        files.push((file, input, bytes_of(bench, input, target)?));
    }
    let attachments: Vec<Attachment<'_>> = files
        .iter()
        .map(|(file, input, bytes)| Attachment {
            name: file.name.as_deref().unwrap_or(&input.file_name),
            media_type: file.media_type.as_deref().unwrap_or(ANY_TYPE),
            bytes,
            relationship: file.relationship.parse().unwrap_or(Relationship::Unspecified),
            modified: moment(file.modified.unwrap_or(bench.assemble.now)),
            created: None,
            description: file.description.as_deref(),
        })
        .collect();
    attach::attach_all(document, &attachments)?;
    Ok(())
}

/// A document as a file; one with words behind its pages goes to its target once more.
fn bytes_of(bench: &mut Bench<'_>, input: &Input, target: Target) -> Result<Vec<u8>, Error> {
    if input.words.is_empty() {
        return read(&input.file);
    }
    let goal = Goal {
        target,
        metadata: None,
        passwords: &[],
        fonts: &bench.tools.folder,
        now: bench.assemble.now,
        linearise: false,
    };
    let path = Path::new("attached");
    let finished = finish::finish(merge::open(bench.assemble, input)?, &goal, path)?;
    bench.events.extend(finished.events);
    read(path)
}

/// A page that names the files, as Markdown.
fn cover(attached: &[Attached]) -> String {
    let mut text = "# Files in this document\n\n".to_owned();
    for file in attached {
        let name = file.description.as_deref().or(file.name.as_deref()).unwrap_or_default();
        text.push_str("- ");
        for character in name.trim().chars() {
            // No name is read as anything but text.
            if character.is_ascii_punctuation() {
                text.push('\\');
            }
            text.push(if character.is_control() { ' ' } else { character });
        }
        text.push('\n');
    }
    text
}
