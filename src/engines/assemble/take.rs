//! Each document becomes a file of the job, as it came.

use super::Bench;
use crate::{
    domain::Rung,
    engines::{
        Error, finish,
        protocol::{FileKind, Made},
        serve::{read, write},
    },
    pdf::{self, validate},
};

/// Takes the documents. Each was found to be what it claims when it came; a step that changes it looks again.
pub(super) fn take(bench: &mut Bench<'_>) -> Result<(), Error> {
    let inputs = &bench.assemble.inputs;
    for input in inputs {
        let bytes = read(&input.file)?;
        write(&bench.output(), &bytes)?;
        let claim = validate::claimed(&bytes).map(|flavour| (flavour, Rung::Unchanged));
        let (conformance, rung) = finish::words(claim);
        let pages = pdf::page_count(&pdf::read(bytes, &[])?.document);
        // The only one may be named after the job.
        let name = (inputs.len() > 1).then(|| file_name(&input.file_name));
        bench.files.push(Made { kind: FileKind::Pdf, name, pages: Some(pages), conformance, rung });
    }
    Ok(())
}

/// The name of a document as that of a PDF.
fn file_name(label: &str) -> String {
    let name = label.rsplit(['/', '\\']).next().unwrap_or(label);
    if name.to_lowercase().ends_with(".pdf") { name.to_owned() } else { format!("{name}.pdf") }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_result_is_named_as_its_document_and_as_a_pdf() {
        for (label, name) in [("a.pdf", "a.pdf"), ("in/B.PDF", "B.PDF"), ("c:\\d", "d.pdf"), ("x.bin", "x.bin.pdf")] {
            assert_eq!(file_name(label), name);
        }
    }
}
