//! The Chrome `DevTools` Protocol over a pipe: JSON, each message ended by a zero byte.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
};

use serde::Deserialize;
use serde_json::{Value, json};

/// Longest message that is read. What is large is fetched in pieces.
const MESSAGE_BYTES_MAX: u64 = 64 << 20;

/// A browser at the other end.
#[derive(Debug)]
pub(super) struct Connection {
    to: File,
    from: BufReader<File>,
    last: u64,
}

/// What it says: the answer to a call, or what has happened.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    /// The call that is answered.
    pub(super) id: Option<u64>,
    /// What has happened.
    #[serde(default)]
    pub(super) method: String,
    /// How.
    #[serde(default)]
    pub(super) params: Value,
    /// Where.
    #[serde(rename = "sessionId")]
    pub(super) session: Option<String>,
    result: Option<Value>,
    error: Option<Failure>,
}

/// Why a call failed.
#[derive(Debug, Deserialize)]
struct Failure {
    message: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CdpError {
    /// The browser is gone, or says what is no message.
    #[error("the browser is gone")]
    Gone(#[source] io::Error),
    /// It refused a call.
    #[error("{method}: {message}")]
    Refused {
        /// The call.
        method: &'static str,
        /// Its words.
        message: String,
    },
}

impl Connection {
    /// Speaks to the browser whose pipes this process was started with.
    ///
    /// # Errors
    /// When it has none.
    pub(super) fn inherited() -> io::Result<Self> {
        // Opened anew: a handle by its number would have to be believed in.
        let to = File::options().write(true).open("/proc/self/fd/3")?;
        let from = BufReader::new(File::open("/proc/self/fd/4")?);
        Ok(Self { to, from, last: 0 })
    }

    /// Calls without waiting; gives the number of the call.
    pub(super) fn send(&mut self, session: Option<&str>, method: &str, params: &Value) -> Result<u64, CdpError> {
        self.last += 1;
        let mut call = json!({ "id": self.last, "method": method, "params": params });
        if let (Some(session), Some(call)) = (session, call.as_object_mut()) {
            call.insert("sessionId".to_owned(), session.into());
        }
        let mut bytes = serde_json::to_vec(&call).map_err(|error| CdpError::Gone(error.into()))?;
        bytes.push(0);
        self.to.write_all(&bytes).map_err(CdpError::Gone)?;
        Ok(self.last)
    }

    /// Waits for the next message.
    pub(super) fn receive(&mut self) -> Result<Message, CdpError> {
        let mut bytes = Vec::new();
        self.from.by_ref().take(MESSAGE_BYTES_MAX).read_until(0, &mut bytes).map_err(CdpError::Gone)?;
        match bytes.pop() {
            Some(0) => serde_json::from_slice(&bytes).map_err(|error| CdpError::Gone(error.into())),
            Some(_) => Err(CdpError::Gone(io::Error::other("a message that is too long"))),
            None => Err(CdpError::Gone(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// Whether all that has been received was read.
    pub(super) fn is_quiet(&self) -> bool {
        self.from.buffer().is_empty()
    }
}

impl Message {
    /// Takes it as the answer to a call.
    pub(super) fn into_answer(self, method: &'static str) -> Result<Value, CdpError> {
        match self.error {
            None => Ok(self.result.unwrap_or_default()),
            Some(Failure { message }) => Err(CdpError::Refused { method, message }),
        }
    }
}
