//! The signature of each document gets the time stamp that the worker asked for, and the document becomes a file of the job.

use super::{
    Bench,
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

/// Puts the time stamps in. A document whose stamp is not there or not good is a file without one, if that is enough.
pub(super) fn time_stamp(bench: &mut Bench<'_>, stamps: &TimeStamps) -> Result<(), Error> {
    let assemble = bench.assemble;
    for (input, asked) in assemble.inputs.iter().zip(&stamps.asked) {
        let signed = read(&input.file)?;
        let bytes = match stamped(&signed, asked)? {
            Ok(stamped) => stamped,
            Err(error @ sign::Error::TimeStamp { .. }) if stamps.may_lack => {
                let message = format!("'{}' is signed without a time stamp: {error}.", input.file_name);
                bench.events.push(Event::warning(EventCode::Generic, message));
                signed
            }
            Err(error) => return Err(unsigned(input, &error)),
        };
        publish(bench, input, bytes)?;
    }
    Ok(())
}

/// A document with its time stamp, after its signatures were looked at anew.
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
