//! Every problem that the API answers with. None can be sent that is not here; `docs/problems.md` is made from it.

use axum::http::StatusCode;

/// What all problems of one kind have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The URI that names the kind; there is nothing to be fetched at it.
    pub uri: &'static str,
    /// The status of the answer.
    pub status: StatusCode,
    /// The title, the same for all of the kind.
    pub title: &'static str,
    /// When it is sent.
    pub meaning: &'static str,
    /// What a client can do.
    pub remedy: &'static str,
}

/// Declares the kinds with their entries.
macro_rules! kinds {
    ($($kind:ident = $uri:literal, $status:ident, $title:literal, $meaning:literal, $remedy:literal;)+) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $(#[doc = $meaning] $kind,)+ }

        impl Kind {
            /// Every kind, by status.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// What all problems of the kind have in common.
            pub const fn entry(self) -> Entry {
                match self {
                    $(Self::$kind => Entry {
                        uri: $uri, status: StatusCode::$status, title: $title, meaning: $meaning, remedy: $remedy,
                    },)+
                }
            }
        }
    };
}

kinds! {
    BadRequest = "urn:bindery:problem:badRequest", BAD_REQUEST, "Bad request.",
        "The request, a parameter, the options or a part of an upload cannot be understood.",
        "Correct what the detail names.";
    WorkflowNotFound = "urn:bindery:problem:workflowNotFound", BAD_REQUEST, "Workflow not found.",
        "No workflow has the name of the parameter `workflow`.",
        "Take one of those that the detail and `GET /workflows` list.";
    ProfileNotFound = "urn:bindery:problem:profileNotFound", BAD_REQUEST, "Profile not found.",
        "The workflow has no profile of the name in the parameter `profile`.",
        "Take one of those that the detail and `GET /workflows` list.";
    DownloadFailed = "urn:bindery:problem:downloadFailed", BAD_REQUEST, "Download failed.",
        "The document did not come from the URL that the call names.",
        "See to what the detail tells, and send the call again; or upload the document.";
    StoreFailed = "urn:bindery:problem:storeFailed", BAD_REQUEST, "Store failed.",
        "The result did not go to the URL that the call names.",
        "See to what the detail tells, and send the call again; or fetch the result.";
    UrlNotAllowed = "urn:bindery:problem:urlNotAllowed", BAD_REQUEST, "URL not allowed.",
        "The URL leads to an address that the service does not call.",
        "Have the host allowed with `BINDERY_EGRESS_ALLOW`, or take another one.";
    NotFound = "urn:bindery:problem:notFound", NOT_FOUND, "Not found.",
        "The path is none of the API's.",
        "Check the base path and the spelling.";
    JobNotFound = "http://www.pdf-tools.com/service/rest/errors/jobNotFound", NOT_FOUND, "Job not found.",
        "There is no such job: it never was, was deleted, or its time is over.",
        "Create it again if it is needed.";
    ConnectionNotFound = "urn:bindery:problem:connectionNotFound", NOT_FOUND, "Connection not found.",
        "The Simple API has no connection of the name in the path, or it is switched off.",
        "Check its spelling, or have its row in the table `connections` made.";
    ResultNotFound = "urn:bindery:problem:resultNotFound", NOT_FOUND, "Result not found.",
        "The job is completed and has no such result.",
        "Take a `resultId` of the job's result.";
    MethodNotAllowed = "urn:bindery:problem:methodNotAllowed", METHOD_NOT_ALLOWED, "Method not allowed.",
        "The path does not take the method.",
        "Take one of those in the header `Allow`.";
    NotAcceptable = "urn:bindery:problem:notAcceptable", NOT_ACCEPTABLE, "Not acceptable.",
        "The header `Accept` allows neither JSON nor XML, and the operation answers with nothing else.",
        "Accept `application/json` or `application/xml`.";
    TooSlow = "urn:bindery:problem:tooSlow", REQUEST_TIMEOUT, "Request too slow.",
        "The head of the request did not arrive in time, or its body made no progress.",
        "Send it again; slow uploads are fine as long as they move.";
    WrongState = "urn:bindery:problem:wrongState", CONFLICT, "Wrong state of the job.",
        "The job is not in a state that allows the call, such as one that is started already or not completed yet.",
        "Look at the job's state; the detail names it.";
    TooManyDocuments = "urn:bindery:problem:tooManyDocuments", CONFLICT, "Too many documents.",
        "The job has as many documents as one may have.",
        "Start it, and create another job for the rest.";
    IdempotencyConflict = "urn:bindery:problem:idempotencyConflict", CONFLICT, "Idempotency conflict.",
        "The `Idempotency-Key` belongs to another request than this one.",
        "Give each request a key of its own, and repeat it unchanged.";
    IdempotencyUnderWay = "urn:bindery:problem:idempotencyUnderWay", CONFLICT, "Request under way.",
        "Another request with the same `Idempotency-Key` has not ended yet.",
        "Repeat it after `Retry-After` seconds.";
    TooLarge = "urn:bindery:problem:tooLarge", PAYLOAD_TOO_LARGE, "Request too large.",
        "The document or the list of options has more bytes than the detail allows.",
        "Send less, or have `BINDERY_MAX_UPLOAD` raised.";
    TargetTooLong = "urn:bindery:problem:targetTooLong", URI_TOO_LONG, "Path or query too long.",
        "Path and query have more bytes than the detail allows.",
        "Shorten the names in the query.";
    UnsupportedMediaType = "urn:bindery:problem:unsupportedMediaType", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type.",
        "The `Content-Type` of the body or of a part is none that the operation reads.",
        "Send what the detail names.";
    UnsupportedFormat = "urn:bindery:problem:unsupportedFormat", UNSUPPORTED_MEDIA_TYPE, "Unsupported format.",
        "A document of a call of the Simple API is of a format that is not converted.",
        "Leave out the document that the detail names, or send it in another format.";
    BadRange = "urn:bindery:problem:badRange", RANGE_NOT_SATISFIABLE, "Range not satisfiable.",
        "No byte of the result lies in the range that was asked for.",
        "Ask for a range inside the length that `Content-Range` tells.";
    ExpectationFailed = "urn:bindery:problem:expectationFailed", EXPECTATION_FAILED, "Expectation failed.",
        "The header `Expect` holds something else than `100-continue`.",
        "Leave the header out.";
    NotConverted = "urn:bindery:problem:notConverted", UNPROCESSABLE_ENTITY, "Not converted.",
        "A document of a call of the Simple API cannot be converted as it is; the member `code` has the error code of the job.",
        "Mend what the detail names, or give the password or option that it asks for.";
    HeadTooLarge = "urn:bindery:problem:headTooLarge", REQUEST_HEADER_FIELDS_TOO_LARGE, "Headers too large.",
        "The request has too many headers, or they have too many bytes.",
        "Send fewer of them; cookies are never needed.";
    Internal = "urn:bindery:problem:internal", INTERNAL_SERVER_ERROR, "Internal error.",
        "The service failed in a way that it should not.",
        "Report it with the value of the header `X-Request-Id`; the log has the cause under it.";
    ConversionFailed = "urn:bindery:problem:conversionFailed", INTERNAL_SERVER_ERROR, "Conversion failed.",
        "The job of a call of the Simple API was canceled, took too long, or failed by no fault of its documents; the member `code` has its error code.",
        "Try again; if it stays, report it with the job that the header `X-Job-Id` names.";
    ConnectionNotUsable = "urn:bindery:problem:connectionNotUsable", INTERNAL_SERVER_ERROR, "Connection not usable.",
        "The connection names a workflow or a profile that this version does not have.",
        "Have its row in the table `connections` corrected.";
    Unavailable = "urn:bindery:problem:unavailable", SERVICE_UNAVAILABLE, "Service unavailable.",
        "The database or the blob store cannot be reached at the moment.",
        "Try again after `Retry-After` seconds.";
    TooManyJobs = "urn:bindery:problem:tooManyJobs", SERVICE_UNAVAILABLE, "Too many jobs.",
        "As many jobs are open as there may be.",
        "Wait for jobs to complete or delete some, and try again after `Retry-After` seconds.";
    Stopping = "urn:bindery:problem:stopping", SERVICE_UNAVAILABLE, "Service stopping.",
        "The process that waited for the job of a call of the Simple API stops; the job is deleted.",
        "Send the call again after `Retry-After` seconds.";
    NotYet = "urn:bindery:problem:notYet", GATEWAY_TIMEOUT, "Not completed yet.",
        "The job was not completed within the time that a call waits.",
        "Ask again, as often as you like.";
    VersionNotSupported = "urn:bindery:problem:versionNotSupported", HTTP_VERSION_NOT_SUPPORTED, "HTTP version not supported.",
        "The request is in a version of HTTP other than 1.0 and 1.1.",
        "Use HTTP/1.1.";
}

