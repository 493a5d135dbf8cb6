use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

/// A time to wait that begins when it is first asked for, and again after each move.
#[derive(Debug, Default)]
pub(super) struct Deadline {
    sleep: Option<Pin<Box<Sleep>>>,
    is_set: bool,
}

impl Deadline {
    /// Says that something moved: the next wait is a new one.
    pub(super) const fn moved(&mut self) {
        self.is_set = false;
    }

    /// Ready when it was waited for as long as that.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, longest: Duration) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep(longest)));
        if !self.is_set {
            sleep.as_mut().reset(Instant::now() + longest);
            self.is_set = true;
        }
        sleep.as_mut().poll(cx)
    }
}
