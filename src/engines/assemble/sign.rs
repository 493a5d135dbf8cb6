//! Each document is signed by itself, in an update behind its bytes, and becomes a file of the job.

use time::OffsetDateTime;

use super::Bench;
use crate::{
    domain::{ErrorCode, Event, EventCode, Rung, metadata::Metadata},
    engines::{
        Error, finish, given,
        protocol::{FileKind, Input, Made},
        serve::{read, write},
        signing::{Certificate, Sign},
    },
    pdf::{
        self,
        sign::{self, Coverage, Found, Identity, Signing, Verdict},
    },
};

/// Signs every document; without a certificate they become files as they are, and the client is told.
pub(super) fn sign(bench: &mut Bench<'_>, asked: &Sign) -> Result<(), Error> {
    let now = finish::moment(bench.assemble.now);
    let identity = asked.certificate.as_ref().map(identity).transpose()?;
    bench.events.extend(told(asked, identity.as_ref(), now));
    let inputs = &bench.assemble.inputs;
    for input in inputs {
        let given = read(&input.file)?;
        let bytes = match &identity {
            Some(identity) => signed(bench, input, &given, identity, asked, now)?,
            None => given,
        };
        publish(bench, input, bytes)?;
    }
    Ok(())
}

/// Makes a file of the job of a document, after it was seen to be what it claims.
pub(super) fn publish(bench: &mut Bench<'_>, input: &Input, bytes: Vec<u8>) -> Result<(), Error> {
    let flavour = given::conforming(&bytes).map_err(|error| refused(input, &error))?;
    write(&bench.output(), &bytes)?;
    let pages = pdf::page_count(&pdf::read(bytes, &[])?.document);
    let (conformance, rung) = finish::words(Some((flavour, Rung::Unchanged)));
    // The only one may be named after the job.
    let name = (bench.assemble.inputs.len() > 1).then(|| file_name(&input.file_name));
    bench.files.push(Made { kind: FileKind::Pdf, name, pages: Some(pages), conformance, rung });
    Ok(())
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

/// A document with one signature more, after the whole of it was looked at.
fn signed(
    bench: &mut Bench<'_>,
    input: &Input,
    given: &[u8],
    identity: &Identity,
    asked: &Sign,
    now: OffsetDateTime,
) -> Result<Vec<u8>, Error> {
    let before = sign::signatures(given).map_err(|error| unsigned(input, &error))?;
    let signing = Signing {
        reason: asked.reason.clone(),
        location: asked.location.clone(),
        contact: asked.contact.clone(),
        // Not asked for, they stay byte for byte.
        metadata: (asked.metadata.0 != Metadata::default()).then_some(&asked.metadata.0),
        time_stamp: asked.time_stamp.as_ref(),
        ..Signing::at(now)
    };
    let signed = sign::sign(given, identity, &signing).map_err(|error| unsigned(input, &error))?;
    let after = sign::signatures(&signed.bytes).map_err(|error| unsigned(input, &error))?;
    if !signed.bytes.starts_with(given) || !holds(&before, &after, &signed.field) {
        let what = format!("the signatures of '{}' do not hold after it was signed", input.file_name);
        return Err(Error::Refused { code: ErrorCode::Internal, what });
    }
    for broken in before.iter().filter(|found| matches!(found.verdict, Verdict::Altered | Verdict::Forged)) {
        let message = format!(
            "The signature '{}' that '{}' came with does not hold: {}.",
            broken.field, input.file_name, broken.verdict
        );
        bench.events.push(Event::warning(EventCode::Generic, message));
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

/// Why a document cannot be signed, and what that is to the client.
pub(super) fn unsigned(input: &Input, error: &sign::Error) -> Error {
    let code = match error {
        sign::Error::Encrypted => ErrorCode::Conformance,
        sign::Error::Document(_) | sign::Error::Damaged { .. } => ErrorCode::Corrupt,
        sign::Error::Locked { .. } | sign::Error::Field { .. } => ErrorCode::UnsupportedFeature,
        sign::Error::TimeStamp { .. } => ErrorCode::External,
        sign::Error::NotSigned => ErrorCode::Internal,
    };
    Error::Refused { code, what: format!("'{}' cannot be signed: {error}", input.file_name) }
}

fn refused(input: &Input, error: &Error) -> Error {
    Error::Refused { code: ErrorCode::Conformance, what: format!("'{}': {error}", input.file_name) }
}

/// The name of a document as that of a PDF.
fn file_name(label: &str) -> String {
    let name = label.rsplit(['/', '\\']).next().unwrap_or(label);
    if name.to_lowercase().ends_with(".pdf") { name.to_owned() } else { format!("{name}.pdf") }
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

    #[test]
    fn a_result_is_named_as_its_document_and_as_a_pdf() {
        for (label, name) in [("a.pdf", "a.pdf"), ("in/B.PDF", "B.PDF"), ("c:\\d", "d.pdf"), ("x.bin", "x.bin.pdf")] {
            assert_eq!(file_name(label), name);
        }
    }
}
