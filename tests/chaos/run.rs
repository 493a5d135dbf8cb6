//! The phases of a run.

use std::{
    process::ExitCode,
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use tokio::{signal::unix::SignalKind, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    agent::Targets, caller::Caller, check, client::Clients, journal::Journal, ledger::Ledger, members::Member,
    options::Options, processes, report::Figures, retention, site::Site,
};

/// How long the clients may take to get their last answers when chaos is over: a lease and three attempts with their
/// waits fit in.
const LAST_ANSWERS_MAX: Duration = Duration::from_secs(120);
/// Most memory that an API or a worker may have in use.
const MEMORY_BYTES_MAX: u64 = 512 << 20;
/// How often memory and targets are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often the run says how far it is.
const PROGRESS: u64 = 30;

/// Runs everything and gives the exit code.
pub(crate) async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let seed = options.seed.unwrap_or_else(seed_of_the_clock);
    let site = Site::start(&options).await?;
    site.journal.say(&format!("seed {seed}; everything is in {}", site.folder.display()));
    let mut end = tokio::signal::unix::signal(SignalKind::interrupt())?;
    let mut terminate = tokio::signal::unix::signal(SignalKind::terminate())?;
    tokio::select! {
        done = phases(&options, seed, site) => done,
        // The kernel kills the processes with this one.
        _ = end.recv() => anyhow::bail!("interrupted; the folder is left"),
        _ = terminate.recv() => anyhow::bail!("terminated; the folder is left"),
    }
}

async fn phases(options: &Options, seed: u64, mut site: Site) -> anyhow::Result<ExitCode> {
    let journal = Arc::clone(&site.journal);
    let clients = Arc::new(Clients {
        caller: Caller::new(&site.urls, &journal)?,
        journal: Arc::clone(&journal),
        ledger: Ledger::default(),
        seed,
        next: AtomicU64::new(0),
        enough: CancellationToken::new(),
        give_up: CancellationToken::new(),
    });
    let began = Instant::now();
    load(options, seed, &site, &clients).await;
    let (load_seconds, jobs) = (began.elapsed().as_secs_f64(), clients.ledger.started());

    let entries = clients.ledger.entries();
    let mut conn = site.connect().await?;
    check::drained(&site, &mut conn).await?;
    check::check(&site, &mut conn, &entries).await?;
    let figures = Figures::gather(&mut conn, &entries).await?;
    if journal.violations().is_empty() {
        let caller = Arc::new(Caller::new(&site.urls, &journal)?);
        let deleted = retention::delete_half(&site, &caller, seed, &entries).await?;
        journal.say(&format!("deleted {deleted} jobs; the time of the others is over"));
        retention::expire(&site, &mut conn, seed, options.pause_ms > 0).await?;
        site.stop_roles().await;
        retention::check_disk(&site);
    } else {
        journal.say("something is wrong already: the jobs stay, so that they can be looked at");
        site.stop_roles().await;
    }
    let kept = figures.print(&site, seed, load_seconds, jobs);
    site.end(options.keep || !kept).await;
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Clients and chaos until it is enough, then the last answers.
async fn load(options: &Options, seed: u64, site: &Site, clients: &Arc<Clients>) {
    let journal = &site.journal;
    let calm = CancellationToken::new();
    let pause = Duration::from_millis(options.pause_ms);
    let shaking = tokio::spawn(Targets::of(site, calm.clone()).shake(seed, pause));
    let mut working = JoinSet::new();
    for _ in 0..options.clients {
        working.spawn(Arc::clone(clients).run());
    }
    let roles: Vec<_> = site.roles().cloned().collect();
    let watching = tokio::spawn(watch_memory(roles, Arc::clone(journal)));
    let began = Instant::now();
    let mut looks = 0;
    loop {
        tokio::time::sleep(LOOK).await;
        looks += 1;
        let (jobs, kills) = (clients.ledger.started(), journal.sum("kill: "));
        if looks % PROGRESS == 0 {
            let wrong = journal.violations().len();
            journal.say(&format!("{jobs} jobs, {kills} kills, {wrong} violations"));
        }
        let enough = match options.duration() {
            Some(duration) => began.elapsed() >= duration,
            None => jobs >= options.jobs && kills >= options.kills,
        };
        if enough {
            break;
        }
    }
    calm.cancel();
    if shaking.await.is_err() {
        journal.violation("the agent of chaos failed");
    }
    clients.enough.cancel();
    let calmed = Instant::now();
    journal.say("chaos is over");
    let last = async {
        while let Some(ended) = working.join_next().await {
            if ended.is_err() {
                journal.violation("a client failed");
            }
        }
    };
    let give_up = clients.give_up.clone();
    let alarm = tokio::spawn(async move {
        tokio::time::sleep(LAST_ANSWERS_MAX).await;
        give_up.cancel();
    });
    last.await;
    alarm.abort();
    watching.abort();
    journal.say(&format!("the clients had their last answers {:.1} s later", calmed.elapsed().as_secs_f64()));
}

/// Looks at the memory of all members until it is aborted.
async fn watch_memory(members: Vec<Arc<Member>>, journal: Arc<Journal>) {
    let mut most = 0;
    loop {
        for member in &members {
            let bytes = member.pid().and_then(processes::resident_bytes).unwrap_or(0);
            if bytes > MEMORY_BYTES_MAX && most <= MEMORY_BYTES_MAX {
                journal.violation(format!("{} has {bytes} bytes in use", member.name));
            }
            if bytes > most {
                most = bytes;
                journal.note(&format!("most memory so far: {bytes} bytes, {}", member.name));
                journal.set("most memory of an API or a worker, MiB", usize::try_from(bytes >> 20).unwrap_or(0));
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "any number will do, and it is printed")]
fn seed_of_the_clock() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.as_secs()
}
