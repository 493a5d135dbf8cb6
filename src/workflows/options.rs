//! The options that a job or a document may carry: which there are, what they may say, and reading them by name.

use time::{
    Date, OffsetDateTime, PrimitiveDateTime,
    format_description::well_known::{Iso8601, Rfc3339},
};

use super::custom::CustomOption;
use crate::domain::{
    metadata::{Metadata, Property},
    options::JobOption,
};

/// One option that a workflow understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Its name; letters of either case mean the same.
    pub name: &'static str,
    /// Where it may stand.
    pub level: Level,
    /// Whether it may be given more than once.
    pub repeatable: bool,
    /// What its value may be.
    pub kind: Kind,
    /// What it does, in a sentence.
    pub about: &'static str,
}

/// Where an option may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// With the job.
    Job,
    /// With a document.
    Document,
    /// With either; of a document it goes before that of the job.
    JobOrDocument,
}

/// What the value of an option may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `true` or `false`; also `yes`, `no`, `1`, `0`.
    Boolean,
    /// A date, or a date with a time, as in ISO 8601; UTC when it says no offset.
    Moment,
    /// One of some words, in letters of either case.
    OneOf(&'static [&'static str]),
}

/// An option of any text that is given at most once.
pub const fn text(name: &'static str, level: Level, about: &'static str) -> Definition {
    Definition { name, level, repeatable: false, kind: Kind::Text, about }
}

/// Passwords of documents.
pub const PASSWORDS: &[Definition] = &[Definition {
    repeatable: true,
    ..text(
        "DOC.PASSWORD",
        Level::JobOrDocument,
        "A password to try on protected documents, also on those inside others. All that are given are tried.",
    )
}];

/// What the result says of itself. Without one of these, what the document says stays.
pub const METADATA: &[Definition] = &[
    text("META.TITLE", Level::Job, "Title of the result."),
    text("META.AUTHOR", Level::Job, "Author of the result."),
    text("META.SUBJECT", Level::Job, "Subject of the result."),
    text("META.KEYWORDS", Level::Job, "Keywords of the result."),
    text("META.EXT.DC.CONTRIBUTOR", Level::Job, "Who else contributed to it (Dublin Core); one name."),
    text("META.EXT.DC.COVERAGE", Level::Job, "Place, time or area that it is about (Dublin Core)."),
    text("META.EXT.DC.IDENTIFIER", Level::Job, "By what it is known elsewhere (Dublin Core)."),
    text("META.EXT.DC.RIGHTS", Level::Job, "Rights in it (Dublin Core)."),
    text("META.EXT.DC.SOURCE", Level::Job, "What it was made from (Dublin Core)."),
    text("META.EXT.DC.TYPE", Level::Job, "What kind of document it is (Dublin Core)."),
    text("META.EXT.XMP.BASEURL", Level::Job, "Address from which relative ones in it start (XMP Basic)."),
    text("META.EXT.XMP.CREATORTOOL", Level::Job, "Program that the document was first made with (XMP Basic)."),
    text(
        "META.EXT.XMP.IDENTIFIER",
        Level::Job,
        "A name that tells it from all others, such as a number of a register (XMP Basic).",
    ),
    text("META.EXT.XMP.NICKNAME", Level::Job, "A short name for it (XMP Basic)."),
    text("META.EXT.XMPRIGHTS.CERTIFICATE", Level::Job, "Address of a certificate of rights (XMP Rights Management)."),
    Definition {
        kind: Kind::Boolean,
        ..text(
            "META.EXT.XMPRIGHTS.MARKED",
            Level::Job,
            "Whether rights in it are reserved, or it is in the public domain (XMP Rights Management).",
        )
    },
    text("META.EXT.XMPRIGHTS.OWNER", Level::Job, "Who owns it (XMP Rights Management); one name."),
    text("META.EXT.XMPRIGHTS.USAGETERMS", Level::Job, "How it may be used (XMP Rights Management)."),
    text(
        "META.EXT.XMPRIGHTS.WEBSTATEMENT",
        Level::Job,
        "Address of a page about its owner and rights (XMP Rights Management).",
    ),
];

