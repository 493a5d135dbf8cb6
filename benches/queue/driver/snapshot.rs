//! Full churn while an old snapshot is open, as a long report, a dump or a stuck session holds it.

use sqlx::PgConnection;

use super::{
    Bench, Database, announce,
    floor::{Script, pgbench},
    server,
};
use crate::subject::options;

/// Jobs that the control inserts, claims and finishes at a time.
const AT_ONCE: f64 = 10.0;
/// Its connections.
const CLIENTS: u32 = 4;
/// The seconds at the beginning and at the end that are compared.
const STRETCH: u64 = 5;
/// What the control does, each statement with a commit of its own.
const CONTROL: &str = "select submit(:options, 10);
select claim(:client_id, 10)::text as done \\gset
select settle(:done::bigint[]);
";
/// The control's name in the tables.
pub(crate) const CONTROL_NAME: &str = "one table, hand-written";

/// The two cases, by whether the snapshot is open.
pub(crate) const CASES: &[(bool, &str)] = &[(false, "no old snapshot"), (true, "old snapshot open")];

pub(crate) async fn run(bench: &mut Bench) {
    let seconds = bench.scale.snapshot_seconds;
    for &(open, case) in CASES {
        for subject in bench.subjects(|subject| subject.works) {
            announce(&format!("snapshot, {case}: {}", subject.name));
            let database = bench.fresh(subject).await;
            bench.checkpoint().await;
            let holder = if open { Some(hold(bench, &database).await) } else { None };
            let mut values = bench.ask(subject, &database, &["churn", "--seconds", &seconds.to_string()]).await;
            drop(holder);
            let rates = values.get("last_per_second").zip(values.get("first_per_second"));
            let kept = rates.map(|(last, first)| last / first);
            values.extend(kept.map(|kept| ("kept".to_owned(), kept)));
            bench.report.add("snapshot", case, subject.name, values);
            bench.discard(database).await;
        }
        announce(&format!("snapshot, {case}: {CONTROL_NAME}"));
        control(bench, open, case).await;
    }
    bench.report.print("snapshot");
}

/// Opens a snapshot that sees the database as it is, and keeps it until it is dropped.
async fn hold(bench: &Bench, database: &Database) -> PgConnection {
    let mut conn = bench.server.connect(&database.name).await;
    server::run(&mut conn, "begin isolation level repeatable read; select count(*) from pg_class").await;
    conn
}

async fn control(bench: &mut Bench, open: bool, case: &str) {
    bench.databases += 1;
    let database = bench.create(&format!("control_{}", bench.databases), "template0").await;
    let mut conn = bench.server.connect(&database.name).await;
    server::run(&mut conn, include_str!("../sql/control.sql")).await;
    drop(conn);
    bench.checkpoint().await;
    let holder = if open { Some(hold(bench, &database).await) } else { None };
    let variables = [("options", options(1))];
    let seconds = bench.scale.snapshot_seconds;
    let script = Script { text: CONTROL, clients: CLIENTS, seconds, variables: &variables, progress: Some(STRETCH) };
    let done = pgbench(bench, &database, &script).await;
    drop(holder);
    let (first, last) = (done.progress.first().copied(), done.progress.last().copied());
    if let (Some(first), Some(last)) = (first, last) {
        let values =
            [("first_per_second", first * AT_ONCE), ("last_per_second", last * AT_ONCE), ("kept", last / first)];
        bench.report.add("snapshot", case, CONTROL_NAME, values);
    }
    bench.discard(database).await;
}
