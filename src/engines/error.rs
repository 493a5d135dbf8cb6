//! Why an engine gave no output. The variant says whether the client can mend it.

use crate::domain::ErrorCode;

/// A failed conversion. Messages are lower-case phrases without a full stop; whoever reports them names the document.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The document is under a password, and none or only wrong ones were given.
    #[error("{}", if *.given { "none of the given passwords opens it" } else { "it needs a password (option DOC.PASSWORD)" })]
    Password {
        /// Whether any password was given.
        given: bool,
    },
    /// The bytes are not what their type says.
    #[error("it is damaged: {what}")]
    Corrupt {
        /// What is wrong, and where.
        what: String,
    },
    /// No engine converts this type.
    #[error("{what}")]
    UnsupportedFormat {
        /// The type, and what could be done.
        what: String,
    },
    /// The type is known, something in it is not.
    #[error("it uses {feature}, which is not supported")]
    UnsupportedFeature {
        /// The feature.
        feature: String,
    },
    /// The document is larger than a limit allows.
    #[error("it exceeds a limit: {which}")]
    Limit {
        /// The limit, with its value.
        which: String,
    },
    /// It cannot become what the workflow promises.
    #[error("it cannot be made to conform: {what}")]
    NotConformant {
        /// What stands against it.
        what: String,
    },
    /// The engine that the type needs is not there.
    #[error("the engine for this type is not available: {what}")]
    Unavailable {
        /// Which engine, and what to install.
        what: String,
    },
    /// A step of a workflow cannot be done.
    #[error("{what}")]
    Refused {
        /// Whose doing it is.
        code: ErrorCode,
        /// What cannot be done, and why.
        what: String,
    },
    /// The host could not do its own work, for example write to its folder.
    #[error("could not {doing}")]
    Internal {
        /// What was being done.
        doing: String,
        /// Why it failed.
        #[source]
        source: Option<std::io::Error>,
    },
}