/// The option that sets a property.
const fn of_property(property: Property) -> &'static str {
    match property {
        Property::Title => "META.TITLE",
        Property::Author => "META.AUTHOR",
        Property::Subject => "META.SUBJECT",
        Property::Keywords => "META.KEYWORDS",
        Property::Contributor => "META.EXT.DC.CONTRIBUTOR",
        Property::Coverage => "META.EXT.DC.COVERAGE",
        Property::Identifier => "META.EXT.DC.IDENTIFIER",
        Property::Rights => "META.EXT.DC.RIGHTS",
        Property::Source => "META.EXT.DC.SOURCE",
        Property::Type => "META.EXT.DC.TYPE",
        Property::BaseUrl => "META.EXT.XMP.BASEURL",
        Property::CreatorTool => "META.EXT.XMP.CREATORTOOL",
        Property::XmpIdentifier => "META.EXT.XMP.IDENTIFIER",
        Property::Nickname => "META.EXT.XMP.NICKNAME",
        Property::Certificate => "META.EXT.XMPRIGHTS.CERTIFICATE",
        Property::Marked => "META.EXT.XMPRIGHTS.MARKED",
        Property::Owner => "META.EXT.XMPRIGHTS.OWNER",
        Property::UsageTerms => "META.EXT.XMPRIGHTS.USAGETERMS",
        Property::WebStatement => "META.EXT.XMPRIGHTS.WEBSTATEMENT",
    }
}

/// What is wrong with a list of options; the job ends with error `option`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No option has this name.
    #[error("The option '{name}' is unknown.")]
    Unknown {
        /// The name.
        name: String,
    },
    /// It is an option, but not of this workflow.
    #[error("The option '{name}' does not belong to the workflow '{workflow}'.")]
    Workflow {
        /// The name.
        name: String,
        /// The workflow.
        workflow: String,
    },
    /// It is for the whole job only.
    #[error("The option '{name}' belongs to the job, not to a document.")]
    OfJob {
        /// The name.
        name: String,
    },
    /// It is for documents only.
    #[error("The option '{name}' belongs to a document, not to the job.")]
    OfDocument {
        /// The name.
        name: String,
    },
    /// It is there more than once.
    #[error("The option '{name}' is given more than once.")]
    Repeated {
        /// The name.
        name: String,
    },
    /// Its value is none that it may have.
    #[error("The option '{name}' cannot be '{value}': it must be {expected}.")]
    Value {
        /// The name.
        name: String,
        /// The value.
        value: String,
        /// What would be right.
        expected: String,
    },
}

/// Who carries a list of options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    /// A job.
    Job,
    /// A document.
    Document,
}

/// Checks a list of options against those that a workflow understands, and those of a profile, which belong to jobs.
///
/// # Errors
/// The first problem.
pub fn check(
    known: &[&[Definition]],
    custom: &[CustomOption],
    options: &[JobOption],
    bearer: Bearer,
) -> Result<(), Problem> {
    for (index, option) in options.iter().enumerate() {
        let name = || option.name.clone();
        let own = custom.iter().find(|own| is(option, &own.name)).map(|_| text("", Level::Job, ""));
        let definition = known.iter().copied().flatten().copied().find(|definition| is(option, definition.name));
        let definition = definition.or(own).ok_or_else(|| Problem::Unknown { name: name() })?;
        match (definition.level, bearer) {
            (Level::Job, Bearer::Document) => return Err(Problem::OfJob { name: name() }),
            (Level::Document, Bearer::Job) => return Err(Problem::OfDocument { name: name() }),
            (Level::JobOrDocument, _) | (Level::Job, Bearer::Job) | (Level::Document, Bearer::Document) => {}
        }
        let earlier = options.iter().take(index).any(|other| is(option, &other.name));
        if earlier && !definition.repeatable {
            return Err(Problem::Repeated { name: name() });
        }
        if !definition.kind.takes(&option.value) {
            let expected = definition.kind.described();
            return Err(Problem::Value { name: name(), value: option.value.clone(), expected });
        }
    }
    Ok(())
}

fn is(option: &JobOption, name: &str) -> bool {
    option.name.eq_ignore_ascii_case(name)
}

impl Kind {
    fn takes(self, value: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Boolean => boolean(value).is_some(),
            Self::Moment => moment(value).is_some(),
            Self::OneOf(words) => words.iter().any(|word| word.eq_ignore_ascii_case(value.trim())),
        }
    }

    /// What a value must be, to follow "it must be".
    pub fn described(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Moment => "a date such as 2026-11-30 or 2026-11-30T14:05:00Z".to_owned(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
        }
    }
}

fn boolean(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn moment(value: &str) -> Option<OffsetDateTime> {
    let value = value.trim();
    OffsetDateTime::parse(value, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(value, &Iso8601::DEFAULT))
        .or_else(|_| PrimitiveDateTime::parse(value, &Iso8601::DEFAULT).map(PrimitiveDateTime::assume_utc))
        .or_else(|_| Date::parse(value, &Iso8601::DEFAULT).map(|date| date.midnight().assume_utc()))
        .ok()
}

/// Options that were checked, to be read by name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a>(pub &'a [JobOption]);

impl<'a> Given<'a> {
    /// The value of an option.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// All values of an option, in their order.
    pub fn all(self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |option| is(option, name)).map(|option| option.value.as_str())
    }

    /// The value of an option that is true or false.
    pub fn boolean(self, name: &str) -> Option<bool> {
        self.text(name).and_then(boolean)
    }

    /// The value of an option that is a date.
    pub fn moment(self, name: &str) -> Option<OffsetDateTime> {
        self.text(name).and_then(moment)
    }

    /// The metadata that a job asks for.
    pub fn metadata(self) -> Metadata {
        let said = |property| {
            let option = of_property(property);
            let value = if property == Property::Marked {
                // XMP knows these two words alone.
                if self.boolean(option)? { "True" } else { "False" }
            } else {
                self.text(option)?
            };
            Some((property, value.to_owned()))
        };
        Property::ALL.into_iter().filter_map(said).collect()
    }
}

