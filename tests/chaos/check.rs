//! The checks after the load, by SQL and in the blob store: what the clients saw must be what is there, once.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
    time::{Duration, Instant},
};

use bindery::domain::JobId;
use sqlx::{PgConnection, query_as, query_scalar};
use uuid::Uuid;

use crate::{
    journal::Journal,
    ledger::{End, Entry, Fate},
    site::Site,
};

/// How long the queue may take to become empty when the last client has its last answer: what is left are attempts at
/// canceled jobs and purges of deleted ones, some of them behind a lease that has to run out.
const DRAIN_MAX: Duration = Duration::from_secs(60);

/// A job as the database has it.
#[derive(sqlx::FromRow)]
struct JobRow {
    id: Uuid,
    state: String,
    outcome: Option<String>,
    error_code: Option<String>,
    documents_open: i32,
    documents: i64,
    results: i64,
    sha256: Option<Vec<u8>>,
    succeeded: i64,
    lost: i64,
    failed: i64,
}

/// Statements that must find nothing.
const NOTHING: [(&str, &str); 5] = [
    (
        "tasks that succeeded twice",
        "select task_id::text from attempts where ending = 'succeeded' group by task_id having count(*) > 1",
    ),
    (
        "results of a stale fence",
        "select blob from results where not exists (
             select 1 from attempts
             where attempts.job_id = results.job_id and ending = 'succeeded' and document_id is null
                   and results.blob like '%/results/' || fence || '-0.pdf')",
    ),
    (
        "converted documents of a stale fence",
        "select converted_blob from documents where converted_blob is not null and not exists (
             select 1 from attempts
             where attempts.job_id = documents.job_id and attempts.document_id = documents.id
                   and ending = 'succeeded' and converted_blob like '%/converted-' || fence || '.pdf')",
    ),
    (
        "jobs that are started and not completed",
        "select id::text from jobs where state not in ('creating', 'completed') and deleted_at is null",
    ),
    (
        "jobs that failed and have a result",
        "select id::text from jobs where outcome = 'error' and exists (select 1 from results where job_id = jobs.id)",
    ),
];

