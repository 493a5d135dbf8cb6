//! The agent of chaos: one act after the other, all drawn from the seed.

use std::{sync::Arc, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{journal::Journal, members::Member, processes, proxy::Proxy, random::Random, site::Site};

/// What is done to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    KillWork,
    KillServe,
    KillEngine,
    KillBackend,
    KillPostmaster,
    Terminate,
    StopWorkPastItsLease,
    StopWork,
    StopServe,
    StopEngine,
    StopPostgres,
    CutDatabase,
    RefuseDatabase,
    CutApi,
    RefuseApi,
}

/// How often each act is drawn, of a hundred times.
const ACTS: [(Act, u64); 15] = [
    (Act::KillWork, 17),
    (Act::KillServe, 15),
    (Act::KillEngine, 18),
    (Act::KillBackend, 3),
    (Act::KillPostmaster, 3),
    (Act::Terminate, 9),
    (Act::StopWorkPastItsLease, 6),
    (Act::StopWork, 4),
    (Act::StopServe, 6),
    (Act::StopEngine, 3),
    (Act::StopPostgres, 3),
    (Act::CutDatabase, 4),
    (Act::RefuseDatabase, 3),
    (Act::CutApi, 4),
    (Act::RefuseApi, 2),
];

/// The names under which acts are counted.
const KINDS: [&str; 15] = [
    "kill: worker",
    "kill: API",
    "kill: engine host",
    "kill: backend",
    "kill: postmaster",
    "stop: worker past its lease",
    "stop: worker",
    "stop: API",
    "stop: engine host",
    "stop: PostgreSQL",
    "cut: connections by pg_terminate_backend",
    "cut: database connections",
    "cut: database connections, refused for a while",
    "cut: API connections",
    "cut: API connections, refused for a while",
];

/// How long something stays stopped or refused.
const fn lasts_ms(act: Act) -> std::ops::Range<u64> {
    match act {
        // The lease is 15 s; another worker has the tasks when this one goes on.
        Act::StopWorkPastItsLease => 17_000..26_000,
        Act::StopPostgres => 500..6_000,
        Act::RefuseDatabase => 500..10_000,
        Act::RefuseApi => 500..5_000,
        Act::StopWork | Act::StopServe | Act::StopEngine => 500..8_000,
        Act::KillWork
        | Act::KillServe
        | Act::KillEngine
        | Act::KillBackend
        | Act::KillPostmaster
        | Act::Terminate
        | Act::CutDatabase
        | Act::CutApi => 0..1,
    }
}

/// Everything that can be shaken.
#[derive(Clone)]
pub(crate) struct Targets {
    journal: Arc<Journal>,
    postgres: Arc<Member>,
    serves: Vec<Arc<Member>>,
    works: Vec<Arc<Member>>,
    database_ways: Vec<Arc<Proxy>>,
    api_ways: Vec<Arc<Proxy>>,
    options: PgConnectOptions,
    calm: CancellationToken,
}

impl Targets {
    /// Everything of a site, to be left alone once it is told to be calm.
    pub(crate) fn of(site: &Site, calm: CancellationToken) -> Self {
        Self {
            journal: Arc::clone(&site.journal),
            postgres: Arc::clone(&site.postgres),
            serves: site.serves.clone(),
            works: site.works.clone(),
            database_ways: site.database_ways.clone(),
            api_ways: site.api_ways.clone(),
            options: site.options.clone(),
            calm,
        }
    }

