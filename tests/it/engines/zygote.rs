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
    service::{WITH_OFFICE, children, is_gone, zygotes},
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
    kill(busy.host, Signal::SIGSTOP).unwrap();
    busy.work.kill();
    is_gone("the zygote", busy.zygote).await;
    is_gone("its host", busy.host).await;
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
    until("they have ended and are reaped", seconds(30), async || (ours() == [vec![], vec![]]).then_some(())).await;
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
