//! What is to be seen of a job that has ended, without what differs from job to job: identifiers, times, signatures.

use std::{collections::BTreeSet, fs};

use bindery::{
    domain::JobId,
    pdf::{self, sign::signatures, to_xml},
    workflows::Kind,
};
use serde_json::Value;
use sqlx::PgConnection;

use crate::support::Site;

/// What came of a job.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    pub(super) outcome: String,
    /// The kinds of its tasks.
    pub(super) kinds: BTreeSet<Kind>,
    /// The rows of each table, in order.
    rows: Vec<(&'static str, Vec<Value>)>,
    /// What is in its files, in order.
    files: Vec<Content>,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    /// What it says, by our own reader, and what is known of its signatures.
    Pdf {
        says: String,
        signatures: Vec<String>,
    },
    Text(String),
    Bytes(Vec<u8>),
}

/// The rows of a job, each without what is another's in every job.
const ROWS: &[(&str, &str)] = &[
    (
        "jobs",
        "select to_jsonb(job) - array['id', 'created_at', 'started_at', 'completed_at', 'expires_at']
         from jobs as job where id = $1",
    ),
    (
        "documents",
        "select to_jsonb(document) - array['id', 'job_id', 'parent_id', 'blob', 'converted_blob', 'converted_bytes', 'created_at']
                || jsonb_build_object('parent', parent.ordinal)
         from documents as document left join documents as parent on parent.id = document.parent_id
         where document.job_id = $1 order by document.ordinal, document.file_name",
    ),
    (
        "events",
        "select to_jsonb(event) - array['id', 'job_id', 'document_id', 'created_at']
                || jsonb_build_object('document', document.ordinal)
         from events as event left join documents as document on document.id = event.document_id
         where event.job_id = $1 order by document.ordinal, event.id",
    ),
    (
        "results",
        "select to_jsonb(result) - array['id', 'job_id', 'blob', 'bytes', 'sha256', 'created_at']
         from results as result where job_id = $1 order by ordinal",
    ),
    (
        "recognitions",
        "select to_jsonb(page) - array['task_id', 'job_id', 'document_id', 'blob']
                || jsonb_build_object('document', document.ordinal, 'has_blob', page.blob is not null)
         from recognitions as page join documents as document on document.id = page.document_id
         where page.job_id = $1 order by document.ordinal, page",
    ),
    // Each task has ended once, whatever came before; how often it was sent into another lane counts as well.
    (
        "attempts",
        "select jsonb_build_object('kind', kind, 'lane', lane, 'attempt', attempt, 'ending', ending, 'fault', fault,
                                   'message', message, 'document', document.ordinal, 'count', count(*))
         from attempts left join documents as document on document.id = attempts.document_id
         where attempts.job_id = $1 and ending <> 'lost'
         group by kind, lane, attempt, ending, fault, message, document.ordinal order by 1",
    ),
    ("tasks", "select to_jsonb(task) from tasks as task where job_id = $1"),
];

/// Looks at a job that has ended.
pub(super) async fn of(site: &Site, job: JobId) -> Picture {
    let mut conn = site.db.connect().await;
    let mut rows = Vec::new();
    for (table, sql) in ROWS {
        rows.push((*table, sqlx::query_scalar(*sql).bind(job).fetch_all(&mut conn).await.unwrap()));
    }
    let outcome: String =
        sqlx::query_scalar("select outcome from jobs where id = $1").bind(job).fetch_one(&mut conn).await.unwrap();
    let results = blobs(&mut conn, "select blob from results where job_id = $1 order by ordinal", job).await;
    let files = results.iter().map(|blob| content(fs::read(site.blobs().join(blob)).unwrap())).collect();
    Picture { outcome, kinds: BTreeSet::new(), rows, files }
}

/// The blobs that rows of a job name.
pub(super) async fn named_blobs(site: &Site, job: JobId) -> BTreeSet<String> {
    let sql = "select blob from documents where job_id = $1
               union select converted_blob from documents where job_id = $1 and converted_blob is not null
               union select blob from recognitions where job_id = $1 and blob is not null
               union select blob from results where job_id = $1";
    blobs(&mut site.db.connect().await, sql, job).await.into_iter().collect()
}

async fn blobs(conn: &mut PgConnection, sql: &'static str, job: JobId) -> Vec<String> {
    sqlx::query_scalar(sql).bind(job).fetch_all(conn).await.unwrap()
}

fn content(bytes: Vec<u8>) -> Content {
    if bytes.starts_with(b"%PDF-") {
        let document = pdf::read(bytes.clone(), &[]).unwrap().document;
        let mut says = Vec::new();
        to_xml::write_xml(&document, &bytes, &mut says).unwrap();
        let signatures = signatures(&bytes).unwrap().iter().map(|found| format!("{found:?}")).collect();
        return Content::Pdf { says: timeless(&String::from_utf8(says).unwrap()), signatures };
    }
    match String::from_utf8(bytes) {
        Ok(text) => Content::Text(timeless(&text)),
        Err(binary) => Content::Bytes(binary.into_bytes()),
    }
}

/// A text without its times, which look like `2026-11-27T02:29:54`.
fn timeless(text: &str) -> String {
    const LOOK: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let is_time = |part: &[u8]| {
        let fits = |(byte, look): (&u8, &u8)| if *look == b'd' { byte.is_ascii_digit() } else { byte == look };
        part.len() == LOOK.len() && part.iter().zip(LOOK).all(fits)
    };
    let mut bytes = text.as_bytes().to_vec();
    for at in 0..bytes.len().saturating_sub(LOOK.len() - 1) {
        if is_time(&bytes[at..at + LOOK.len()]) {
            bytes[at..at + LOOK.len()].fill(b'-');
        }
    }
    String::from_utf8(bytes).unwrap()
}

impl Picture {
    /// Where it differs from another one.
    pub(super) fn difference(&self, other: &Self) -> String {
        let tables = self.rows.iter().zip(&other.rows).filter(|(one, two)| one != two);
        let tables = tables.map(|(one, two)| format!("{one:#?}\ninstead of\n{two:#?}\n"));
        let files = self.files.iter().zip(&other.files).filter(|(one, two)| one != two);
        let files = files.map(|(one, two)| format!("{one:?}\ninstead of\n{two:?}\n"));
        let counts = format!("{} and {} files\n", self.files.len(), other.files.len());
        tables.chain(files).chain([counts]).collect()
    }
}
