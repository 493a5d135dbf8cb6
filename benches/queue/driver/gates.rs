//! The goals that the queue was built for, held against what this run measured. A goal whose figures were not
//! measured is left out.

use super::{outage, pooled, report::Report, say, snapshot::CONTROL_NAME};

const OURS: &str = "bindery";
const QUIET: &str = "16 loops";
const SLOW: &str = "16 loops, flush of 3 ms";
const WIDE: &str = "1 × 50";
const STARTS: &str = "insert to start";

/// Commits that one job may cost when nothing else goes on.
const COMMITS_MAX: f64 = 8.0;

/// A goal: its name, what was measured, and whether that is enough.
struct Gate {
    name: &'static str,
    said: String,
    holds: bool,
}

/// Prints every goal that this run can say something about.
pub(crate) fn print(report: &Report) {
    let gates: Vec<Gate> = [inserts(report), drains(report), waits(report), rest(report), trouble(report)]
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    if gates.is_empty() {
        return;
    }
    say("\ngates");
    for gate in gates {
        say(&format!("  {}  {:<44} {}", if gate.holds { "holds" } else { "FAILS" }, gate.name, gate.said));
    }
}

fn at_least(name: &'static str, value: Option<f64>, limit: f64) -> Option<Gate> {
    let value = value?;
    Some(Gate { name, said: format!("{value:.2}, at least {limit}"), holds: value >= limit })
}

fn at_most(name: &'static str, value: Option<f64>, limit: f64) -> Option<Gate> {
    let value = value?;
    Some(Gate { name, said: format!("{value:.2}, at most {limit}"), holds: value <= limit })
}

fn ratio(over: Option<f64>, under: Option<f64>) -> Option<f64> {
    over.zip(under).map(|(over, under)| over / under)
}

fn best(values: impl IntoIterator<Item = Option<f64>>, better: fn(f64, f64) -> f64) -> Option<f64> {
    values.into_iter().flatten().reduce(better)
}

fn inserts(report: &Report) -> Vec<Option<Gate>> {
    let rate = |case, subject| report.value("enqueue", case, subject, "per_second");
    let peers = best(["apalis", "awa", "graphile"].map(|peer| rate(QUIET, peer)), f64::max);
    let slow = rate(SLOW, OURS);
    vec![
        at_least("G1 submit, × best peer", ratio(rate(QUIET, OURS), peers), 2.0),
        at_least("G1 submit, flush of 3 ms, × apalis", ratio(slow, rate(SLOW, "apalis")), 10.0),
        at_least("G1 submit, flush of 3 ms, × graphile_worker", ratio(slow, rate(SLOW, "graphile")), 10.0),
        at_least("G1 submit, flush of 3 ms, × awa", ratio(slow, rate(SLOW, "awa")), 1.2),
    ]
}

fn drains(report: &Report) -> Vec<Option<Gate>> {
    let value = |subject, key| report.value("drain", WIDE, subject, key);
    let rate = |subject| value(subject, "per_second");
    let apalis = best([rate("apalis"), rate("apalis-unlocked")], f64::max);
    let wal = best([value("apalis", "wal_bytes"), value("apalis-unlocked", "wal_bytes")], f64::min);
    vec![
        at_least("G2 drain, × graphile_worker batched", ratio(rate(OURS), rate("graphile-batched")), 1.0),
        at_least("G2 drain, × apalis", ratio(rate(OURS), apalis), 3.0),
        at_least("G2 drain, × awa", ratio(rate(OURS), rate("awa")), 3.0),
        at_most(
            "G3 processor, × graphile_worker batched",
            ratio(value(OURS, "cpu_us"), value("graphile-batched", "cpu_us")),
            1.0,
        ),
        at_most("G3 log bytes, × apalis", ratio(value(OURS, "wal_bytes"), wal), 0.7),
        at_most("G3 commits a job", value(OURS, "commits"), 0.1),
    ]
}

fn waits(report: &Report) -> Vec<Option<Gate>> {
    let peers = ["apalis", "apalis-unlocked", "awa", "graphile", "graphile-batched"];
    let idle = |subject: &'static str, key| report.value("idle", STARTS, subject, key);
    let best_of = |key| best(peers.map(|peer| idle(peer, key)), f64::min);
    // A peer that asks hundreds of times a second keeps processors and disk awake, and is quicker for that.
    let is_quiet = |peer: &&&'static str| idle(peer, "commits").is_some_and(|commits| commits <= COMMITS_MAX);
    let quiet = best(peers.iter().filter(|peer| is_quiet(peer)).map(|peer| idle(peer, "p50_ms")), f64::min);
    let heard = |key| {
        ["1000", "200"]
            .iter()
            .find_map(|waiters| report.value("heard", &format!("insert to heard, {waiters} others wait"), OURS, key))
    };
    vec![
        at_most("G4 idle p50, × best peer", ratio(idle(OURS, "p50_ms"), best_of("p50_ms")), 1.0),
        at_most("    the same, peers with 8 commits a job", ratio(idle(OURS, "p50_ms"), quiet), 1.0),
        at_most("G4 idle p99, × best peer", ratio(idle(OURS, "p99_ms"), best_of("p99_ms")), 1.5),
        at_most("G4 idle commits a job", idle(OURS, "commits"), COMMITS_MAX),
        at_most("G5 heard p50, × idle p50", ratio(heard("p50_ms"), idle(OURS, "p50_ms")), 2.0),
        at_most("G5 heard p99, ms", heard("p99_ms"), 25.0),
    ]
}

fn rest(report: &Report) -> Vec<Option<Gate>> {
    let open = |subject, key| report.value("snapshot", "old snapshot open", subject, key);
    let claims =
        |tenants: &str| report.value("tenants", &format!("claims, tenants that wait: {tenants}"), OURS, "server_us");
    let depth = |case: &str| report.value("depth", case, OURS, "server_us");
    let deep = |what: &str| ["1000000", "50000"].iter().find_map(|rows| depth(&format!("{rows} {what}")));
    let one = ["10000", "1000"].iter().find_map(|backlog| {
        report.value("tenants", &format!("one task beside {backlog} of another tenant"), OURS, "runs_p50")
    });
    let control = open(CONTROL_NAME, "last_per_second");
    vec![
        at_most(
            "G6 all done after a kill, s",
            report.value("crash", "kill -9 of one of two workers", OURS, "done_seconds"),
            25.0,
        ),
        at_least("G7 old snapshot, last / first", open(OURS, "kept"), 0.8),
        at_least("G7 old snapshot, × one table", ratio(open(OURS, "last_per_second"), control), 10.0),
        at_most("G8 one task beside a backlog, run times", one, 2.0),
        at_most("G8 claim at 1000 tenants, × at 1", ratio(claims("1000"), claims("1")), 1.3),
        at_most("G10 claim beside finished rows, × empty", ratio(deep("finished"), depth("empty")), 1.1),
        at_most("    claim beside waiting rows, × empty", ratio(deep("waiting"), depth("empty")), 1.1),
    ]
}

fn trouble(report: &Report) -> Vec<Option<Gate>> {
    let worst = |key| best(outage::cases().map(|case| report.value("outage", case, OURS, key)), f64::max);
    let pooled = |key| report.value("pooled", pooled::CASE, OURS, key);
    vec![
        at_most("G9 rate is back after the server, s", worst("back_seconds"), 5.0),
        at_most("G9 processes that ended", worst("exits"), 0.0),
        at_most("G9 attempts lost", worst("attempts_lost"), 0.0),
        at_most("G12 no listener, start after, p50 ms", pooled("p50_ms"), 500.0),
    ]
}
