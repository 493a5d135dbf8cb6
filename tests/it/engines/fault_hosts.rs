//! What a worker is told of a host that misbehaves, whether it was started or made by a zygote.

use std::path::Path;

use bindery::{
    domain::Lane,
    engines::{
        fault::Fault,
        host::{HostConfig, Hosts},
        protocol::{Answer, Engines},
    },
};
use futures_util::future::join_all;
use nix::unistd::Pid;

use crate::support::{Document, documents, hosts, service::children, until, wait::seconds};

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
        | Fault::Drop
        | Fault::Lane
        | Fault::Circle
        | Fault::Nothing
        | Fault::Empty
        | Fault::Text
        | Fault::Link
        | Fault::Folder
        | Fault::Disk => None,
    }
}

/// Commits every fault that has an end, all at once under limits that are soon reached, and checks how each ends and that
/// none is left.
async fn each_ends_as_its_class(usual: HostConfig, lane: Lane, document: fn(&str) -> Document, extension: &str) {
    let folder = tempfile::tempdir().unwrap();
    let engines = Engines { faults: true, ..usual.engines.clone() };
    // Long against the other, since the one that digs needs the processor for a while first.
    let (stall_max, time_max) = (seconds(2), seconds(60));
    let config = HostConfig { engines: engines.clone(), stall_max, time_max, memory_bytes_max: 2 << 30, ..usual };
    // Only one needs the processor for ever; it does not have to be for as long.
    let brief = HostConfig { time_max: seconds(5), ..config.clone() };
    let hosts = Hosts::new(config, folder.path().join("zygote/usual"));
    let brief = Hosts::new(brief, folder.path().join("zygote/brief"));
    tokio::join!(hosts.warm(), brief.warm());
    let faults: Vec<_> = Fault::ALL.iter().filter_map(|fault| Some((fault, expected(*fault)?))).collect();
    let misbehaving = join_all(faults.iter().map(async |(fault, expected)| {
        let document = document(&format!("fault-{fault}.{extension}"));
        let hosts = if **fault == Fault::Spin { &brief } else { &hosts };
        let (answer, ran) = hosts::convert(hosts, &engines, folder.path(), lane, &document).await;
        let Answer::Failed(refusal) = answer else { panic!("{fault}: {answer:?}") };
        let told = (refusal.code.as_str(), refusal.fault.as_str(), refusal.passing);
        assert_eq!(told, *expected, "{fault}: {} {ran:?}", refusal.message);
    }));
    let well = join_all((0..4).map(async |number| {
        let document = document(&format!("well-{number}.{extension}"));
        let (answer, ran) = hosts::convert(&hosts, &engines, folder.path(), lane, &document).await;
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
    let config = HostConfig { zygote_args: None, ..hosts::config() };
    each_ends_as_its_class(config, Lane::Native, documents::text, "txt").await;
}

#[tokio::test]
async fn each_fault_of_a_host_of_the_zygote_ends_as_its_class_beside_others_that_do_well() {
    each_ends_as_its_class(hosts::config(), Lane::Office, documents::rtf, "rtf").await;
}

#[tokio::test]
async fn each_fault_of_a_host_of_the_native_zygote_ends_as_its_class_beside_others_that_do_well() {
    each_ends_as_its_class(hosts::of_zygotes(), Lane::Native, documents::text, "txt").await;
}

#[tokio::test]
async fn without_the_engine_a_document_named_for_a_fault_is_converted() {
    let folder = tempfile::tempdir().unwrap();
    let config = hosts::config();
    let engines = config.engines.clone();
    let hosts = Hosts::new(config, folder.path().join("zygote"));
    let document = documents::text("fault-crash.txt");
    let (answer, ran) = hosts::convert(&hosts, &engines, folder.path(), Lane::Native, &document).await;
    assert!(matches!(answer, Answer::Done { pages: 1, .. }), "{answer:?} {ran:?}");
}
