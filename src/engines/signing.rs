//! What a worker says to a host about signing.
//!
//! A workflow names a certificate; the worker that does the job puts the key beside the name, so that a key is nowhere but in
//! the folder of the worker and in the host, for as long as that signs. No `Debug` shows it.

use std::{fmt, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::protocol::Metadata;
use crate::pdf::sign::Asking;

/// How the files of a job are signed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// With what; without it, they stay as they came.
    pub certificate: Option<Certificate>,
    /// Why they are signed.
    pub reason: Option<String>,
    /// Where they are signed.
    pub location: Option<String>,
    /// How to reach who signs.
    pub contact: Option<String>,
    /// What they are to say of themselves from now on.
    pub metadata: Metadata,
    /// How a server will be asked for time stamps, if one will be.
    pub time_stamp: Option<Asking>,
}

/// Time stamps for the signatures of files, which the host before left with room for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeStamps {
    /// Whom the worker asks; it may hold a password, and no host has a use for it.
    #[serde(skip)]
    pub url: String,
    /// Whether a file without one is good all the same.
    pub may_lack: bool,
    /// For each file what was asked for it; the worker fills this in.
    pub asked: Vec<Asked>,
}

/// What a server of time stamps was asked for a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The request.
    pub request: Vec<u8>,
    /// The file that holds the answer, or why there is none.
    pub answer: Result<PathBuf, String>,
}

/// With what files are signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// By what name the profile calls it.
    pub name: String,
    /// What the worker has under this name.
    pub key: Option<Key>,
}

/// A private key with its certificates, as the worker has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// A PKCS#12 file.
    pub pkcs12: Secret,
    /// The password that opens it.
    pub password: Secret,
}

/// Bytes that are shown to nobody; base 64 on the pipe.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes bytes out of sight.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        STANDARD.encode(secret.0)
    }
}

impl TryFrom<String> for Secret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        // What stands in the text is not told, as the library's own error does.
        STANDARD.decode(text).map(Self).map_err(|_| "a secret is not in base 64")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_travels_and_is_not_shown() {
        let key = Key { pkcs12: Secret::new([0, 255, 7]), password: Secret::new("sesame") };
        let sign = Sign { certificate: Some(Certificate { name: "a".to_owned(), key: Some(key) }), ..Sign::default() };
        let text = serde_json::to_string(&sign).unwrap();
        assert_eq!(serde_json::from_str::<Sign>(&text).unwrap(), sign);
        let shown = format!("{sign:?}");
        assert!(!shown.contains("sesame") && !shown.contains("255") && !shown.contains("AP8H"), "{shown}");
        let wrong = serde_json::from_str::<Secret>("\"sesame!\"").unwrap_err().to_string();
        assert!(!wrong.contains("sesame") && !wrong.contains('!'), "{wrong}");
    }
}
