//! Bounded children: when they are stopped, and what goes with them.

use std::path::Path;

use bindery::engines::process::{self, Child, Ended, Limits, RunError, Stopped};
use nix::unistd::Pid;

use crate::support::{service::is_gone, wait::seconds};

/// Runs a script that may stand still for two seconds and take five in all.
async fn run(script: &str) -> Result<Ended, RunError> {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        memory_bytes: 1 << 30,
        file_bytes: 1 << 20,
        cpu_seconds: 60,
        stdout_bytes: 1 << 10,
        stderr_bytes: 1 << 10,
        time: seconds(5),
        stall: seconds(2),
    };
    let args = vec!["-c".into(), script.into()];
    let child = Child {
        program: Path::new("/bin/sh"),
        args,
        env: vec![],
        folder: folder.path(),
        stdin: b"",
        handles: &[],
        helper: None,
        limits,
    };
    process::run(&child).await
}

fn why(ran: Result<Ended, RunError>) -> (Stopped, String) {
    match ran {
        Err(RunError::Stopped { why, stderr_tail }) => (why, stderr_tail),
        other => panic!("{other:?}"),
    }
}

/// The process whose number a script has written.
fn told(text: &str) -> Pid {
    Pid::from_raw(text.trim().parse().unwrap())
}

#[tokio::test]
async fn a_child_that_stands_still_is_stopped_with_all_that_it_started() {
    let (stopped, said) = why(run("sleep 1000 & echo $! >&2; wait").await);
    assert_eq!(stopped, Stopped::Stalled(seconds(2)));
    is_gone("what it started", told(&said)).await;
}

#[tokio::test]
async fn a_child_that_waits_while_what_it_started_works_does_not_stand_still() {
    let (stopped, said) = why(run("(while :; do :; done) & echo $! >&2; wait").await);
    assert_eq!(stopped, Stopped::TimedOut(seconds(5)));
    is_gone("what it started", told(&said)).await;
}

#[tokio::test]
async fn a_child_that_goes_on_saying_something_does_not_stand_still() {
    let (stopped, _) = why(run("while :; do sleep 0.3; echo x; done").await);
    assert_eq!(stopped, Stopped::TimedOut(seconds(5)));
}

#[tokio::test]
async fn what_a_child_leaves_running_ends_with_it_and_does_not_hold_it_up() {
    // It holds the pipes of its parent, so waiting for their end would be standing still.
    let ended = run("sleep 1000 & echo $!; exit 0").await.unwrap();
    assert!(ended.exit.is_clean(), "{ended:?}");
    is_gone("what it left", told(&String::from_utf8(ended.stdout).unwrap())).await;
}

#[tokio::test]
async fn a_child_that_writes_too_much_is_stopped_when_it_does_whatever_it_does_then() {
    for pipe in [1, 2] {
        let (stopped, _) = why(run(&format!("head -c 100000 /dev/zero >&{pipe}; while :; do :; done")).await);
        assert_eq!(stopped, Stopped::Flooded);
    }
}
