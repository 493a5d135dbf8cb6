//! *Archive PDF/A-1*, *-2* and *-3*: every document becomes PDF/A, and all of them one file of it.

use super::{one_pdf, options, workflow::Workflow};
use crate::engines::protocol::Target;

/// *Archive PDF/A-1*.
pub const PDFA1: Workflow = Workflow {
    name: "Archive PDF/A-1",
    aliases: &["Archive as PDF/A-1"],
    about: "One PDF/A-1 of all documents: transparency is flattened and layers are removed.",
    settings: one_pdf::settings(|given| one_pdf::complete(given, Target::PdfA1)),
    line: |settings| one_pdf::line(settings, Target::PdfA1),
    ..PDFA2
};

/// *Archive PDF/A-2*.
pub const PDFA2: Workflow = Workflow {
    name: "Archive PDF/A-2",
    aliases: &["Archive as PDF/A-2"],
    about: "One PDF/A-2 of all documents, of the best level that each of them allows.",
    options: &[options::PASSWORDS, options::METADATA],
    settings: one_pdf::settings(|given| one_pdf::complete(given, Target::PdfA2)),
    line: |settings| one_pdf::line(settings, Target::PdfA2),
};

/// *Archive PDF/A-3*.
pub const PDFA3: Workflow = Workflow {
    name: "Archive PDF/A-3",
    aliases: &["Archive as PDF/A-3"],
    about: "One PDF/A-3 of all documents, which may hold files of any kind.",
    settings: one_pdf::settings(|given| one_pdf::complete(given, Target::PdfA3)),
    line: |settings| one_pdf::line(settings, Target::PdfA3),
    ..PDFA2
};
