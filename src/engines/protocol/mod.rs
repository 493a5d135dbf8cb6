//! What a worker and an engine host say to each other: JSON behind a length of four bytes, big-endian.
//!
//! Files do not travel over the pipe: names in messages are relative to the work folder.

mod steps;

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    children::{Children, Fate, Parent},
    settings::Settings,
};
use crate::{
    domain::{self, limits, metadata::Property},
    pdf::{
        self,
        text_layer::{Recognised, Straighten},
        validate::Part,
    },
};

pub use steps::{Attached, Collected, FileKind, Input, Invoice, Made, Names, Span, Step, Words};

/// What a host is asked to do.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "a host has one of them, and a job a handful")]
pub enum Request {
    /// Turn one document into a PDF.
    Convert(Convert),
    /// Put converted documents together.
    Assemble(Assemble),
    /// Recognise the text of one page.
    Recognise(Recognise),
    /// Say whether a file is PDF/A.
    Validate(Validate),
}

/// What a PDF is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Any PDF.
    Pdf,
    /// PDF/A-1.
    PdfA1,
    /// PDF/A-2.
    PdfA2,
    /// PDF/A-3.
    PdfA3,
    /// The PDF/A that it is, as it came; nothing else is taken.
    Given,
}

impl Target {
    /// The part of ISO 19005; none for any PDF.
    pub const fn part(self) -> Option<Part> {
        match self {
            Self::Pdf | Self::Given => None,
            Self::PdfA1 => Some(Part::One),
            Self::PdfA2 => Some(Part::Two),
            Self::PdfA3 => Some(Part::Three),
        }
    }
}

/// One document into a PDF.
#[derive(Debug, Serialize, Deserialize)]
pub struct Convert {
    /// File that holds the document.
    pub input: PathBuf,
    /// File that is to hold the PDF.
    pub output: PathBuf,
    /// Name that the client gave; a label.
    pub file_name: String,
    /// Type that the client declared.
    pub media_type: Option<String>,
    /// Passwords to try.
    pub passwords: Vec<String>,
    /// What the PDF is to be.
    pub target: Target,
    /// The lane of the slot; a document of another lane is sent back.
    pub lane: String,
    /// How it is converted.
    pub settings: Settings,
    /// The engines of this machine.
    pub engines: Engines,
    /// Containers that it came out of.
    pub nesting: usize,
    /// What they are, the upload first.
    pub parents: Vec<Parent>,
    /// What it is to what the client added.
    pub role: Role,
    /// What becomes of documents that come out of others.
    pub children: Children,
    /// Bytes of the upload that it is or came out of.
    pub upload_bytes: u64,
    /// Now, in seconds since 1970: a host has no clock.
    pub now: i64,
    /// Whether to look for pages that are pictures without text.
    pub find_scans: bool,
}

/// What a document is to what the client added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The same.
    Upload,
    /// It shows the container that it came out of, as the sheet of a mail does.
    Body,
    /// One of the documents in a container.
    Child,
}

/// The text of one page.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recognise {
    /// File that holds a picture or a PDF.
    pub input: PathBuf,
    /// The page of the PDF, from 0; none for a picture.
    pub page: Option<usize>,
    /// Languages by their names in Tesseract, the most likely one first; English when there is none.
    pub languages: Vec<String>,
    /// Dots per inch: with which the page is drawn, or which the picture has.
    pub dots_per_inch: Option<u32>,
    /// The engines of this machine.
    pub engines: Engines,
}

/// The verdict on one file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Validate {
    /// File that is checked.
    pub input: PathBuf,
    /// What it is checked against, such as `2b`; else what it claims, else PDF/A-2b.
    pub flavour: Option<String>,
}

/// The engines of this machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Engines {
    /// `soffice.bin` of LibreOffice.
    pub office: Option<PathBuf>,
    /// Chromium, the program itself.
    pub browser: Option<PathBuf>,
    /// Folder with the data of Tesseract's languages.
    pub ocr: Option<PathBuf>,
    /// Folders with fonts.
    pub fonts: Vec<PathBuf>,
    /// The fault engine, for tests: documents named for a fault have it committed.
    pub faults: bool,
}

