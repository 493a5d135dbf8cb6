use std::time::Duration;

/// Why a request did not go out, or came to nothing. The sentences are for whoever gave the URL: they name no host, no address
/// and nothing of what was answered, because that may be known only behind our walls.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not a URL that can be called.
    #[error("the URL {problem}")]
    Url {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It leads to where clients may not send the service.
    #[error("{} leads to an address that this service may not call", leader(*.redirected))]
    NotAllowed {
        /// Whether the URL itself was in order.
        redirected: bool,
    },
    /// The host has no address.
    #[error("the name of the host cannot be resolved")]
    CannotResolve,
    /// There is no way to the host, or it cannot show that it is the one.
    #[error("no connection to the host came about; either nothing listens there, or its certificate is not trusted")]
    CannotConnect,
    /// It was answered with another status than one of success.
    #[error("the host answered with status {code}")]
    Status {
        /// The status.
        code: u16,
    },
    /// It was answered with something that is of no use.
    #[error("the answer {what}")]
    Unusable {
        /// What is wrong with it.
        what: &'static str,
    },
    /// More came than was asked for.
    #[error("the document has more than {max} bytes")]
    TooLarge {
        /// The limit in bytes.
        max: u64,
    },
    /// Bytes stopped moving, or came in drops.
    #[error("the host was too slow: next to nothing moved in {within:?}")]
    Stalled {
        /// How long that was borne.
        within: Duration,
    },
    /// It went on and on.
    #[error("the host was too slow: not done after {within:?}")]
    TooSlow {
        /// How long that was borne.
        within: Duration,
    },
    /// It was sent from one place to the next.
    #[error("there are more than {max} redirects")]
    TooManyRedirects {
        /// The limit.
        max: usize,
    },
    /// The connection ended before everything had come or gone.
    #[error("the connection broke off")]
    BrokenOff,
}

const fn leader(redirected: bool) -> &'static str {
    if redirected { "a redirect" } else { "the URL" }
}
