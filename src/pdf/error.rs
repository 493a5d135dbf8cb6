//! Why a PDF could not be worked on.

/// Says why a PDF could not be worked on. Every variant is the document's doing, none is ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The document does not open without the right password.
    #[error("{}", if *.given { "none of the passwords opens the document" } else { "the document needs a password" })]
    Password {
        /// Whether any password was tried.
        given: bool,
    },
    /// The document is damaged past repair.
    #[error("the document is damaged: {what}")]
    Corrupt {
        /// What is wrong with it.
        what: String,
    },
    /// The document asks for more than a limit allows.
    #[error("the document passes a limit: {which}")]
    Limit {
        /// The limit, in words.
        which: String,
    },
    /// The document cannot be brought to conform.
    #[error("the document cannot be made to conform: {what}")]
    NotConformant {
        /// What stands against it.
        what: String,
    },
    /// The document lives on a feature that is not supported.
    #[error("the document uses {feature}, which is not supported")]
    Unsupported {
        /// The feature, in words.
        feature: String,
    },
}

/// Says why what was to be made of a PDF was not written: by the document's doing, or by that of what it goes to.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The document is at fault.
    #[error(transparent)]
    Document(#[from] Error),
    /// What is written to does not take it.
    #[error("the output cannot be written")]
    Output(#[source] std::io::Error),
}

impl Error {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    pub(crate) fn limit(which: impl Into<String>) -> Self {
        Self::Limit { which: which.into() }
    }
}
