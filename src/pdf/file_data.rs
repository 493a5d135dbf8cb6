//! Files that settings bring along.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The bytes of a file, in base 64 when written down: a profile brings its files along, since workers share no folder.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct FileData(pub Vec<u8>);

impl TryFrom<String> for FileData {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        STANDARD.decode(text.trim()).map(Self).map_err(|error| format!("it is not in base 64: {error}"))
    }
}

impl From<FileData> for String {
    fn from(data: FileData) -> Self {
        STANDARD.encode(data.0)
    }
}

impl fmt::Debug for FileData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileData({} bytes)", self.0.len())
    }
}
