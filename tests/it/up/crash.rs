use nix::sys::signal::{Signal, kill};

use crate::support::{
    Client, Document, Process, documents, until,
    up::{Home, kill_role, role},
    wait::seconds,
};

/// The documents of the job of a number, and the pages of its result; the first job takes a while.
fn documents_of(number: usize) -> (Vec<Document>, usize) {
    match number % 4 {
        _ if number == 1 => (vec![documents::docx("letter.docx"), documents::text("note.txt")], 2),
        0 => (vec![documents::text("a.txt"), documents::png("b.png")], 2),
        1 => (vec![documents::pdf("c.pdf", &[300, 301, 302])], 3),
        2 => (vec![documents::png("d.png"), documents::pdf("e.pdf", &[300]), documents::jpeg("f.jpg")], 3),
        _ => (vec![documents::text("g.txt")], 1),
    }
}

/// Creates jobs as a careful client does: what was not answered is done again, as another job.
async fn submit(up: &Process, numbers: std::ops::Range<usize>) -> Vec<(String, usize)> {
    let client = up.client().await;
    let mut jobs = Vec::new();
    for number in numbers {
        let (documents, pages) = documents_of(number);
        jobs.push((client.begin(&documents).await, pages));
    }
    jobs
}

/// Checks that every job completed and that its result has the right pages.
async fn check_all(client: &Client, jobs: &[(String, usize)]) {
    for (job, pages) in jobs {
        let done = client.finish(job).await;
        assert!(done.result["error"].is_null(), "{}", done.result);
        assert_eq!(done.pdf().get_pages().len(), *pages, "{}", done.result);
    }
}

#[tokio::test]
async fn no_job_is_lost_or_done_twice_whoever_is_killed_and_a_stop_is_clean() {
    let home = Home::new();
    let up = home.up(&[]);

    // The worker: its tasks return at once.
    let mut jobs = submit(&up, 0..4).await;
    kill_role(&up, "work").await;
    // The API.
    jobs.extend(submit(&up, 4..6).await);
    let served = up.output().matches("serving http://").count();
    kill_role(&up, "serve").await;
    until("the API serves again", seconds(30), async || {
        (up.output().matches("serving http://").count() > served).then_some(())
    })
    .await;
    jobs.extend(submit(&up, 6..8).await);
    // The database server.
    let postmaster = home.postmaster();
    kill(postmaster, Signal::SIGKILL).unwrap();
    until("the database is there again", seconds(60), async || {
        // Backends of the dead server answer for a moment longer; only a new server means that it is back.
        if home.find_postmaster().is_none_or(|found| found == postmaster) {
            return None;
        }
        let client = up.client().await;
        let answer = Client::try_send(client.request(reqwest::Method::GET, "/jobs")).await;
        answer.is_ok_and(|answer| answer.status == 200).then_some(())
    })
    .await;
    jobs.extend(submit(&up, 8..10).await);
    // `up` itself: everything of it goes too.
    role(&up, "work").await;
    up.kill();

    let up = home.up(&[]);
    jobs.extend(submit(&up, 10..12).await);
    // And everything at once.
    let all = [home.postmaster(), role(&up, "serve").await, role(&up, "work").await, up.pid()];
    for process in all {
        kill(process, Signal::SIGKILL).unwrap();
    }
    up.kill();

    let mut up = home.up(&[]);
    check_all(&up.client().await, &jobs).await;
    assert_eq!(jobs.len(), 12);
    assert_eq!(home.count(&up, "select count(*) from jobs where state = 'completed'").await, 12);
    assert_eq!(home.count(&up, "select count(*) from results").await, 12, "one result each");
    let twice = "select count(*) from (select task_id from attempts where ending = 'succeeded' group by task_id having count(*) > 1) as twice";
    assert_eq!(home.count(&up, twice).await, 0);
    assert_eq!(home.count(&up, "select count(*) from tasks").await, 0);

    let status = up.stop(seconds(30)).await;
    assert!(status.success(), "{status}");
    assert!(!home.data().join("postgres/cluster/postmaster.pid").exists(), "the database has stopped, too");

    let mut up = home.up(&[]);
    check_all(&up.client().await, &jobs).await;
    assert!(up.stop(seconds(30)).await.success());
}
