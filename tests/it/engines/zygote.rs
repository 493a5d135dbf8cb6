//! Zygotes and the hosts they make, as a worker has them.

use bindery::{
    domain::Lane,
    engines::{
        host::{HostConfig, Hosts},
        protocol::Answer,
    },
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{
    Client, Process, Site,
    documents::{self, Document},
    hosts,
    service::{WITH_OFFICE, children, is_gone, spares, zygotes},
    until,
    wait::seconds,
};

/// A document that keeps LibreOffice busy long enough to be caught at it.
fn long() -> Document {
    documents::file("long.rtf", format!("{{\\rtf1 {}}}", "A line of text.\\par ".repeat(12_000)))
}

/// The zygote with LibreOffice of a worker, once it is there.
async fn zygote_of(work: &Process) -> Pid {
    until("the zygote runs", seconds(30), async || zygotes(work.pid(), "office").first().copied()).await
}

/// Has the zygote of a worker started and warmed: what LibreOffice starts on its way is no host.
async fn warm(client: &Client, work: &Process) -> Pid {
    let done = client.convert(&[documents::docx("first.docx")]).await;
    assert_ne!(done.result["status"], "error", "{}", done.result);
    let zygote = zygote_of(work).await;
    until("the first host is gone", seconds(5), async || children(zygote).is_empty().then_some(())).await;
    zygote
}

/// A host that the zygote has made, once it is there.
async fn host_of(zygote: Pid) -> Pid {
    until("the zygote has made a host", seconds(30), async || children(zygote).first().map(|(pid, _)| *pid)).await
}

/// The copy of the zygote that waits for a document, once it is there.
async fn spare_of(zygote: Pid) -> Pid {
    until("a copy waits", seconds(30), async || spares(zygote).first().copied()).await
}

/// A worker whose zygote has made a host that is busy.
struct Busy {
    site: Site,
    _serve: Process,
    client: Client,
    work: Process,
    zygote: Pid,
    job: String,
    host: Pid,
}

impl Busy {
    async fn with(settings: &[(&str, &str)]) -> Self {
        let site = Site::new().await;
        let (serve, client) = site.serve().await;
        let work = site.start("work", settings);
        let zygote = warm(&client, &work).await;
        let job = client.begin(&[long()]).await;
        let host = host_of(zygote).await;
        Self { site, _serve: serve, client, work, zygote, job, host }
    }
}

#[tokio::test]
async fn a_zygote_that_is_killed_costs_an_attempt_and_another_takes_its_place() {
    let Busy { site, client, work, zygote, job, host, .. } = &Busy::with(&[WITH_OFFICE]).await;
    kill(*zygote, Signal::SIGKILL).unwrap();
    is_gone("its host", *host).await;
    let done = client.finish(job).await;
    assert_ne!(done.result["status"], "error", "{}", done.result);
    let crashed = "select count(*) from attempts where kind = 'convert' and ending = 'retried' and fault = 'crashed' and exit like '%zygote%'";
    assert_eq!(site.db.count(crashed).await, 1);
    assert_ne!(zygote_of(work).await, *zygote);
}

#[tokio::test]
async fn a_host_that_hangs_is_stopped_at_its_limit_while_others_of_the_zygote_finish() {
    let settings = [("BINDERY_TASK_TIMEOUT", "5s"), ("BINDERY_SLOTS", "native=2,office=2")];
    let Busy { site, client, work, zygote, job, host, .. } = &Busy::with(&settings).await;
    kill(*host, Signal::SIGSTOP).unwrap();
    let other = client.convert(&[documents::docx("other.docx")]).await;
    assert_ne!(other.result["status"], "error", "{}", other.result);
    assert!(std::fs::exists(format!("/proc/{host}")).unwrap(), "the one that hangs has its time");
    is_gone("the one that hangs", *host).await;
    let timed_out = "select count(*) from attempts where ending = 'retried' and fault = 'timed-out'";
    until("the attempt is closed", seconds(10), async || (site.db.count(timed_out).await == 1).then_some(())).await;
    client.delete(&format!("/jobs/{job}")).await;
    assert_eq!(zygote_of(work).await, *zygote);
}

#[tokio::test]
async fn deleting_a_job_kills_its_host_and_leaves_the_zygote() {
    let Busy { client, work, zygote, job, host, .. } = &Busy::with(&[WITH_OFFICE]).await;
    client.delete(&format!("/jobs/{job}")).await;
    is_gone("its host", *host).await;
    until("the zygote has reaped it", seconds(5), async || children(*zygote).is_empty().then_some(())).await;
    assert_eq!(zygote_of(work).await, *zygote);
}

#[tokio::test]
async fn zygote_and_hosts_die_with_their_worker() {
    let busy = Busy::with(&[WITH_OFFICE]).await;
    let spare = spare_of(busy.zygote).await;
    kill(busy.host, Signal::SIGSTOP).unwrap();
    busy.work.kill();
    is_gone("the zygote", busy.zygote).await;
    is_gone("its host", busy.host).await;
    is_gone("the copy that waits", spare).await;
}

#[tokio::test]
async fn the_copy_that_waits_becomes_the_host_and_another_waits() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work_with_office();
    let zygote = warm(&client, &work).await;
    let spare = spare_of(zygote).await;
    client.begin(&[long()]).await;
    assert_eq!(host_of(zygote).await, spare);
    assert_ne!(spare_of(zygote).await, spare);
}

/// Memory that a process shares with no other, in bytes.
fn memory_of_its_own(pid: Pid) -> u64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let lines = rollup.lines().filter(|line| line.starts_with("Private_"));
    lines.filter_map(|line| line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()).sum::<u64>() << 10
}