/// Waits until no task is left and says how long that took.
pub(crate) async fn drained(site: &Site, conn: &mut PgConnection) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let tasks: i64 = query_scalar("select count(*) from tasks").fetch_one(&mut *conn).await?;
        if tasks == 0 {
            site.journal.say(&format!("the queue is empty after {:.1} s", began.elapsed().as_secs_f64()));
            return Ok(());
        }
        if began.elapsed() > DRAIN_MAX {
            site.journal.violation(format!("{tasks} tasks are left after {DRAIN_MAX:?}"));
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Compares everything that was promised with what is there.
pub(crate) async fn check(site: &Site, conn: &mut PgConnection, entries: &[Entry]) -> anyhow::Result<()> {
    let journal = &site.journal;
    for (what, sql) in NOTHING {
        let found: Vec<String> = query_scalar(sql).fetch_all(&mut *conn).await?;
        if !found.is_empty() {
            let some: Vec<_> = found.iter().take(10).collect();
            journal.violation(format!("{} {what}, as {some:?}", found.len()));
        }
    }
    let sql = "select id, state, outcome, error_code, documents_open,
                      (select count(*) from documents where job_id = jobs.id) as documents,
                      (select count(*) from results where job_id = jobs.id) as results,
                      (select sha256 from results where job_id = jobs.id order by ordinal limit 1) as sha256,
                      (select count(*) from attempts where job_id = jobs.id and ending = 'succeeded') as succeeded,
                      (select count(*) from attempts where job_id = jobs.id and ending in ('lost', 'retried')) as lost,
                      (select count(*) from attempts where job_id = jobs.id and ending = 'failed') as failed
               from jobs";
    let rows: Vec<JobRow> = query_as(sql).fetch_all(&mut *conn).await?;
    let rows: HashMap<Uuid, JobRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    for entry in entries {
        let Ok(id) = entry.id.parse::<JobId>() else {
            journal.violation(format!("{} is no identifier of a job", entry.id));
            continue;
        };
        let problem = match (rows.get(&id.0), &entry.end) {
            (None, End::Deleted) => None,
            (Some(row), End::Deleted) => Some(format!("it was deleted and is there, {}", row.state)),
            (None, _) => Some("the job is lost".to_owned()),
            (Some(row), _) => compare(journal, entry, row),
        };
        if let Some(problem) = problem {
            let Entry { number, id, fate, .. } = entry;
            journal.violation(format!("job {number} ({id}, {fate:?}): {problem}"));
        }
    }
    blobs(site, conn).await
}

/// What is wrong with a job that its client has not deleted.
fn compare(journal: &Journal, entry: &Entry, row: &JobRow) -> Option<String> {
    // When it was never started its client gave up, which is a violation already.
    entry.started?;
    if row.state != "completed" {
        return Some(format!("it is {}", row.state));
    }
    let sure = i64::try_from(entry.documents.iter().filter(|(_, sure)| *sure).count()).unwrap_or(i64::MAX);
    let most = i64::try_from(entry.documents.len()).unwrap_or(i64::MAX);
    if row.documents < sure || row.documents > most {
        return Some(format!("it has {} documents of {sure} to {most}", row.documents));
    }
    match &entry.end {
        End::Result { sha256 } => {
            let wanted = matches!(entry.fate, Fate::Finish | Fate::AddLate | Fate::Cancel);
            // One task a document and one for the whole.
            let whole = row.results == 1 && row.succeeded == row.documents + 1 && row.documents_open == 0;
            if !wanted || !whole || row.outcome.as_deref() == Some("error") || row.sha256.as_ref() != Some(sha256) {
                return Some(format!(
                    "outcome {:?}, {} results, {} documents, {} successes, {} open, same bytes: {}",
                    row.outcome,
                    row.results,
                    row.documents,
                    row.succeeded,
                    row.documents_open,
                    row.sha256.as_ref() == Some(sha256)
                ));
            }
            None
        }
        End::Error { code, message } => {
            let told = row.error_code.as_deref() == Some(code.as_str()) && row.results == 0;
            let wanted = match entry.fate {
                Fate::Cancel => code == "canceled",
                Fate::Empty => code == "generic",
                Fate::Break => code == "corrupt" || code == "unsupportedFormat",
                Fate::Finish | Fate::AddLate | Fate::Delete | Fate::Abandon => false,
            };
            if told && wanted {
                return None;
            }
            // A document that lost three attempts ends as the contract says; here it was the run that killed them.
            if told && row.lost >= 3 {
                journal.count("jobs whose three attempts were all killed");
                journal.note(&format!("job {} ({}) was killed three times: {message}", entry.number, entry.id));
                return None;
            }
            Some(format!("ended with {code} ({message}); {} attempts lost, {} failed", row.lost, row.failed))
        }
        End::Open => Some("its client never learnt how it ended".to_owned()),
        End::Deleted => None,
    }
}

/// Every blob that a row names must be there in full length.
async fn blobs(site: &Site, conn: &mut PgConnection) -> anyhow::Result<()> {
    let sql = "select blob, bytes from results
               union all select blob, bytes from documents
               union all select converted_blob, converted_bytes from documents where converted_blob is not null";
    let named: Vec<(String, i64)> = query_as(sql).fetch_all(conn).await?;
    let named: BTreeMap<String, i64> = named.into_iter().collect();
    let store = site.folder.join("blobs");
    let stored: BTreeMap<String, u64> = files(&store).into_iter().collect();
    for (blob, bytes) in &named {
        match stored.get(blob) {
            Some(found) if u64::try_from(*bytes).is_ok_and(|bytes| bytes == *found) => {}
            found => site.journal.violation(format!("the blob {blob} of {bytes} bytes is there with {found:?}")),
        }
    }
    let strange = stored.keys().filter(|blob| !named.contains_key(*blob)).count();
    site.journal.say(&format!("{} blobs are named by rows, {strange} by none: those of lost attempts", named.len()));
    Ok(())
}

/// Every file below a folder, by its path from there, with its length.
pub(crate) fn files(folder: &Path) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
                found.push((name, entry.metadata().map_or(0, |metadata| metadata.len())));
            }
        }
    }
    found
}