/// The table of `docs/problems.md`.
pub fn table() -> String {
    let mut table = "| status | type | title | when | what to do |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for entry in Kind::ALL.iter().map(|kind| kind.entry()) {
        let Entry { uri, status, title, meaning, remedy } = entry;
        table += &format!("| {} | `{uri}` | {title} | {meaning} | {remedy} |\n", status.as_u16());
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_kind_has_a_name_and_texts_of_its_own() {
        let entries: Vec<_> = Kind::ALL.iter().map(|kind| kind.entry()).collect();
        assert_eq!(entries.iter().map(|entry| entry.uri).collect::<BTreeSet<_>>().len(), entries.len());
        assert_eq!(entries.iter().map(|entry| entry.title).collect::<BTreeSet<_>>().len(), entries.len());
        assert!(entries.is_sorted_by_key(|entry| entry.status), "the table is read by status");
        for Entry { uri, title, meaning, remedy, .. } in entries {
            for text in [title, meaning, remedy] {
                assert!(text.ends_with('.') && !text.contains('|') && !text.contains('\n'), "{text}");
            }
            let ours = uri.strip_prefix("urn:bindery:problem:");
            let is_camel_case = |name: &str| {
                name.starts_with(|first: char| first.is_ascii_lowercase())
                    && name.bytes().all(|byte| byte.is_ascii_alphabetic())
            };
            assert!(
                ours.map_or(uri.ends_with("/errors/jobNotFound"), is_camel_case),
                "{uri} is neither ours nor the one that the reference shows"
            );
        }
    }
}
