//! What becomes of documents whose engine misbehaves, and of others on the same worker.

use bindery::engines::fault::Fault;

use crate::support::{
    Client, Document, Process, Site, documents,
    service::{children, files},
    until,
    wait::seconds,
};

/// The document that asks for a fault.
fn faulty(fault: Fault, extension: &str) -> Document {
    let document = if extension == "rtf" { documents::rtf } else { documents::text };
    document(&format!("fault-{fault}.{extension}"))
}

/// The code with which a job ends whose document asks for a fault; none when it is converted after all.
fn expected(fault: Fault) -> Option<&'static str> {
    match fault {
        Fault::Hang | Fault::Linger | Fault::Closed | Fault::Leave | Fault::Deep | Fault::Spin | Fault::Disk => {
            Some("timeout")
        }
        Fault::Leak | Fault::File => Some("generic"),
        Fault::Fork | Fault::Crash | Fault::Garbage | Fault::Silent | Fault::Stdout | Fault::Stderr => Some("corrupt"),
        Fault::Pages
        | Fault::Absent
        | Fault::Drop
        | Fault::Lane
        | Fault::Circle
        | Fault::Nothing
        | Fault::Empty
        | Fault::Text
        | Fault::Link
        | Fault::Folder => Some("internal"),
        // Names of what was unpacked are labels, whatever they say.
        Fault::Names => None,
    }
}

/// Nothing of any document is left: no process, and no file but those of the worker itself and of its zygote.
async fn nothing_is_left(site: &Site, work: &Process) {
    until("no host is left", seconds(5), async || {
        let mut hosts = children(work.pid());
        let zygotes = hosts.extract_if(.., |(_, args)| args.iter().any(|arg| arg == "--zygote")).collect::<Vec<_>>();
        (hosts.is_empty() && zygotes.into_iter().all(|(zygote, _)| children(zygote).is_empty())).then_some(())
    })
    .await;
    let kept = |file: &std::path::PathBuf| file.ends_with("lock") || file.iter().any(|part| part == "zygote");
    until("no file is left", seconds(5), async || {
        files(&site.folder.path().join("work")).iter().all(kept).then_some(())
    })
    .await;
    let folders = std::fs::read_dir(site.folder.path().join("work")).unwrap();
    let attempts = folders.flat_map(|worker| std::fs::read_dir(worker.unwrap().path()).unwrap());
    let names: Vec<_> = attempts.map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| name == "lock" || name == "zygote"), "{names:?}");
}

fn mounts(process: &Process) -> String {
    std::fs::read_to_string(format!("/proc/{}/mounts", process.pid())).unwrap()
}

#[tokio::test]
async fn each_fault_ends_its_own_document_with_the_right_code_and_leaves_nothing_behind() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let settings = [("BINDERY_STALL_TIMEOUT", "2s"), ("BINDERY_SLOTS", "native=8,office=1")];
    let work = site.work_with_faults(&settings);
    let before = mounts(&work);
    // A disk is filled elsewhere, memory where its limit is a small one, and what never stands still is stopped below.
    let elsewhere = |fault: &Fault| matches!(fault, Fault::Disk | Fault::Leak | Fault::Spin);
    let faults = Fault::ALL.iter().copied().filter(|fault| !elsewhere(fault));
    let mut jobs = Vec::new();
    for fault in faults {
        jobs.push((fault, client.begin(&[faulty(fault, "txt")]).await));
    }
    let mut well = Vec::new();
    for number in 0..10 {
        well.push(client.begin(&[documents::text(&format!("well-{number}.txt"))]).await);
    }
    for job in &well {
        assert_eq!(client.finish(job).await.result["status"], "success");
    }
    for (fault, job) in &jobs {
        ends_as_expected(&client, *fault, job).await;
    }
    let twice = "select count(*) from attempts join documents on documents.id = attempts.document_id
                 where documents.file_name like 'well-%' and attempts.attempt > 1";
    assert_eq!(site.db.count(twice).await, 0, "no fault costs another document an attempt");
    assert_eq!(site.db.count("select count(*) from attempts where attempt > 3").await, 0);
    nothing_is_left(&site, &work).await;
    assert_eq!(mounts(&work), before);
    assert!(!site.folder.path().join("escaped.txt").exists());
}

/// Waits for the job whose document asks for a fault, and checks what is told of it.
async fn ends_as_expected(client: &Client, fault: Fault, job: &str) {
    let done = client.finish(job).await;
    match expected(fault) {
        Some(code) => {
            let (told, message) = done.error();
            assert_eq!(told, code, "{fault}: {message}");
            assert!(message.contains(&format!("fault-{fault}.txt")), "{message}");
            assert!(!message.contains("could not commit"), "{message}");
        }
        None => assert_eq!(done.result["status"], "success", "{fault}: {}", done.result),
    }
}