/// Converted documents into the files of a job.
#[derive(Debug, Serialize, Deserialize)]
pub struct Assemble {
    /// The documents, in order.
    pub inputs: Vec<Input>,
    /// What is made of them, step after step; each file that comes of it gets the [`output_of`](super::assemble::output_of) its place.
    pub steps: Vec<Step>,
    /// The files that a host before has made of them, each under the name of its place.
    pub made: Vec<Made>,
    /// What is done to pages whose text was recognised, besides.
    pub straighten: Straighten,
    /// Folders with fonts.
    pub fonts: Vec<PathBuf>,
    /// Now, in seconds since 1970: a host has no clock.
    pub now: i64,
}

/// Metadata of a job, as a message holds them: by their names in XMP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Metadata(pub domain::metadata::Metadata);

impl From<BTreeMap<String, String>> for Metadata {
    fn from(said: BTreeMap<String, String>) -> Self {
        Self(said.into_iter().filter_map(|(name, value)| Some((Property::named(&name)?, value))).collect())
    }
}

impl From<Metadata> for BTreeMap<String, String> {
    fn from(said: Metadata) -> Self {
        said.0.iter().map(|(property, value)| (property.name().to_owned(), value.to_owned())).collect()
    }
}

/// What a host answers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Response {
    /// What came of it.
    pub answer: Answer,
    /// The format that was detected.
    pub format: Option<String>,
    /// Engine that did the work.
    pub engine: Option<String>,
    /// Version of that engine.
    pub engine_version: Option<String>,
    /// Largest resident size of the host and of its children, in bytes.
    pub peak_memory_bytes: i64,
    /// Whether the browser that it was lent, if any, can serve another document.
    #[serde(default)]
    pub browser_in_order: bool,
}

/// What came of a request.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The output file is there.
    Done {
        /// Its pages.
        pages: usize,
        /// What happened.
        events: Vec<Event>,
        /// Conformance that it claims.
        conformance: Option<String>,
        /// How far it had to go for that.
        rung: Option<String>,
        /// Pages that are pictures without text, from 0, where it was asked for them.
        scans: Vec<usize>,
    },
    /// The files of a job are there.
    Assembled {
        /// What they are, in order.
        files: Vec<Made>,
        /// What happened.
        events: Vec<Event>,
        /// For each file what to ask a server of time stamps, where one is to be asked.
        #[serde(default)]
        requests: Vec<Vec<u8>>,
    },
    /// It was a container; what it held is in [`file_of`](super::unpack::file_of) the place of each name.
    Unpacked {
        /// Names of what it held, in order.
        names: Vec<String>,
        /// How many of them, the first ones, show the container itself.
        bodies: usize,
        /// What happened.
        events: Vec<Event>,
    },
    /// It is not converted, since a rule for children says so.
    Spared {
        /// What the rule says.
        fate: Fate,
        /// What the document is, as in "a program".
        what: String,
    },
    /// The text of a page.
    Recognised(Recognised),
    /// The verdict on a file.
    Validated(Verdict),
    /// The document belongs into another lane.
    Reroute {
        /// That lane.
        lane: String,
    },
    /// It cannot be done.
    Failed(Refusal),
}

/// Why something cannot be done.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// Error code of the wire contract.
    pub code: String,
    /// A lower-case phrase, to follow the name of the document.
    pub message: String,
    /// Whether another attempt may succeed: the engine broke, not the document.
    pub passing: bool,
    /// Kind of fault, for operators.
    pub fault: String,
    /// The end of what an inner engine wrote to standard error.
    pub stderr_tail: String,
}

/// [`pdf::validate::Report`] on the pipe.
#[derive(Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// What the file was checked against, such as `2b`.
    pub flavour: String,
    /// What it claims; none when it claims nothing that there is.
    pub claimed: Option<String>,
    /// The rules that it breaks.
    pub failed: Vec<BrokenRule>,
}

/// [`pdf::validate::Failure`] on the pipe.
#[derive(Debug, Serialize, Deserialize)]
pub struct BrokenRule {
    /// The clause of ISO 19005.
    pub clause: String,
    /// The name of the rule.
    pub rule: String,
    /// How often it is broken.
    pub count: usize,
    /// What is wrong at the first place.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// The first places: the number of an object and of a page, from 1.
    pub places: Vec<(Option<u32>, Option<u32>)>,
}

