//! What of a Markdown text is not shown as it is meant, for the client.

use crate::domain::{Event, EventCode};

/// How often it was so.
#[derive(Debug, Default)]
pub(super) struct Losses {
    pub(super) pictures: usize,
    pub(super) links: usize,
    pub(super) html: usize,
    pub(super) nested: usize,
    pub(super) words: usize,
}

impl Losses {
    /// Tells the client.
    pub(super) fn tell(&self, events: &mut Vec<Event>) {
        let counted = |count: usize, one: &str, many: &str| {
            let what = if count == 1 { one } else { many };
            format!("{count} {what}")
        };
        if self.pictures > 0 {
            let what = counted(self.pictures, "linked picture was", "linked pictures were");
            let message = format!("{what} not loaded; the description is shown instead.");
            events.push(Event::warning(EventCode::ExternalResourceUnavailable, message));
        }
        if self.links > 0 {
            let what = counted(self.links, "link that leads", "links that lead");
            let message = format!("{what} to a file or a script became text.");
            events.push(Event::info(EventCode::ActionRemoved, message));
        }
        if self.html > 0 {
            let what = counted(self.html, "piece of HTML is", "pieces of HTML are");
            events.push(Event::info(EventCode::Generic, format!("{what} shown as written.")));
        }
        if self.nested > 0 {
            let what = counted(self.nested, "quote, list or emphasis is", "quotes, lists and emphases are");
            let message = format!("{what} inside too many others and set as what is around.");
            events.push(Event::info(EventCode::VisualDifferences, message));
        }
        if self.words > 0 {
            let message = format!("Words that are wider than the page were broken in {} places.", self.words);
            events.push(Event::info(EventCode::ContentOverflow, message));
        }
    }
}
