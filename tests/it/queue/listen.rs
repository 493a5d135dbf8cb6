//! Who hears what.

use bindery::{
    domain::JobId,
    queue::{Audience, Bell, Signal, Signals},
};
use tokio_util::sync::CancellationToken;

use crate::support::Database;

/// What an audience hears when every bell is rung twice, up to the second ring of the last one that is for it.
async fn heard(audience: Audience) -> Vec<&'static str> {
    let database = Database::migrated().await;
    let signals = Signals::start(database.options.clone(), audience, CancellationToken::new());
    let mut hearing = signals.subscribe();
    assert_eq!(hearing.recv().await.unwrap(), Signal::Missed);
    let bell = Bell::new(database.pool());
    let last = if audience == Audience::Workers { "stop" } else { "ended" };
    let mut heard = Vec::new();
    // Bells arrive in the order in which they are rung, so what was rung the first time is here after the second.
    for _ in 0..2 {
        bell.work();
        bell.stop();
        bell.done(JobId::new());
        while {
            heard.push(match hearing.recv().await.unwrap() {
                Signal::Work => "work",
                Signal::Stop => "stop",
                Signal::Done(_) => "ended",
                Signal::Missed => "missed",
            });
            heard.last() != Some(&last)
        } {}
    }
    heard
}

#[tokio::test]
async fn workers_hear_of_work_and_of_stops_and_those_who_wait_of_jobs_that_have_ended() {
    assert_eq!(heard(Audience::Workers).await, ["work", "stop", "work", "stop"]);
    assert_eq!(heard(Audience::Waiters).await, ["ended", "ended"]);
}
