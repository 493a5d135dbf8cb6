//! Each file of the job is signed by itself, in an update behind its bytes.

use time::OffsetDateTime;

use super::{Bench, output_of};
use crate::{
    domain::{ErrorCode, Event, EventCode, metadata::Metadata},
    engines::{
        Error, finish, given,
        protocol::Made,
        serve::{read, write},
        signing::{Certificate, Sign},
    },
    pdf::{
        sign::{self, Coverage, Found, Identity, Signing, Verdict},
        validate::is_linearized,
    },
};

/// Signs every file; without a certificate they stay as they are, and the client is told.
pub(super) fn sign(bench: &mut Bench<'_>, asked: &Sign) -> Result<(), Error> {
    let now = finish::moment(bench.assemble.now);
    let identity = asked.certificate.as_ref().map(identity).transpose()?;
    bench.events.extend(told(asked, identity.as_ref(), now));
    for (place, made) in bench.files.clone().iter().enumerate() {
        let called = bench.called(made);
        let given = read(&output_of(place))?;
        match &identity {
            Some(identity) => {
                let signed = signed(bench, &called, &given, identity, asked, now)?;
                publish(place, made, &called, &signed)?;
            }
            None => conforms(made, &called, &given)?,
        }
    }
    Ok(())
}

/// Puts a file in the place of what it was made of, after it was seen to be what that was.
pub(super) fn publish(place: usize, made: &Made, called: &str, bytes: &[u8]) -> Result<(), Error> {
    conforms(made, called, bytes)?;
    write(&output_of(place), bytes)
}

/// Sees whether a file still is what it is said to be.
fn conforms(made: &Made, called: &str, bytes: &[u8]) -> Result<(), Error> {
    let refused = |what: String| Error::Refused { code: ErrorCode::Conformance, what: format!("{called}: {what}") };
    let flavour = given::conforming(bytes).map_err(|error| refused(error.to_string()))?;
    if made.conformance == Some(flavour.to_string()) {
        return Ok(());
    }
    Err(refused(format!("it claims to be {flavour} now, and was something else before it was signed")))
}

/// Opens a certificate with its key.
fn identity(certificate: &Certificate) -> Result<Identity, Error> {
    let wrong = |why: &dyn std::fmt::Display| Error::Refused {
        code: ErrorCode::Configuration,
        what: format!("the certificate '{}' cannot be used: {why}", certificate.name),
    };
    let key = certificate.key.as_ref().ok_or_else(|| wrong(&"its key did not come along"))?;
    let password = std::str::from_utf8(key.password.reveal()).map_err(|_| wrong(&"its password is not in UTF-8"))?;
    Identity::from_pkcs12(key.pkcs12.reveal(), password).map_err(|error| wrong(&error))
}

/// What the client is told of the certificate, or of there being none.
fn told(asked: &Sign, identity: Option<&Identity>, now: OffsetDateTime) -> Vec<Event> {
    let warning = |message| Event::warning(EventCode::Generic, message);
    match (&asked.certificate, identity) {
        (Some(Certificate { name, .. }), Some(identity)) => identity
            .warnings(now)
            .iter()
            .map(|why| warning(format!("The signature with the certificate '{name}' may not be accepted: {why}.")))
            .collect(),
        (Some(_), None) | (None, _) => {
            let also = if asked.metadata.0 == Metadata::default() { "" } else { ", and its metadata stay" };
            vec![warning(format!("Nothing is signed, as the profile names no certificate{also}."))]
        }
    }
}

/// A file with one signature more, after the whole of it was looked at.
fn signed(
    bench: &mut Bench<'_>,
    called: &str,
    given: &[u8],
    identity: &Identity,
    asked: &Sign,
    now: OffsetDateTime,
) -> Result<Vec<u8>, Error> {
    let before = sign::signatures(given).map_err(|error| unsigned(called, &error))?;
    let signing = Signing {
        reason: asked.reason.clone(),
        location: asked.location.clone(),
        contact: asked.contact.clone(),
        // Not asked for, they stay byte for byte.
        metadata: (asked.metadata.0 != Metadata::default()).then_some(&asked.metadata.0),
        time_stamp: asked.time_stamp.as_ref(),
        ..Signing::at(now)
    };
    let signed = sign::sign(given, identity, &signing).map_err(|error| unsigned(called, &error))?;
    let after = sign::signatures(&signed.bytes).map_err(|error| unsigned(called, &error))?;
    if !signed.bytes.starts_with(given) || !holds(&before, &after, &signed.field) {
        let what = format!("the signatures of {called} do not hold after it was signed");
        return Err(Error::Refused { code: ErrorCode::Internal, what });
    }
    for broken in before.iter().filter(|found| matches!(found.verdict, Verdict::Altered | Verdict::Forged)) {
        let message =
            format!("The signature '{}' that {called} came with does not hold: {}.", broken.field, broken.verdict);
        bench.events.push(Event::warning(EventCode::Generic, message));
    }
    if is_linearized(given) {
        let message = format!("Since it is signed, {called} is not linearised any more.");
        bench.events.push(Event::info(EventCode::NotLinearized, message));
    }
    bench.requests.extend(signed.request);
    Ok(signed.bytes)
}

