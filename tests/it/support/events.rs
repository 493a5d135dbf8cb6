//! A client of server-sent events.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use super::Client;

/// Something that came down a stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    /// An event with its name and its data.
    Event(String, Value),
    /// A comment, as is sent to keep the connection open.
    Comment,
}

impl Heard {
    /// The data of an event of a name; panics when this is none.
    #[track_caller]
    pub(crate) fn data(self, name: &str) -> Value {
        match self {
            Self::Event(told, data) if told == name => data,
            other @ (Self::Event(..) | Self::Comment) => panic!("no event `{name}`: {other:?}"),
        }
    }
}

/// An open stream.
pub(crate) struct Events {
    response: Response,
    text: String,
}

impl Events {
    /// Follows a job.
    pub(crate) async fn of(client: &Client, job: &str) -> Self {
        Self::open(client.request(Method::GET, &format!("/jobs/{job}/events"))).await
    }

    /// Sends a request whose answer is a stream.
    pub(crate) async fn open(request: RequestBuilder) -> Self {
        let response = request.header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        Self { response, text: String::new() }
    }

    /// What comes next, or nothing at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some((one, rest)) = self.text.split_once("\n\n") {
                let (one, rest) = (one.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(read(&one));
            }
            match self.response.chunk().await.unwrap() {
                Some(bytes) => self.text.push_str(std::str::from_utf8(&bytes).unwrap()),
                None => {
                    assert!(self.text.is_empty(), "it breaks off: {}", self.text);
                    return None;
                }
            }
        }
    }

    /// The rest of the stream.
    pub(crate) async fn rest(mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        while let Some(one) = self.next().await {
            heard.push(one);
        }
        heard
    }
}

fn read(text: &str) -> Heard {
    let (mut name, mut data) = (None, String::new());
    for line in text.lines() {
        match line.split_once(':') {
            Some(("event", value)) => name = Some(value.trim_start().to_owned()),
            Some(("data", value)) => data.push_str(value.trim_start()),
            Some(("", _)) => {}
            _ => panic!("a line of no known kind: {line}"),
        }
    }
    match name {
        Some(name) => Heard::Event(name, serde_json::from_str(&data).unwrap()),
        None => Heard::Comment,
    }
}
