//! What a job says about its result: the `META.*` options.

use std::collections::BTreeMap;

/// A property of a document that a job may set, with its name in XMP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// `dc:title`.
    Title,
    /// `dc:creator`.
    Author,
    /// `dc:description`.
    Subject,
    /// `pdf:Keywords`.
    Keywords,
    /// `dc:contributor`.
    Contributor,
    /// `dc:coverage`.
    Coverage,
    /// `dc:identifier`.
    Identifier,
    /// `dc:rights`.
    Rights,
    /// `dc:source`.
    Source,
    /// `dc:type`.
    Type,
    /// `xmp:BaseURL`.
    BaseUrl,
    /// `xmp:CreatorTool`.
    CreatorTool,
    /// `xmp:Identifier`.
    XmpIdentifier,
    /// `xmp:Nickname`.
    Nickname,
    /// `xmpRights:Certificate`.
    Certificate,
    /// `xmpRights:Marked`.
    Marked,
    /// `xmpRights:Owner`.
    Owner,
    /// `xmpRights:UsageTerms`.
    UsageTerms,
    /// `xmpRights:WebStatement`.
    WebStatement,
}

impl Property {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Title,
        Self::Author,
        Self::Subject,
        Self::Keywords,
        Self::Contributor,
        Self::Coverage,
        Self::Identifier,
        Self::Rights,
        Self::Source,
        Self::Type,
        Self::BaseUrl,
        Self::CreatorTool,
        Self::XmpIdentifier,
        Self::Nickname,
        Self::Certificate,
        Self::Marked,
        Self::Owner,
        Self::UsageTerms,
        Self::WebStatement,
    ];

    /// Its name in XMP, with the usual prefix of its schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Title => "dc:title",
            Self::Author => "dc:creator",
            Self::Subject => "dc:description",
            Self::Keywords => "pdf:Keywords",
            Self::Contributor => "dc:contributor",
            Self::Coverage => "dc:coverage",
            Self::Identifier => "dc:identifier",
            Self::Rights => "dc:rights",
            Self::Source => "dc:source",
            Self::Type => "dc:type",
            Self::BaseUrl => "xmp:BaseURL",
            Self::CreatorTool => "xmp:CreatorTool",
            Self::XmpIdentifier => "xmp:Identifier",
            Self::Nickname => "xmp:Nickname",
            Self::Certificate => "xmpRights:Certificate",
            Self::Marked => "xmpRights:Marked",
            Self::Owner => "xmpRights:Owner",
            Self::UsageTerms => "xmpRights:UsageTerms",
            Self::WebStatement => "xmpRights:WebStatement",
        }
    }

    /// The property of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|property| property.name() == name)
    }
}

/// Metadata of a result file. What is not there keeps what the document says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata(BTreeMap<Property, String>);

impl Metadata {
    /// What a property says.
    pub fn get(&self, property: Property) -> Option<&str> {
        self.0.get(&property).map(String::as_str)
    }

    /// The same with a property.
    #[must_use]
    pub fn with(mut self, property: Property, value: impl Into<String>) -> Self {
        self.0.insert(property, value.into());
        self
    }

    /// The properties that say something.
    pub fn iter(&self) -> impl Iterator<Item = (Property, &str)> {
        self.0.iter().map(|(property, value)| (*property, value.as_str()))
    }
}

impl FromIterator<(Property, String)> for Metadata {
    fn from_iter<T: IntoIterator<Item = (Property, String)>>(said: T) -> Self {
        Self(said.into_iter().collect())
    }
}
