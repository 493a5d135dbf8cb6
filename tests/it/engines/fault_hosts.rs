//! What a worker is told of a host that misbehaves, whether it was started or made by a zygote.

use std::path::Path;

use bindery::{
    domain::limits,
    engines::{
        fault::Fault,
        host::{HostConfig, Hosts, Ran},
        protocol::{Answer, Convert, Engines, Request, Target},
        settings::Settings,
    },
};
use futures_util::future::join_all;
use nix::unistd::Pid;

use crate::support::{Document, documents, service::children, until, wait::seconds};

const SOFFICE: &str = "/usr/lib/libreoffice/program/soffice.bin";

/// Hosts with limits that are soon reached; copies of a zygote for Office documents.
fn hosts(folder: &Path) -> Hosts {
    let config = HostConfig {
        program: env!("CARGO_BIN_EXE_bindery").into(),
        args: vec!["engine".into()],
        zygote_args: Some(vec!["engine".into(), "--zygote".into()]),
        engines: engines(),
        time_max: seconds(8),
        stall_max: seconds(2),
        idle_max: limits::ENGINE_IDLE_MAX,
        memory_bytes_max: 2 << 30,
    };
    Hosts::new(config, folder.join("zygote"))
}

fn engines() -> Engines {
    Engines { office: Some(SOFFICE.into()), fonts: vec!["/usr/share/fonts".into()], faults: true }
}

/// Has a host convert a document in a folder of its own.
async fn run(hosts: &Hosts, folder: &Path, lane: &str, document: &Document) -> (Answer, Ran) {
    let work = folder.join(&document.name);
    std::fs::create_dir(&work).unwrap();
    std::fs::write(work.join("input"), &document.bytes).unwrap();
    let request = Request::Convert(Convert {
        input: "input".into(),
        output: "output.pdf".into(),
        file_name: document.name.clone(),
        media_type: None,
        passwords: Vec::new(),
        target: Target::PdfA2b,
        lane: lane.to_owned(),
        settings: Settings::default(),
        engines: engines(),
        nesting: 0,
        upload_bytes: 0,
    });
    hosts.run(&work, &request).await
}

/// The error code, the kind of fault and whether it may pass, of faults that are the end of a host or of its time. The others
/// are lies, which a worker has to find out; and a disk is filled elsewhere.
fn expected(fault: Fault) -> Option<(&'static str, &'static str, bool)> {
    match fault {
        Fault::Hang | Fault::Linger | Fault::Closed | Fault::Leave | Fault::Deep => Some(("timeout", "stalled", true)),
        Fault::Spin => Some(("timeout", "timed-out", true)),
        Fault::Leak | Fault::File => Some(("generic", "exceeded", false)),
        Fault::Fork | Fault::Crash | Fault::Garbage | Fault::Silent => Some(("corrupt", "crashed", true)),
        Fault::Stdout | Fault::Stderr => Some(("corrupt", "flooded", true)),
        Fault::Pages
        | Fault::Names
        | Fault::Absent
        | Fault::Lane
        | Fault::Circle
        | Fault::Nothing
        | Fault::Empty
        | Fault::Text
        | Fault::Link
        | Fault::Pipe
        | Fault::Disk => None,
    }
}

/// Commits every fault that has an end, all at once, and checks how each ends and that none is left.
async fn each_ends_as_its_class(lane: &str, document: fn(&str) -> Document, extension: &str) {
    let folder = tempfile::tempdir().unwrap();
    let hosts = hosts(folder.path());
    hosts.warm().await;
    let faults: Vec<_> = Fault::ALL.iter().filter_map(|fault| Some((fault, expected(*fault)?))).collect();
    let misbehaving = join_all(faults.iter().map(async |(fault, expected)| {
        let document = document(&format!("fault-{fault}.{extension}"));
        let (answer, ran) = run(&hosts, folder.path(), lane, &document).await;
        let Answer::Failed(refusal) = answer else { panic!("{fault}: {answer:?}") };
        let told = (refusal.code.as_str(), refusal.fault.as_str(), refusal.passing);
        assert_eq!(told, *expected, "{fault}: {} {ran:?}", refusal.message);
    }));
    let well = join_all((0..4).map(async |number| {
        let document = document(&format!("well-{number}.{extension}"));
        let (answer, ran) = run(&hosts, folder.path(), lane, &document).await;
        assert!(matches!(answer, Answer::Done { .. }), "{answer:?} {ran:?}");
    }));
    tokio::join!(misbehaving, well);
    no_host_is_left(folder.path()).await;
}

/// Waits until no process works in a folder but the zygote.
async fn no_host_is_left(folder: &Path) {
    until("no host is left", seconds(5), async || {
        let me = Pid::this();
        let mut left = children(me);
        let grandchildren: Vec<_> = left.iter().flat_map(|(pid, _)| children(*pid)).collect();
        left.extend(grandchildren);
        let works_here = |pid: Pid| {
            let place = std::fs::read_link(format!("/proc/{pid}/cwd"));
            place.is_ok_and(|place| place.starts_with(folder) && !place.starts_with(folder.join("zygote")))
        };
        (!left.into_iter().any(|(pid, _)| works_here(pid))).then_some(())
    })
    .await;
}

#[tokio::test]
async fn each_fault_of_a_started_host_ends_as_its_class_beside_others_that_do_well() {
    each_ends_as_its_class("native", documents::text, "txt").await;
}

#[tokio::test]
async fn each_fault_of_a_host_of_the_zygote_ends_as_its_class_beside_others_that_do_well() {
    each_ends_as_its_class("office", documents::rtf, "rtf").await;
}

#[tokio::test]
async fn without_the_engine_a_document_named_for_a_fault_is_converted() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = hosts(folder.path());
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    std::fs::write(work.join("input"), documents::text("a.txt").bytes).unwrap();
    let request = Request::Convert(Convert {
        input: "input".into(),
        output: "output.pdf".into(),
        file_name: "fault-crash.txt".to_owned(),
        media_type: None,
        passwords: Vec::new(),
        target: Target::PdfA2b,
        lane: "native".to_owned(),
        settings: Settings::default(),
        engines: Engines { faults: false, ..engines() },
        nesting: 0,
        upload_bytes: 0,
    });
    let (answer, ran) = hosts.run(&work, &request).await;
    assert!(matches!(answer, Answer::Done { pages: 1, .. }), "{answer:?} {ran:?}");
}