/// The passwords to try on a document: its own first, then those of the job.
pub fn passwords(document: &[JobOption], job: &[JobOption]) -> Vec<String> {
    let (own, shared) = (Given(document), Given(job));
    own.all("DOC.PASSWORD").chain(shared.all("DOC.PASSWORD")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&[Definition]] = &[
        PASSWORDS,
        METADATA,
        &[
            Definition { kind: Kind::Boolean, ..text("OUTLINE", Level::Document, "") },
            Definition { kind: Kind::Moment, ..text("DATE", Level::JobOrDocument, "") },
            Definition { kind: Kind::OneOf(&["Source", "Data"]), ..text("RELATION", Level::JobOrDocument, "") },
        ],
    ];

    fn option(name: &str, value: &str) -> JobOption {
        JobOption { name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn each_property_has_an_option_and_each_option_of_metadata_a_property() {
        let names: Vec<_> = METADATA.iter().map(|definition| definition.name).collect();
        assert_eq!(Property::ALL.map(of_property).to_vec(), names);
    }

    fn of_job(options: &[JobOption]) -> Result<(), Problem> {
        check(KNOWN, &[], options, Bearer::Job)
    }

    #[test]
    fn a_password_may_be_repeated_and_a_title_may_not() {
        assert_eq!(of_job(&[option("DOC.PASSWORD", "a"), option("doc.password", "b")]), Ok(()));
        let twice = [option("META.TITLE", "a"), option("Meta.Title", "b")];
        assert_eq!(of_job(&twice), Err(Problem::Repeated { name: "Meta.Title".to_owned() }));
    }

    #[test]
    fn an_option_on_the_wrong_level_is_refused() {
        let problem = check(KNOWN, &[], &[option("META.TITLE", "a")], Bearer::Document).unwrap_err();
        assert_eq!(problem.to_string(), "The option 'META.TITLE' belongs to the job, not to a document.");
        let problem = of_job(&[option("OUTLINE", "true")]).unwrap_err();
        assert_eq!(problem.to_string(), "The option 'OUTLINE' belongs to a document, not to the job.");
    }

    #[test]
    fn an_unknown_option_is_named() {
        assert_eq!(of_job(&[option("DPI", "300")]), Err(Problem::Unknown { name: "DPI".to_owned() }));
    }

    #[test]
    fn a_value_that_an_option_cannot_have_is_told_with_those_that_it_can() {
        for (name, value, expected) in [
            ("OUTLINE", "maybe", "true or false"),
            ("DATE", "tomorrow", "a date such as 2026-11-30 or 2026-11-30T14:05:00Z"),
            ("DATE", "2026-02-30", "a date such as 2026-11-30 or 2026-11-30T14:05:00Z"),
            ("RELATION", "cousin", "one of Source, Data"),
        ] {
            let problem = check(KNOWN, &[], &[option(name, value)], Bearer::Document).unwrap_err().to_string();
            assert_eq!(problem, format!("The option '{name}' cannot be '{value}': it must be {expected}."));
        }
    }

    #[test]
    fn values_are_read_as_what_they_are() {
        let options = [option("outline", " Yes "), option("DATE", "2026-11-30"), option("RELATION", "data")];
        assert_eq!(check(KNOWN, &[], &options, Bearer::Document), Ok(()));
        let given = Given(&options);
        assert_eq!(given.boolean("OUTLINE"), Some(true));
        assert_eq!(given.moment("DATE").unwrap().unix_timestamp(), 1_795_996_800);
        for same in ["2026-11-30T00:00:00Z", "2026-11-30T01:00:00+01:00", "2026-11-30T00:00:00", "20261130"] {
            assert_eq!(moment(same).unwrap().unix_timestamp(), 1_795_996_800, "{same}");
        }
    }

    #[test]
    fn the_passwords_of_the_document_are_tried_first() {
        let tried = passwords(&[option("DOC.PASSWORD", "own")], &[option("DOC.PASSWORD", "shared")]);
        assert_eq!(tried, ["own", "shared"]);
    }
}
