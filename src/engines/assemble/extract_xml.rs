//! The XML files in the documents become files of the job.

use super::Bench;
use crate::{
    domain::{ErrorCode, limits},
    engines::{
        Error,
        protocol::{FileKind, Made},
        serve::{read, write},
    },
    pdf::{self, invoice},
};

/// Takes out the XML files of all documents, byte for byte, in the order of the documents.
pub(super) fn extract_xml(bench: &mut Bench<'_>) -> Result<(), Error> {
    for input in &bench.assemble.inputs {
        let document = pdf::read(read(&input.file)?, &[])?.document;
        let extracted = invoice::files(&document, limits::EXTRACTED_BYTES_MAX)?;
        bench.events.extend(extracted.events);
        for (file, bytes) in extracted.files {
            if bench.files.len() >= limits::RESULTS_MAX {
                return Err(Error::Limit { which: format!("more than {} XML files", limits::RESULTS_MAX) });
            }
            write(&bench.output(), &bytes)?;
            let name = Some(file.name).filter(|name| !name.is_empty());
            bench.files.push(Made { kind: FileKind::Xml, name, pages: None, conformance: None, rung: None });
        }
    }
    if bench.files.is_empty() {
        let what = "none of the documents holds an XML file".to_owned();
        return Err(Error::Refused { code: ErrorCode::Generic, what });
    }
    Ok(())
}
