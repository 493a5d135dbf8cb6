//! The phases that only Bindery's own queue has: tenants, waiting for results, a long history.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use clap::Subcommand;

use crate::{
    bindery::Bindery,
    subject::{
        self, Queue as _, Work, end, float, jittered, percentiles, ready_and_go, work_aside, worker_connections,
    },
};

/// Tasks that one statement inserts.
const BULK: u64 = 1_000;

/// A phase, be it of every subject or of ours alone.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Phase {
    #[command(flatten)]
    Common(subject::Phase),
    /// Inserts tasks of many tenants, one after the other.
    LoadTenants {
        /// Tasks.
        #[arg(long)]
        jobs: u64,
        /// Tenants that share them equally.
        #[arg(long)]
        tenants: u64,
    },
    /// Inserts the history of tasks that have ended.
    Finished {
        /// Tasks.
        #[arg(long)]
        jobs: u64,
    },
    /// One tenant has a backlog, another one submits: how long does that one wait?
    Turn {
        /// Tasks of the first.
        #[arg(long)]
        backlog: u64,
        /// Slots of the worker.
        #[arg(long)]
        slots: usize,
        /// How long each task takes.
        #[arg(long)]
        run_ms: u64,
    },
    /// Three tenants submit the same, one after the other: what has each got when half is done?
    Share {
        /// Tasks of each.
        #[arg(long)]
        jobs: u64,
        /// Slots of the worker.
        #[arg(long)]
        slots: usize,
        /// How long each task takes.
        #[arg(long)]
        run_ms: u64,
    },
    /// Inserts a job now and then and measures when its submitter has heard that it is done.
    Heard {
        /// Jobs.
        #[arg(long)]
        jobs: u64,
        /// Others that wait on the same connection.
        #[arg(long)]
        waiters: u64,
        /// Mean time between two.
        #[arg(long, default_value_t = 40)]
        gap_ms: u64,
    },
}

/// Runs a phase.
pub(crate) async fn run<const WHOLE: bool>(url: &str, phase: &Phase) {
    match *phase {
        Phase::Common(ref phase) => subject::run::<Bindery<WHOLE>>(url, phase).await,
        Phase::LoadTenants { jobs, tenants } => {
            let queue = Bindery::<WHOLE>::connect(url, 2).await;
            ready_and_go();
            load(&queue, jobs, |number| 1 + number % tenants).await;
            end(&[("jobs", float(jobs))]);
        }
        Phase::Finished { jobs } => {
            let queue = Bindery::<WHOLE>::connect(url, 2).await;
            ready_and_go();
            queue.pretend_finished(jobs).await;
            end(&[("jobs", float(jobs))]);
        }
        Phase::Turn { backlog, slots, run_ms } => {
            turn(&Bindery::<WHOLE>::connect(url, 4).await, backlog, slots, run_ms, url).await
        }
        Phase::Share { jobs, slots, run_ms } => {
            share(&Bindery::<WHOLE>::connect(url, 4).await, jobs, slots, run_ms, url).await
        }
        Phase::Heard { jobs, waiters, gap_ms } => heard::<WHOLE>(url, jobs, waiters, gap_ms).await,
    }
}

async fn load<const WHOLE: bool>(queue: &Bindery<WHOLE>, jobs: u64, tenant: impl Fn(u64) -> u64 + Copy) {
    let mut first = 0;
    while first < jobs {
        let next = (first + BULK).min(jobs);
        queue.enqueue_all(first..next, tenant).await;
        first = next;
    }
}

async fn turn<const WHOLE: bool>(queue: &Bindery<WHOLE>, backlog: u64, slots: usize, run_ms: u64, url: &str) {
    const SMALL: u64 = 5;
    queue.make_tenants(1 + SMALL).await;
    load(queue, backlog, |_| 1).await;
    let run = Duration::from_millis(run_ms);
    let work = Work::new(run, true);
    let worker = Bindery::<WHOLE>::connect(url, worker_connections(slots)).await;
    ready_and_go();
    work_aside(worker, slots, work.clone());
    let mut waits = Vec::new();
    for small in 0..SMALL {
        // Long enough that the big one has all slots again.
        tokio::time::sleep(run * 10 + Duration::from_millis(500)).await;
        // The question is moot once nothing of the big one waits.
        if small > 0 && work.started() + slots as u64 >= backlog {
            break;
        }
        let number = backlog + small;
        let inserted = Instant::now();
        queue.enqueue_for(2 + small, number).await;
        let deadline = inserted + run * 200;
        while !work.starts().contains_key(&number) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let started = work.starts().get(&number).copied();
        waits.push(started.map_or(f64::INFINITY, |at| (at - inserted).as_secs_f64() / run.as_secs_f64()));
    }
    waits.sort_by(f64::total_cmp);
    let at = |index: usize| waits.get(index).copied().unwrap_or(f64::NAN);
    end(&[("runs_p50", at(waits.len() / 2)), ("runs_max", at(waits.len() - 1))]);
}

async fn share<const WHOLE: bool>(queue: &Bindery<WHOLE>, jobs: u64, slots: usize, run_ms: u64, url: &str) {
    const TENANTS: u64 = 3;
    load(queue, TENANTS * jobs, |number| 1 + number / jobs).await;
    let work = Work::new(Duration::from_millis(run_ms), true);
    let worker = Bindery::<WHOLE>::connect(url, worker_connections(slots)).await;
    ready_and_go();
    work_aside(worker, slots, work.clone());
    while work.started() < TENANTS * jobs / 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut got: HashMap<u64, u64> = HashMap::new();
    for number in work.starts().keys() {
        *got.entry(number / jobs).or_default() += 1;
    }
    let got = (0..TENANTS).map(|tenant| float(got.get(&tenant).copied().unwrap_or_default()));
    let (sum, squares) = got.fold((0.0, 0.0), |(sum, squares), one| (sum + one, squares + one * one));
    end(&[("jain", sum * sum / (float(TENANTS) * squares))]);
}

async fn heard<const WHOLE: bool>(url: &str, jobs: u64, waiters: u64, gap_ms: u64) {
    const WARM_UP: u64 = 25;
    let slots = 10;
    let worker = Bindery::<WHOLE>::connect(url, worker_connections(slots)).await.telling();
    let submitter = Bindery::<WHOLE>::connect(url, 2).await;
    work_aside(worker, slots, Work::new(Duration::ZERO, false));
    let listener = submitter.listen();
    for other in 0..waiters {
        // They wait for jobs that nobody submits.
        tokio::spawn(listener.waiter(u64::from(u32::MAX) + other).wait());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut waits = Vec::new();
    let mut lost = 0;
    for number in 0..WARM_UP + jobs {
        if number == WARM_UP {
            ready_and_go();
            waits.clear();
        }
        let waiter = listener.waiter(number);
        let inserted = Instant::now();
        submitter.enqueue(number).await;
        match tokio::time::timeout(Duration::from_secs(2), waiter.wait()).await {
            Ok(()) => waits.push(inserted.elapsed()),
            Err(_) => lost += 1,
        }
        tokio::time::sleep(jittered(gap_ms, number)).await;
    }
    let mut values = percentiles(waits);
    values.extend([("jobs", float(jobs)), ("warm", float(WARM_UP)), ("lost", float(lost))]);
    end(&values);
}