#[tokio::test]
async fn a_document_that_keeps_the_processor_busy_is_stopped_at_its_limit_and_leaves_nothing_behind() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let settings = [("BINDERY_TASK_TIMEOUT", "3s"), ("BINDERY_SLOTS", "native=2")];
    let work = site.work_with_faults(&settings);
    let job = client.begin(&[faulty(Fault::Spin, "txt")]).await;
    ends_as_expected(&client, Fault::Spin, &job).await;
    assert_eq!(site.db.count("select count(*) from attempts where fault = 'timed-out'").await, 3);
    nothing_is_left(&site, &work).await;
}

/// Begins a job for each of so many documents.
async fn begin_each(client: &Client, count: usize, document: impl Fn(usize) -> Document) -> Vec<String> {
    let mut jobs = Vec::new();
    for number in 0..count {
        jobs.push(client.begin(&[document(number)]).await);
    }
    jobs
}

#[tokio::test]
async fn documents_that_hang_are_killed_soon_after_their_limit_while_twenty_others_finish() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let settings = [("BINDERY_STALL_TIMEOUT", "5s"), ("BINDERY_SLOTS", "native=2,office=2")];
    let work = site.work_with_faults(&settings);
    let hanging =
        [client.begin(&[faulty(Fault::Hang, "txt")]).await, client.begin(&[faulty(Fault::Hang, "rtf")]).await];
    let running = "select count(*) from tasks where state = 'running'";
    until("both hang", seconds(30), async || (site.db.count(running).await == 2).then_some(())).await;
    let mut others = begin_each(&client, 10, |number| documents::text(&format!("{number}.txt"))).await;
    others.extend(begin_each(&client, 10, |number| documents::docx(&format!("{number}.docx"))).await);
    for job in &others {
        assert_ne!(client.finish(job).await.result["status"], "error");
    }
    for job in &hanging {
        let (code, message) = client.finish(job).await.error();
        assert_eq!(code, "timeout");
        assert!(message.contains("stood still for 5 s"), "{message}");
    }
    let stalled = "select count(*) from attempts where fault = 'stalled'";
    assert_eq!(site.db.count(stalled).await, 6, "each document is tried three times");
    let in_time = "select count(*) from attempts
                   where fault = 'stalled' and ended_at - started_at between interval '5 s' and interval '10 s'";
    assert_eq!(site.db.count(in_time).await, 6);
    let undisturbed = "select count(distinct document_id) from attempts
                       where kind = 'convert' and ending = 'succeeded' and attempt = 1
                             and ended_at < (select max(ended_at) from attempts where fault = 'stalled')";
    assert_eq!(site.db.count(undisturbed).await, 20);
    nothing_is_left(&site, &work).await;
}

#[tokio::test]
async fn a_document_that_fills_the_disk_ends_and_others_of_the_worker_go_through() {
    let site = Site::new().await;
    let (_serve, client) = site.serve().await;
    let disk = site.folder.path().join("work");
    std::fs::create_dir(&disk).unwrap();
    let settings = [("BINDERY_STALL_TIMEOUT", "3s"), ("BINDERY_SLOTS", "native=2")];
    let work = match site.work_with_faults_on_disk(64, &settings) {
        Ok(work) => work,
        Err(reason) => {
            println!("left out, since the kernel mounts no disk for this user: {reason}");
            return;
        }
    };
    // As the worker sees it.
    let disk = format!("/proc/{}/root{}", work.pid(), disk.display());
    let filling = client.begin(&[faulty(Fault::Disk, "txt")]).await;
    let is_full = || nix::sys::statvfs::statvfs(disk.as_str()).is_ok_and(|disk| disk.blocks_available() == 0);
    until("the disk is full", seconds(30), async || is_full().then_some(())).await;
    let others = begin_each(&client, 6, |number| documents::text(&format!("{number}.txt"))).await;
    let (code, message) = client.finish(&filling).await.error();
    assert_eq!(code, "timeout", "{message}");
    for job in &others {
        assert_eq!(client.finish(job).await.result["status"], "success");
    }
    until("the disk is empty again", seconds(5), async || {
        let disk = nix::sys::statvfs::statvfs(disk.as_str()).unwrap();
        (disk.blocks() - disk.blocks_free() < 16).then_some(())
    })
    .await;
}
