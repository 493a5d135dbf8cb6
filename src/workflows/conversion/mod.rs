//! *Conversion*: every document becomes a PDF, and all of them one, without a claim of conformance.

use super::{one_pdf, options, workflow::Workflow};
use crate::engines::protocol::Target;

/// *Conversion*.
pub const CONVERSION: Workflow = Workflow {
    name: "Conversion",
    aliases: &["Convert to PDF"],
    about: "One PDF of all documents, without a claim of conformance.",
    options: &[options::PASSWORDS, options::METADATA],
    settings: one_pdf::settings(|given| one_pdf::complete(given, Target::Pdf)),
    line: |settings| one_pdf::line(settings, Target::Pdf),
};
