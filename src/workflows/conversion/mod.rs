//! *Conversion*: every document becomes a PDF, and all of them one, without a claim of conformance.

use super::{
    one_pdf::{self, OnePdfSettings},
    options,
    workflow::{SettingsType, Workflow},
};
use crate::engines::protocol::Target;

/// *Conversion*.
pub const CONVERSION: Workflow = Workflow {
    name: "Conversion",
    aliases: &["Convert to PDF"],
    about: "One PDF of all documents, without a claim of conformance.",
    options: &[options::PASSWORDS, options::METADATA],
    settings: SettingsType::of::<OnePdfSettings>(),
    line: |settings| one_pdf::line(settings, Target::Pdf),
};