    /// Acts until it is to be calm, then lets everything go on that is stopped or cut.
    pub(crate) async fn shake(self, seed: u64, pause: Duration) {
        if pause.is_zero() {
            return;
        }
        // What never happens is shown, too.
        for what in KINDS {
            self.journal.set(what, 0);
        }
        let mut random = Random::new(seed, 1);
        let mut acts = JoinSet::new();
        let mean = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        loop {
            let wait = random.millis(mean / 2..mean * 3 / 2);
            if self.calm.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                break;
            }
            // Every act draws as many numbers as any other, so that a seed always gives the same acts.
            let act = draw(&mut random);
            let lasts = random.millis(lasts_ms(act));
            let target = Random::new(random.next(), 2);
            acts.spawn(self.clone().act(act, lasts, target));
            while acts.try_join_next().is_some() {}
        }
        while acts.join_next().await.is_some() {}
        for way in self.database_ways.iter().chain(&self.api_ways) {
            if let Err(error) = way.restore().await {
                self.journal.violation(format!("the run cannot restore {}: {error:#}", way.name));
            }
        }
    }

    async fn act(self, act: Act, lasts: Duration, mut random: Random) {
        match act {
            Act::KillWork => self.kill(&self.works, "worker", &mut random),
            Act::KillServe => self.kill(&self.serves, "API", &mut random),
            Act::KillPostmaster => self.kill(std::slice::from_ref(&self.postgres), "postmaster", &mut random),
            Act::KillEngine => self.kill_child(&mut random, true).await,
            Act::KillBackend => self.kill_child(&mut random, false).await,
            Act::Terminate => self.terminate(&mut random).await,
            Act::StopWorkPastItsLease => {
                self.stop(&self.works, "worker past its lease", lasts, &mut random).await;
            }
            Act::StopWork => self.stop(&self.works, "worker", lasts, &mut random).await,
            Act::StopServe => self.stop(&self.serves, "API", lasts, &mut random).await,
            Act::StopPostgres => {
                self.stop(std::slice::from_ref(&self.postgres), "PostgreSQL", lasts, &mut random).await;
            }
            Act::StopEngine => self.stop_engine(lasts, &mut random).await,
            Act::CutDatabase => self.cut(&self.database_ways, "database", None, &mut random).await,
            Act::RefuseDatabase => self.cut(&self.database_ways, "database", Some(lasts), &mut random).await,
            Act::CutApi => self.cut(&self.api_ways, "API", None, &mut random).await,
            Act::RefuseApi => self.cut(&self.api_ways, "API", Some(lasts), &mut random).await,
        }
    }

    /// Waits, but not past the end of chaos.
    async fn while_shaken(&self, lasts: Duration) {
        self.calm.run_until_cancelled(tokio::time::sleep(lasts)).await;
    }

    fn done(&self, kind: &str, what: &str, detail: &str) {
        self.journal.count(&format!("{kind}: {what}"));
        self.journal.note(&format!("{kind} {what} {detail}"));
    }

    /// An act that the moment did not allow; when there are many, the run is not what it seems.
    fn missed(&self, why: &str) {
        self.journal.count("acts that found nobody or no answer");
        self.journal.note(why);
    }

    fn kill(&self, members: &[Arc<Member>], what: &str, random: &mut Random) {
        match random.pick(members) {
            Some(member) if member.kill() => self.done("kill", what, &member.name),
            _ => self.missed(&format!("nothing to kill: {what}")),
        }
    }

    /// Kills a busy engine host, or a server process of PostgreSQL, which makes the whole server start anew.
    async fn kill_child(&self, random: &mut Random, engine: bool) {
        let (what, found) = if engine {
            ("engine host", self.engine(random).await)
        } else {
            ("backend", self.backends().first().cloned())
        };
        match found {
            Some(pid) if send(pid, Signal::SIGKILL) => self.done("kill", what, &pid.to_string()),
            _ => self.missed(&format!("nothing to kill: {what}")),
        }
    }

    /// An engine host of any worker, as soon as there is one.
    async fn engine(&self, random: &mut Random) -> Option<Pid> {
        for _ in 0..50 {
            let workers = self.works.iter().filter_map(|work| work.pid());
            let engines: Vec<_> = workers
                .flat_map(processes::children)
                .filter(|child| child.command.ends_with(" engine"))
                .map(|child| child.pid)
                .collect();
            if let Some(pid) = random.pick(&engines) {
                return Some(*pid);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }

    fn backends(&self) -> Vec<Pid> {
        let children = self.postgres.pid().map(processes::children).unwrap_or_default();
        let ours = children.into_iter().filter(|child| child.command.starts_with("postgres: bindery "));
        ours.map(|child| child.pid).collect()
    }

    /// Has PostgreSQL end some of its connections, or all of them.
    async fn terminate(&self, random: &mut Random) {
        let count = if random.percent(25) { 1_000 } else { i64::try_from(random.within(1..4)).unwrap_or(1) };
        let mark = random.next().to_string();
        let asked = async {
            let mut conn = PgConnection::connect_with(&self.options).await?;
            let sql = "select count(pg_terminate_backend(pid))
                       from (select pid from pg_stat_activity
                             where application_name = 'bindery' and pid <> pg_backend_pid()
                             order by md5($1 || pid) limit $2) as chosen";
            let ended: i64 = sqlx::query_scalar(sql).bind(mark).bind(count).fetch_one(&mut conn).await?;
            conn.close().await?;
            Ok::<_, sqlx::Error>(ended)
        };
        match tokio::time::timeout(Duration::from_secs(5), asked).await {
            Ok(Ok(ended)) => self.done("cut", "connections by pg_terminate_backend", &ended.to_string()),
            Ok(Err(error)) => self.missed(&format!("cannot terminate: {error}")),
            Err(_) => self.missed("cannot terminate: no answer"),
        }
    }

    async fn stop(&self, members: &[Arc<Member>], what: &str, lasts: Duration, random: &mut Random) {
        let Some(member) = random.pick(members) else { return };
        let Some(pid) = member.pid() else { return };
        if !member.reserve() {
            return self.missed(&format!("{} is stopped already", member.name));
        }
        let mut stopped = Vec::new();
        if member.signal(pid, Signal::SIGSTOP) {
            self.done("stop", what, &format!("{} for {lasts:?}", member.name));
            if Arc::ptr_eq(member, &self.postgres) {
                stopped = processes::children(pid);
            }
            for child in &stopped {
                send(child.pid, Signal::SIGSTOP);
            }
            self.while_shaken(lasts).await;
            for child in &stopped {
                send(child.pid, Signal::SIGCONT);
            }
            if member.signal(pid, Signal::SIGCONT) {
                self.journal.note(&format!("{} goes on", member.name));
            }
        }
        member.free();
    }

    async fn stop_engine(&self, lasts: Duration, random: &mut Random) {
        let Some(pid) = self.engine(random).await else { return };
        if send(pid, Signal::SIGSTOP) {
            self.done("stop", "engine host", &format!("{pid} for {lasts:?}"));
            self.while_shaken(lasts).await;
            send(pid, Signal::SIGCONT);
        }
    }

    /// Cuts one way or all of them, and lets nothing through for a while when there is one.
    async fn cut(&self, ways: &[Arc<Proxy>], what: &str, refuse: Option<Duration>, random: &mut Random) {
        let all = random.percent(50);
        let one = random.pick(ways).into_iter();
        let chosen: Vec<_> = if all { ways.iter().collect() } else { one.collect() };
        let names: Vec<_> = chosen.iter().map(|way| way.name.as_str()).collect();
        let what = format!("{what} connections{}", if refuse.is_some() { ", refused for a while" } else { "" });
        self.done("cut", &what, &format!("{names:?} {refuse:?}"));
        chosen.iter().for_each(|way| way.cut());
        self.while_shaken(refuse.unwrap_or_default()).await;
        for way in chosen {
            if let Err(error) = way.restore().await {
                self.journal.note(&format!("cannot restore {} yet: {error:#}", way.name));
            }
        }
    }
}

/// Sends a signal to a process and says whether it is still there.
fn send(pid: Pid, signal: Signal) -> bool {
    kill(pid, signal).is_ok()
}

fn draw(random: &mut Random) -> Act {
    let mut drawn = random.within(0..ACTS.iter().map(|(_, share)| share).sum());
    for (act, share) in ACTS {
        if drawn < share {
            return act;
        }
        drawn -= share;
    }
    Act::KillWork
}
