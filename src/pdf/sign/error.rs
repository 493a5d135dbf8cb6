//! Why a document could not be signed.

use crate::pdf;

/// Says why a document could not be signed. Whose doing it is is visible in the variant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The document cannot be worked on at all.
    #[error(transparent)]
    Document(#[from] pdf::Error),
    /// The document is encrypted: an update of it would have to be encrypted, too.
    #[error("the document is encrypted, so that nothing can be added to it")]
    Encrypted,
    /// The document is damaged: what is appended to it would not be found, or not by all readers.
    #[error("the document is damaged, so that nothing can be added to it: {what}")]
    Damaged {
        /// What is wrong with it.
        what: String,
    },
    /// A signature that is in the document allows no further one.
    #[error("the document may not be signed any more: {why}")]
    Locked {
        /// Which signature forbids it, and how.
        why: String,
    },
    /// The wanted field cannot take the signature.
    #[error("the signature field `{name}` cannot be used: {why}")]
    Field {
        /// The full name of the field.
        name: String,
        /// What stands against it.
        why: String,
    },
    /// The server of time stamps gave none, or one that is not for this signature.
    #[error("there is no time stamp: {what}")]
    TimeStamp {
        /// What is wrong with the answer.
        what: String,
    },
    /// The key would not sign, which only a broken source of random numbers explains, or the signature is beyond all bounds.
    #[error("the signature could not be made")]
    NotSigned,
}

impl Error {
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }

    pub(super) fn time_stamp(what: impl Into<String>) -> Self {
        Self::TimeStamp { what: what.into() }
    }
}

/// Says why a PKCS#12 file gives no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// It does not open with the password.
    #[error("the password does not open the PKCS#12 file")]
    Password,
    /// It cannot be read: it is no PKCS#12 file, or encrypted in a way that is not known.
    #[error("the file is not a PKCS#12 file that can be read: {what}")]
    Unreadable {
        /// What is wrong with it.
        what: String,
    },
    /// It has no private key.
    #[error("the PKCS#12 file has no private key")]
    NoKey,
    /// It has a private key, but no certificate for it.
    #[error("the PKCS#12 file has no certificate for its private key")]
    NoCertificate,
    /// Its private key is of a kind that cannot sign.
    #[error("the private key cannot be used: {what}")]
    UnsupportedKey {
        /// What it is, and what it could be.
        what: String,
    },
}
