//! What is to be seen of a job that has ended, without what differs from job to job: identifiers, times, signatures.

use std::{collections::BTreeSet, fs};

use bindery::{
    domain::JobId,
    pdf::{self, attach, sign::signatures, to_xml},
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

/// What is in a file.
#[derive(Debug, Clone, PartialEq)]
struct Content {
    name: String,
    /// Its bytes; of a PDF what it says, by our own reader.
    says: Vec<u8>,
    /// What is known of its signatures.
    signatures: Vec<String>,
    /// The files in it.
    files: Vec<Content>,
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
        "select to_jsonb(known) - array['task_id', 'job_id', 'document_id', 'blob']
                || jsonb_build_object('document', document.ordinal, 'has_blob', known.blob is not null)
         from recognitions as known join documents as document on document.id = known.document_id
         where known.job_id = $1 order by document.ordinal, known.page",
    ),
    (
        "drawings",
        "select to_jsonb(piece) - array['task_id', 'job_id', 'blob'] || jsonb_build_object('has_blob', blob is not null)
         from drawings as piece where job_id = $1 order by first_page",
    ),
    // Each task has ended once, whatever came before; how often it was sent into another lane counts as well.
    (
        "attempts",
        "select jsonb_build_object('kind', kind, 'lane', lane, 'attempt', attempt, 'ending', ending, 'fault', fault,
                                   'message', message, 'document', document.ordinal, 'count', count(*))
         from attempts left join documents as document on document.id = attempts.document_id
         where attempts.job_id = $1 and ending not in ('lost', 'released')
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
    let files = results.iter().map(|blob| content("", fs::read(site.blobs().join(blob)).unwrap())).collect();
    Picture { outcome, kinds: BTreeSet::new(), rows, files }
}

/// The blobs that rows of a job name.
pub(super) async fn named_blobs(site: &Site, job: JobId) -> BTreeSet<String> {
    let sql = "select blob from documents where job_id = $1
               union select converted_blob from documents where job_id = $1 and converted_blob is not null
               union select blob from recognitions where job_id = $1 and blob is not null
               union select blob from drawings where job_id = $1 and blob is not null
               union select blob from results where job_id = $1";
    blobs(&mut site.db.connect().await, sql, job).await.into_iter().collect()
}

async fn blobs(conn: &mut PgConnection, sql: &'static str, job: JobId) -> Vec<String> {
    sqlx::query_scalar(sql).bind(job).fetch_all(conn).await.unwrap()
}

fn content(name: &str, bytes: Vec<u8>) -> Content {
    let name = name.to_owned();
    if !bytes.starts_with(b"%PDF-") || pdf::read(bytes.clone(), &[]).is_err() {
        return Content { name, says: timeless(bytes), signatures: Vec::new(), files: Vec::new() };
    }
    let document = pdf::read(bytes.clone(), &[]).unwrap().document;
    let mut says = Vec::new();
    to_xml::write_xml(&document, &bytes, &mut says).unwrap();
    let signatures = signatures(&bytes).unwrap().iter().map(|found| format!("{found:?}")).collect();
    let extracted = attach::extract(&document, 1 << 20).unwrap();
    let files = extracted.files.into_iter().map(|(file, bytes)| content(&file.name, bytes)).collect();
    Content { name, says: sizeless(timeless(says)), signatures, files }
}

/// What a PDF says without how many bytes the files in it have: packed times differ in length.
fn sizeless(says: Vec<u8>) -> Vec<u8> {
    let says = String::from_utf8(says).unwrap();
    let mut parts = says.split(" bytes=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, part| said + part.trim_start_matches(|each: char| each.is_ascii_digit())).into_bytes()
}

/// The same bytes without their times.
fn timeless(mut bytes: Vec<u8>) -> Vec<u8> {
    for look in [&b"dddd-dd-ddTdd:dd:dd"[..], b"dddd:dd:dd dd:dd:dd", b"D:dddddddddddddd"] {
        let is_time = |part: &[u8]| {
            let fits = |(byte, look): (&u8, &u8)| if *look == b'd' { byte.is_ascii_digit() } else { byte == look };
            part.iter().zip(look).all(fits)
        };
        for at in 0..bytes.len().saturating_sub(look.len() - 1) {
            let part = &mut bytes[at..at + look.len()];
            if is_time(part) {
                part.fill(b'-');
            }
        }
    }
    bytes
}

impl Picture {
    /// Where it differs from another one.
    pub(super) fn difference(&self, other: &Self) -> String {
        let tables = self.rows.iter().zip(&other.rows).filter(|(one, two)| one != two);
        let tables = tables.map(|(one, two)| format!("{one:#?}\ninstead of\n{two:#?}\n"));
        let files = self.files.iter().zip(&other.files).filter(|(one, two)| one != two);
        let files = files.map(|(one, two)| one.difference(two));
        let counts =
            format!("{:?} and {:?}, {} and {} files\n", self.kinds, other.kinds, self.files.len(), other.files.len());
        tables.chain(files).chain([counts]).collect()
    }
}

impl Content {
    /// The first place where it says something else.
    fn difference(&self, other: &Self) -> String {
        let at = self.says.iter().zip(&other.says).take_while(|(one, two)| one == two).count();
        let around = |bytes: &[u8]| {
            let part = &bytes[at.saturating_sub(100)..bytes.len().min(at + 100)];
            String::from_utf8_lossy(part).into_owned()
        };
        let (one, two) = (around(&self.says), around(&other.says));
        let inner = self.files.iter().zip(&other.files).filter(|(one, two)| one != two);
        let inner: String = inner.map(|(one, two)| one.difference(two)).collect();
        let Self { name, signatures, .. } = self;
        format!("{name}: {one}\ninstead of\n{two}\nwith {signatures:?} and {:?}\n{inner}", other.signatures)
    }
}