#[tokio::test]
async fn a_copy_that_waits_has_taken_the_memory_that_work_needs() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work_with_office();
    let zygote = warm(&client, &work).await;
    // As long as it is not known what work needs, it has but what the zygote has written since.
    until("a copy has taken memory", seconds(30), async || {
        client.convert(&[documents::docx("next.docx")]).await;
        (memory_of_its_own(spare_of(zygote).await) > 8 << 20).then_some(())
    })
    .await;
    until("the trial is over and nothing of it is left", seconds(30), async || {
        let folder = std::fs::read_link(format!("/proc/{zygote}/cwd")).unwrap();
        (!folder.join("trial").exists()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_copy_that_is_killed_while_it_waits_costs_no_attempt() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work_with_office();
    let zygote = warm(&client, &work).await;
    kill(spare_of(zygote).await, Signal::SIGKILL).unwrap();
    for name in ["second.docx", "third.docx"] {
        let done = client.convert(&[documents::docx(name)]).await;
        assert_ne!(done.result["status"], "error", "{}", done.result);
    }
    assert_eq!(site.db.count("select count(*) from attempts where ending <> 'succeeded'").await, 0);
    assert_eq!(zygote_of(&work).await, zygote);
}

#[tokio::test]
async fn a_host_of_the_zygote_that_is_killed_costs_one_attempt_and_no_zygote() {
    let Busy { site, client, work, zygote, job, host, .. } = &Busy::with(&[WITH_OFFICE]).await;
    kill(*host, Signal::SIGKILL).unwrap();
    let done = client.finish(job).await;
    assert_ne!(done.result["status"], "error", "{}", done.result);
    let crashed =
        "select count(*) from attempts where ending = 'retried' and fault = 'crashed' and exit like '%signal: 9%'";
    assert_eq!(site.db.count(crashed).await, 1);
    assert_eq!(zygote_of(work).await, *zygote);
}

#[tokio::test]
async fn a_worker_has_a_zygote_ready_before_the_first_document_comes() {
    let site = Site::new().await;
    let work = site.work_with_office();
    let zygote = zygote_of(&work).await;
    let (_serve, client) = site.serve().await;
    assert_eq!(warm(&client, &work).await, zygote);
}

#[tokio::test]
async fn a_worker_that_is_stopped_while_it_warms_a_zygote_leaves_nothing() {
    let site = Site::new().await;
    let mut work = site.work_with_office();
    let zygote = zygote_of(&work).await;
    assert!(work.stop(seconds(30)).await.success());
    is_gone("the zygote", zygote).await;
    assert_eq!(std::fs::read_dir(site.folder.path().join("work")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_zygote_that_hangs_is_replaced_and_no_attempt_is_lost() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let work = site.work_with_office();
    let zygote = warm(&client, &work).await;
    kill(zygote, Signal::SIGSTOP).unwrap();
    let done = client.convert(&[documents::docx("second.docx")]).await;
    assert_ne!(done.result["status"], "error", "{}", done.result);
    assert_eq!(site.db.count("select count(*) from attempts where ending <> 'succeeded'").await, 0);
    is_gone("the zygote that hangs", zygote).await;
    assert_ne!(zygote_of(&work).await, zygote);
}

#[tokio::test]
async fn a_zygote_without_work_ends_and_the_next_document_has_another() {
    let folder = tempfile::tempdir().unwrap();
    // As long as warming the slower one takes on a busy machine.
    let config = HostConfig { idle_max: seconds(4), ..hosts::config() };
    let engines = config.engines.clone();
    let hosts = Hosts::new(config, folder.path().join("zygote"));
    hosts.warm().await;
    let ours = || ["office", "native"].map(|kind| zygotes(Pid::this(), kind));
    let first = ours();
    assert_eq!(first.each_ref().map(Vec::len), [1, 1]);
    let waiting: Vec<_> = first.iter().flatten().flat_map(|zygote| spares(*zygote)).collect();
    until("they have ended and are reaped", seconds(30), async || (ours() == [vec![], vec![]]).then_some(())).await;
    for spare in waiting {
        is_gone("a copy that waits", spare).await;
    }
    for (kind, lane, document) in [
        ("office", Lane::Office, documents::docx("letter.docx")),
        ("native", Lane::Native, documents::text("letter.txt")),
    ] {
        let (answer, ran) = hosts::convert(&hosts, &engines, folder.path(), lane, &document).await;
        assert!(matches!(answer, Answer::Done { pages: 1, .. }), "{answer:?} {ran:?}");
        let second = zygotes(Pid::this(), kind);
        assert_eq!(second.len(), 1);
        assert!(!first.iter().flatten().any(|zygote| *zygote == second[0]));
    }
}

#[tokio::test]
async fn where_no_zygote_starts_each_document_has_a_host_started() {
    // None at all, and a program that ends at once.
    for zygote_args in [None, Some(vec!["openapi".into()])] {
        let folder = tempfile::tempdir().unwrap();
        let config = HostConfig { zygote_args, ..hosts::config() };
        let engines = config.engines.clone();
        let hosts = Hosts::new(config, folder.path().join("zygote"));
        for (engine, lane, document) in [
            ("libreoffice", Lane::Office, documents::docx("letter.docx")),
            ("typst", Lane::Native, documents::text("letter.txt")),
        ] {
            let (answer, ran) = hosts::convert(&hosts, &engines, folder.path(), lane, &document).await;
            assert!(matches!(answer, Answer::Done { pages: 1, .. }), "{answer:?} {ran:?}");
            assert_eq!(ran.engine.as_deref(), Some(engine));
        }
    }
}
