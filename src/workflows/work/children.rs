//! What becomes of a document that came out of another one and is not converted.

use super::{Done, Outcome, convert::Order};
use crate::{
    domain::{ErrorCode, Event, EventCode},
    engines::{
        children::{Children, Failure, Fate},
        protocol::Role,
    },
};

/// What follows from a rule that a host went by; nothing when no rule of the profile says so of this document. A host may have
/// been taken over by what it read, and what the client added itself is never left out.
pub(super) fn judged(order: &Order, children: &Children, fate: Fate, what: &str) -> Option<Outcome> {
    if order.role() != Role::Child || !children.rules.iter().any(|rule| rule.convert == fate) {
        return None;
    }
    let named = order.named();
    match fate {
        Fate::Convert => None,
        Fate::Drop => {
            let message = format!("{named} is {what}; by a rule of the profile it was left out.");
            Some(Outcome::LeftOut { events: vec![Event::warning(EventCode::EmbeddedFileRemoved, message)] })
        }
        Fate::Original => {
            let message = format!("{named} is {what}; by a rule of the profile it was attached as it came.");
            Some(Outcome::Kept { events: vec![Event::info(EventCode::Generic, message)] })
        }
    }
}

/// What an attempt comes to when its document cannot be converted and the profile says how to go on without. An engine that is
/// not there is no fault of the document: it would be left out today and converted tomorrow.
pub(super) fn spare(done: Done, order: &Order, failure: Failure) -> Done {
    let Outcome::Failed { code, message } = &done.outcome else { return done };
    if order.origin.own || *code == ErrorCode::Configuration {
        return done;
    }
    let message = message.trim_end_matches('.');
    let outcome = match failure {
        Failure::Fail => return done,
        Failure::Drop => {
            let message = format!("{message}; it was left out.");
            Outcome::LeftOut { events: vec![Event::warning(EventCode::EmbeddedFileRemoved, message)] }
        }
        Failure::Original => {
            let message = format!("{message}; it was attached as it came.");
            Outcome::Kept { events: vec![Event::warning(EventCode::Generic, message)] }
        }
    };
    Done { outcome, ..done }
}
