//! The last phase: half of the jobs are deleted, retention takes the rest, and workers die over it; nothing may be left.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::Method;
use sqlx::{PgConnection, query, query_as, query_scalar};
use tokio::task::JoinSet;

use crate::{
    caller::Caller,
    check::files,
    ledger::{End, Entry},
    processes,
    random::Random,
    site::Site,
};

/// How long it may take until nothing is left of a few jobs.
const GONE_MAX: Duration = Duration::from_secs(60);
/// Jobs that may add a second to that: all of them expire in the same moment here, which no retention does.
const JOBS_PER_SECOND: u32 = 20;
/// Calls at once that delete jobs.
const DELETERS: usize = 8;
/// Workers that are killed meanwhile.
const KILLS: u64 = 8;

/// Deletes half of the jobs.
pub(crate) async fn delete_half(
    site: &Site,
    caller: &Arc<Caller>,
    seed: u64,
    entries: &[Entry],
) -> anyhow::Result<usize> {
    let there = entries.iter().filter(|entry| entry.end != End::Deleted && entry.started.is_some());
    let half: Vec<String> = there.step_by(2).map(|entry| entry.id.clone()).collect();
    let count = half.len();
    let ids = Arc::new(std::sync::Mutex::new(half));
    let mut deleters = JoinSet::new();
    for number in 0..DELETERS {
        let (ids, caller, journal) = (Arc::clone(&ids), Arc::clone(caller), Arc::clone(&site.journal));
        let mut random = Random::new(seed, 500 + u64::try_from(number)?);
        deleters.spawn(async move {
            while let Some(id) = next(&ids) {
                let mut tries = 0;
                loop {
                    match caller.ask(&mut random, Method::DELETE, &format!("/jobs/{id}")).await {
                        Some(answer) if matches!(answer.status, 202 | 204) => break,
                        Some(answer) if answer.status == 404 && tries > 0 => break,
                        Some(answer) => {
                            journal.violation(format!("deleting {id} at the end answered {}", answer.show()));
                            break;
                        }
                        None if tries < 100 => tries += 1,
                        None => {
                            journal.violation(format!("deleting {id} at the end is never answered"));
                            break;
                        }
                    }
                }
            }
        });
    }
    while deleters.join_next().await.is_some() {}
    Ok(count)
}

fn next(ids: &std::sync::Mutex<Vec<String>>) -> Option<String> {
    ids.lock().unwrap().pop()
}

/// Lets the time of all other jobs be over and waits until the tables are empty, while workers are killed.
pub(crate) async fn expire(site: &Site, conn: &mut PgConnection, seed: u64, kills: bool) -> anyhow::Result<()> {
    let began = Instant::now();
    let jobs: i64 = query_scalar("select count(*) from jobs").fetch_one(&mut *conn).await?;
    // As if their retention had been as short: the time of a job is fixed when it completes.
    query("update jobs set expires_at = now() where deleted_at is null").execute(&mut *conn).await?;
    let most = GONE_MAX + Duration::from_secs(1) * u32::try_from(jobs)? / JOBS_PER_SECOND;
    let mut random = Random::new(seed, 3);
    let mut killed = 0;
    loop {
        let rows: i64 = query_scalar(
            "select (select count(*) from jobs) + (select count(*) from documents) + (select count(*) from job_options)
                    + (select count(*) from results) + (select count(*) from events) + (select count(*) from tasks)",
        )
        .fetch_one(&mut *conn)
        .await?;
        if rows == 0 {
            let took = began.elapsed().as_secs_f64();
            site.journal.say(&format!("{jobs} jobs were gone {took:.1} s after their time was over"));
            let attempts: i64 = query_scalar("select count(*) from attempts").fetch_one(&mut *conn).await?;
            site.journal.set("attempts in the history when all jobs were gone", usize::try_from(attempts)?);
            return Ok(());
        }
        if began.elapsed() > most {
            left(site, conn, rows, most).await?;
            return Ok(());
        }
        if kills && killed < KILLS {
            killed += 1;
            if random.pick(&site.works).is_some_and(|work| work.kill()) {
                site.journal.count("kill: worker while it purges");
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn left(site: &Site, conn: &mut PgConnection, rows: i64, most: Duration) -> anyhow::Result<()> {
    let sql = "select coalesce(kind, 'no task'), count(*) from jobs left join tasks on tasks.job_id = jobs.id
               group by 1";
    let by_task: Vec<(String, i64)> = query_as(sql).fetch_all(conn).await?;
    site.journal
        .violation(format!("{rows} rows are left {most:?} after the last job expired; jobs by task: {by_task:?}"));
    Ok(())
}

/// Says what is left on the disk after everything has stopped.
pub(crate) fn check_disk(site: &Site) {
    for (what, folder) in
        [("blob store", site.folder.join("blobs/jobs")), ("work folder", site.folder.join("data/work"))]
    {
        let left = files(&folder);
        if !left.is_empty() {
            let (staged, whole): (Vec<_>, Vec<_>) = left.iter().partition(|(name, _)| name.contains('#'));
            let some: Vec<_> = left.iter().take(8).collect();
            site.journal.violation(format!(
                "the {what} holds {} files and {} unfinished uploads, as {some:?}",
                whole.len(),
                staged.len()
            ));
        }
        let folders = folders(&folder);
        if left.is_empty() && !folders.is_empty() {
            let some: Vec<_> = folders.iter().take(8).collect();
            site.journal.violation(format!("the {what} holds {} empty folders, as {some:?}", folders.len()));
        }
    }
    let alive = processes::working_in(&site.folder.join("data"));
    if !alive.is_empty() {
        site.journal.violation(format!("engine hosts outlived their workers: {alive:?}"));
    }
}

/// The folders directly below one, or below its folder `jobs`, but not that one.
fn folders(folder: &Path) -> Vec<String> {
    let below = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let jobs = folder.join("jobs");
    let found = below(folder).filter(|path| *path != jobs).chain(below(&jobs));
    found.map(|path| path.display().to_string()).collect()
}
