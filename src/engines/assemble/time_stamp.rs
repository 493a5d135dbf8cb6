//! The signature of each file of the job gets the time stamp that the worker asked for.

use super::{
    Bench, output_of,
    sign::{publish, unsigned},
};
use crate::{
    domain::{Event, EventCode},
    engines::{
        Error,
        serve::read,
        signing::{Asked, TimeStamps},
    },
    pdf::sign::{self, Found, Verdict},
};

/// Puts the time stamps in. A file whose stamp is not there or not good stays without one, if that is enough.
pub(super) fn time_stamp(bench: &mut Bench<'_>, stamps: &TimeStamps) -> Result<(), Error> {
    for (place, (made, asked)) in bench.files.clone().iter().zip(&stamps.asked).enumerate() {
        let called = bench.called(made);
        match stamped(&read(&output_of(place))?, asked)? {
            Ok(stamped) => publish(place, made, &called, &stamped)?,
            // It was seen to be what it is when it was signed.
            Err(error @ sign::Error::TimeStamp { .. }) if stamps.may_lack => {
                let message = format!("The signature of {called} has no time stamp: {error}.");
                bench.events.push(Event::warning(EventCode::Generic, message));
            }
            Err(error) => return Err(unsigned(&called, &error)),
        }
    }
    Ok(())
}

/// A file with its time stamp, after its signatures were looked at anew.
fn stamped(signed: &[u8], asked: &Asked) -> Result<Result<Vec<u8>, sign::Error>, Error> {
    let answer = match &asked.answer {
        Ok(file) => read(file)?,
        Err(why) => return Ok(Err(sign::Error::TimeStamp { what: why.clone() })),
    };
    Ok(sign::stamp(signed, &asked.request, &answer).and_then(|stamped| {
        let count =
            |bytes: &[u8]| Ok::<_, sign::Error>(sign::signatures(bytes)?.iter().filter(|found| holds(found)).count());
        if count(&stamped)? == count(signed)? + 1 {
            Ok(stamped)
        } else {
            Err(sign::Error::TimeStamp { what: "it does not hold in the file".to_owned() })
        }
    }))
}

fn holds(found: &Found) -> bool {
    found.verdict == Verdict::Valid && found.time_stamp == Some(Verdict::Valid)
}
