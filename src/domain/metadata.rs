//! What a job says about its result: the `META.*` options.

/// Metadata of a result file. `None` keeps what the document says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `META.TITLE`, `dc:title`.
    pub title: Option<String>,
    /// `META.AUTHOR`, `dc:creator`.
    pub author: Option<String>,
    /// `META.SUBJECT`, `dc:description`.
    pub subject: Option<String>,
    /// `META.KEYWORDS`, `pdf:Keywords`.
    pub keywords: Option<String>,
    /// `META.EXT.DC.CONTRIBUTOR`.
    pub contributor: Option<String>,
    /// `META.EXT.DC.COVERAGE`.
    pub coverage: Option<String>,
    /// `META.EXT.DC.IDENTIFIER`.
    pub identifier: Option<String>,
    /// `META.EXT.DC.RIGHTS`.
    pub rights: Option<String>,
    /// `META.EXT.DC.SOURCE`.
    pub source: Option<String>,
    /// `META.EXT.DC.TYPE`.
    pub kind: Option<String>,
}