/// Whether the new signature holds for all of the file, and those before it are worth what they were.
fn holds(before: &[Found], after: &[Found], field: &str) -> bool {
    let Some(new) = after.iter().rposition(|found| found.field == field) else { return false };
    let is_good = after.get(new).is_some_and(|new| new.verdict == Verdict::Valid && new.coverage == Coverage::File);
    let others: Vec<_> = after.iter().enumerate().filter(|(at, _)| *at != new).map(|(_, found)| found).collect();
    is_good
        && others.len() == before.len()
        && before.iter().zip(others).all(|(before, after)| {
            before.field == after.field
                && before.verdict == after.verdict
                && before.time_stamp == after.time_stamp
                && (before.coverage == Coverage::Partial) == (after.coverage == Coverage::Partial)
        })
}

/// Why a file cannot be signed, and what that is to the client.
pub(super) fn unsigned(called: &str, error: &sign::Error) -> Error {
    let code = match error {
        sign::Error::Encrypted => ErrorCode::Conformance,
        sign::Error::Document(_) | sign::Error::Damaged { .. } => ErrorCode::Corrupt,
        sign::Error::Locked { .. } | sign::Error::Field { .. } => ErrorCode::UnsupportedFeature,
        sign::Error::TimeStamp { .. } => ErrorCode::External,
        sign::Error::NotSigned => ErrorCode::Internal,
    };
    Error::Refused { code, what: format!("{called} cannot be signed: {error}") }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::{
        domain::Severity,
        engines::signing::{Key, Secret},
    };

    fn found(field: &str, verdict: Verdict, coverage: Coverage) -> Found {
        Found {
            field: field.to_owned(),
            sub_filter: "ETSI.CAdES.detached".to_owned(),
            signer: None,
            coverage,
            verdict,
            time_stamp: None,
        }
    }

    #[test]
    fn an_earlier_signature_that_is_worth_less_than_before_is_noticed() {
        let before = [found("a", Verdict::Valid, Coverage::File), found("b", Verdict::Altered, Coverage::Partial)];
        let new = || found("c", Verdict::Valid, Coverage::File);
        let kept = |a, of_a, b| [found("a", a, of_a), found("b", b, Coverage::Partial), new()];
        assert!(holds(&before, &kept(Verdict::Valid, Coverage::Revision, Verdict::Altered), "c"));
        assert!(!holds(&before, &kept(Verdict::Altered, Coverage::Revision, Verdict::Altered), "c"));
        assert!(!holds(&before, &kept(Verdict::Valid, Coverage::Partial, Verdict::Altered), "c"));
        assert!(!holds(&before, &[found("a", Verdict::Valid, Coverage::Revision), new()], "c"), "one is gone");
        assert!(!holds(&[], &[found("c", Verdict::Forged, Coverage::File)], "c"));
        assert!(!holds(&[], &[found("c", Verdict::Valid, Coverage::Revision)], "c"));
        assert!(!holds(&[], &[], "c"));
    }

    #[test]
    fn a_certificate_that_has_expired_is_told_once() {
        let pkcs12 = include_bytes!("../../pdf/sign/testdata/p256.p12");
        let key = Key { pkcs12: Secret::new(pkcs12), password: Secret::new("secret") };
        let certificate = Certificate { name: "office".to_owned(), key: Some(key) };
        let opened = identity(&certificate).unwrap();
        let asked = Sign { certificate: Some(certificate), ..Sign::default() };
        assert_eq!(told(&asked, Some(&opened), datetime!(2030-01-01 0:00 UTC)), []);
        let events = told(&asked, Some(&opened), datetime!(2130-01-01 0:00 UTC));
        assert_eq!((events.len(), events[0].severity), (1, Severity::Warning));
        assert!(events[0].message.contains("'office'") && events[0].message.contains("expired"), "{events:?}");
    }
}