impl From<pdf::validate::Failure> for BrokenRule {
    fn from(failure: pdf::validate::Failure) -> Self {
        Self {
            clause: failure.clause.to_owned(),
            rule: failure.rule.to_owned(),
            count: failure.count,
            message: failure.message,
            remedy: failure.remedy.to_owned(),
            places: failure.places.iter().map(|place| (place.object, place.page)).collect(),
        }
    }
}

/// [`domain::Event`] on the pipe.
#[derive(Debug, Serialize, Deserialize)]
pub struct Event {
    /// Code of the wire contract.
    pub code: String,
    /// info, warning, error.
    pub severity: String,
    /// A sentence.
    pub message: String,
    /// The part it concerns.
    pub part: Option<String>,
}

impl From<domain::Event> for Event {
    fn from(event: domain::Event) -> Self {
        Self {
            code: event.code.as_str().to_owned(),
            severity: event.severity.as_str().to_owned(),
            message: event.message,
            part: event.part,
        }
    }
}

impl TryFrom<Event> for domain::Event {
    type Error = BadMessage;

    fn try_from(event: Event) -> Result<Self, BadMessage> {
        Ok(Self {
            code: event.code.parse().map_err(|_| BadMessage)?,
            severity: event.severity.parse().map_err(|_| BadMessage)?,
            message: event.message,
            part: event.part,
        })
    }
}

/// Says that bytes are not a message of this protocol. A host that was taken over by its document may write anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the engine host wrote something that is no answer")]
pub struct BadMessage;

/// A message, by who reads it.
pub trait Message: Serialize {
    /// Most bytes that it may have.
    const BYTES_MAX: u32;
}

impl Message for Request {
    const BYTES_MAX: u32 = limits::ENGINE_REQUEST_BYTES_MAX;
}

impl Message for Response {
    const BYTES_MAX: u32 = limits::ENGINE_ANSWER_BYTES_MAX;
}

/// Writes a message with its length.
///
/// # Errors
/// When it is longer than the limit.
pub fn encode<T: Message>(message: &T) -> Result<Vec<u8>, BadMessage> {
    let body = serde_json::to_vec(message).map_err(|_| BadMessage)?;
    let length = u32::try_from(body.len()).ok().filter(|length| *length <= T::BYTES_MAX);
    let mut bytes = length.ok_or(BadMessage)?.to_be_bytes().to_vec();
    bytes.extend(body);
    Ok(bytes)
}

/// Reads exactly one message.
///
/// # Errors
/// When the bytes are anything else.
pub fn decode<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, BadMessage> {
    let (length, body) = bytes.split_first_chunk::<4>().ok_or(BadMessage)?;
    if usize::try_from(u32::from_be_bytes(*length)) != Ok(body.len()) {
        return Err(BadMessage);
    }
    serde_json::from_slice(body).map_err(|_| BadMessage)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            prop_assert!(decode::<Response>(&bytes).is_err());
        }
    }

    #[test]
    fn a_message_read_is_the_message_written() {
        let metadata = domain::metadata::Metadata::default().with(Property::Title, "Ä \"title\"");
        let step = Step::Finish { target: Target::PdfA2, metadata: Metadata(metadata), linearise: false };
        let request = Request::Assemble(Assemble {
            inputs: vec![Input { file: "0.pdf".into(), file_name: "a.docx".to_owned(), words: Vec::new() }],
            steps: vec![Step::Merge, step.clone()],
            made: Vec::new(),
            straighten: Straighten::default(),
            fonts: Vec::new(),
            now: 7,
        });
        let read: Request = decode(&encode(&request).unwrap()).unwrap();
        assert!(matches!(read, Request::Assemble(read) if read.steps == [Step::Merge, step] && read.now == 7));
    }

    #[test]
    fn a_message_with_a_wrong_length_is_refused() {
        let request = Request::Validate(Validate { input: "a.pdf".into(), flavour: None });
        let mut bytes = encode(&request).unwrap();
        bytes.push(b' ');
        assert!(decode::<Request>(&bytes).is_err());
    }
}
