//! Why a job failed, in the words of the wire contract.

use super::words::words;

words! {
    /// The error code of a failed job.
    pub enum ErrorCode {
        /// The service itself failed; the log says how.
        Internal = "internal",
        /// An outside service or resource failed.
        External = "external",
        /// The service is set up wrongly, for example an engine is not installed.
        Configuration = "configuration",
        /// Not classified.
        Generic = "generic",
        /// The format of a document is not supported.
        UnsupportedFormat = "unsupportedFormat",
        /// The format is supported, a feature that the document uses is not.
        UnsupportedFeature = "unsupportedFeature",
        /// An option is unknown or has a bad value.
        Option = "option",
        /// The client canceled the job.
        Canceled = "canceled",
        /// An operation took too long.
        Timeout = "timeout",
        /// A password is missing or wrong.
        Password = "password",
        /// The requested conformance cannot be met.
        Conformance = "conformance",
        /// The document is damaged.
        Corrupt = "corrupt",
    }
}
