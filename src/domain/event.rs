//! What happened to a document on its way and that the client is told.

use super::words::words;

words! {
    /// The code of a processing event, in the words of the wire contract.
    pub enum EventCode {
        /// Not classified.
        Generic = "Generic",
        /// Damage was found and mended.
        CorruptionRepaired = "CorruptionRepaired",
        /// Content was recovered from a damaged place.
        ContentRecovered = "ContentRecovered",
        /// Only a part could be extracted.
        PartialExtraction = "PartialExtraction",
        /// Content was cut off.
        ContentClipped = "ContentClipped",
        /// Content did not fit.
        ContentOverflow = "ContentOverflow",
        /// A page became a picture.
        ContentRasterized = "ContentRasterized",
        /// A page could not be drawn as it is.
        PageRenderer = "PageRenderer",
        /// The look changed.
        VisualDifferences = "VisualDifferences",
        /// Colours are managed otherwise than in the original.
        Colorants = "Colorants",
        /// Layers were removed or flattened.
        LayersRemoved = "LayersRemoved",
        /// Transparency was removed.
        TransparencyRemoved = "TransparencyRemoved",
        /// A font was missing and another took its place.
        FontSubstituted = "FontSubstituted",
        /// A digital signature was removed.
        SignatureRemoved = "SignatureRemoved",
        /// An annotation was removed.
        AnnotationRemoved = "AnnotationRemoved",
        /// Sound, video or 3D content was removed.
        MultimediaRemoved = "MultimediaRemoved",
        /// An action or a script was removed.
        ActionRemoved = "ActionRemoved",
        /// The logical structure was removed.
        StructureRemoved = "StructureRemoved",
        /// An embedded file was removed.
        EmbeddedFileRemoved = "EmbeddedFileRemoved",
        /// Something outside the document was not loaded.
        ExternalResourceUnavailable = "ExternalResourceUnavailable",
        /// The result is not linearised.
        NotLinearized = "NotLinearized",
        /// Text recognition is incomplete.
        OcrIncomplete = "OcrIncomplete",
        /// Some text has no Unicode values.
        UnicodesIncomplete = "UnicodesIncomplete",
    }
}

words! {
    /// How much an event matters.
    pub enum Severity {
        /// Worth knowing; the outcome stays `success`.
        Info = "info",
        /// The result differs from the document; the outcome becomes `warning`.
        Warning = "warning",
        /// Detail of a failed job.
        Error = "error",
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What kind of thing.
    pub code: EventCode,
    /// How much it matters.
    pub severity: Severity,
    /// A full sentence for the client.
    pub message: String,
    /// The part of a nested document that it concerns.
    pub part: Option<String>,
}

impl Event {
    /// Makes an event that is worth knowing.
    pub fn info(code: EventCode, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Info, message: message.into(), part: None }
    }

    /// Makes an event that says the result differs from the document.
    pub fn warning(code: EventCode, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Warning, message: message.into(), part: None }
    }

    /// Makes an event that explains a failure.
    pub fn error(code: EventCode, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), part: None }
    }
}
