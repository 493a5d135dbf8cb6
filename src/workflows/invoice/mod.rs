//! *Invoice*: a PDF/A-3 that shows an invoice and holds what belongs to it, its XML declared as the standards want it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    options::{self, Definition, Kind, Level, text},
    sign::{self, SignSettings},
    text_recognition::TextRecognition,
    workflow::{
        self, BadSettings, Converting, Job, JobDocument, Line, Problem, ProfileSettings, SettingsType, Workflow,
    },
};
use crate::engines::{
    protocol::{self, Attached, Metadata, Step, Target},
    settings::Settings,
};

/// *Invoice*.
pub const INVOICE: Workflow = Workflow {
    name: "Invoice",
    aliases: &["Prepare Invoice PDF"],
    about: "One PDF/A-3 of the first document with the others inside; the XML of Factur-X, ZUGFeRD and XRechnung is recognised, checked and declared.",
    options: &[options::PASSWORDS, options::METADATA, OPTIONS],
    settings: SettingsType::of::<InvoiceSettings>(),
    line: |settings| Ok(Box::new(Invoice { settings: workflow::read(settings)? })),
};

/// What documents are to each other.
const OPTIONS: &[Definition] = &[
    Definition {
        kind: Kind::OneOf(&["main", "attached"]),
        ..text(
            "DOC.ROLE",
            Level::Document,
            "Whether it is shown or put into what is shown. The first document is shown, or what comes first out of it; the others are put into it.",
        )
    },
    Definition {
        kind: Kind::OneOf(&["Source", "Data", "Alternative", "Supplement", "Unspecified"]),
        ..text(
            "AF.RELATIONSHIP",
            Level::Document,
            "What it is to the document that it is put into; the profile says what else. That of an invoice's XML follows from its standard.",
        )
    },
    Definition {
        kind: Kind::Moment,
        ..text("AF.MODDATE", Level::Document, "When it was changed last; the time of the conversion without.")
    },
    text("AF.DESCRIPTION", Level::Document, "What it is, for people."),
];

/// The settings of a profile.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct InvoiceSettings {
    /// How documents that are no PDF become one.
    pub convert: Settings,
    /// How text is recognised on pages that are pictures.
    pub text_recognition: TextRecognition,
    /// What files are to the document that they are put into, when their options do not say.
    pub relationship: Relationship,
    /// Whose usage decides what the XML of an invoice is to the document.
    pub usage: Usage,
    /// How the invoice is signed, after everything else; `null` for not at all.
    pub signature: Option<SignSettings>,
}

impl ProfileSettings for InvoiceSettings {
    fn check(&self) -> Result<(), BadSettings> {
        self.text_recognition.check()
    }
}

/// What a file is to the document that it is in (ISO 19005-3, annex E).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Relationship {
    /// What the document was made from.
    Source,
    /// Data that the document shows.
    Data,
    /// The same in another form.
    Alternative,
    /// More than the document shows.
    #[default]
    Supplement,
    /// Nothing of these.
    Unspecified,
}

/// Whose usage of the standards holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Usage {
    /// `Alternative`, or `Data` where the XML is only a part of the invoice.
    #[default]
    German,
    /// `Source` and `Data` stay what they are, too.
    French,
}

#[derive(Debug)]
struct Invoice {
    settings: InvoiceSettings,
}

impl Line for Invoice {
    fn converting(&self) -> Converting<'_> {
        Converting { target: Target::PdfA3, settings: &self.settings.convert }
    }

    fn keeps(&self, document: &JobDocument<'_>) -> bool {
        match document.options.text("DOC.ROLE") {
            Some(role) => role.trim().eq_ignore_ascii_case("attached"),
            None => !document.is_first,
        }
    }

    fn recognition(&self) -> Option<&TextRecognition> {
        self.settings.text_recognition.wanted()
    }

    fn steps(&self, job: &Job<'_>) -> Result<Vec<Step>, Problem> {
        let (attached, shown): (Vec<_>, Vec<_>) =
            job.documents.iter().enumerate().partition(|(_, document)| self.keeps(document));
        if shown.is_empty() {
            return Err(Problem(
                "No document of the job is the one that is shown: by DOC.ROLE or by their order, all are attached."
                    .to_owned(),
            ));
        }
        let invoice = protocol::Invoice {
            shown: shown.into_iter().map(|(place, _)| place).collect(),
            attached: attached.into_iter().map(|(place, document)| self.attached(place, document)).collect(),
            french: self.settings.usage == Usage::French,
        };
        let metadata = Metadata(job.options.metadata());
        let mut steps =
            vec![Step::Invoice(invoice), Step::Finish { target: Target::PdfA3, metadata, linearise: false }];
        steps.extend(sign::steps(self.settings.signature.as_ref()));
        Ok(steps)
    }
}

impl Invoice {
    fn attached(&self, place: usize, document: &JobDocument<'_>) -> Attached {
        let asked = document.options.text("AF.RELATIONSHIP").map(str::trim);
        let known = [
            Relationship::Source,
            Relationship::Data,
            Relationship::Alternative,
            Relationship::Supplement,
            Relationship::Unspecified,
        ];
        let said =
            known.into_iter().find(|known| asked.is_some_and(|asked| asked.eq_ignore_ascii_case(known.as_str())));
        Attached {
            place,
            name: None,
            media_type: document.media_type.map(str::to_owned),
            relationship: said.unwrap_or(self.settings.relationship).as_str().to_owned(),
            modified: document.options.moment("AF.MODDATE").map(time::OffsetDateTime::unix_timestamp),
            description: document.options.text("AF.DESCRIPTION").map(str::to_owned),
        }
    }
}

impl Relationship {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "Source",
            Self::Data => "Data",
            Self::Alternative => "Alternative",
            Self::Supplement => "Supplement",
            Self::Unspecified => "Unspecified",
        }
    }
}
