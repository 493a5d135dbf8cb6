//! Time stamps of signatures (RFC 3161): what a server is asked, and whether its answer is for what it was asked.

use der::{
    Any, Decode, Encode, Sequence,
    asn1::{ObjectIdentifier, OctetString, Uint},
};
use ring::{
    digest,
    rand::{SecureRandom, SystemRandom},
};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{
    Error,
    cms::SignedData,
    oids,
    verdict::{self, Verdict},
};

/// Most bytes of a time stamp that a signature has room for. Those of public servers have 6 KiB with their certificates.
pub(super) const TOKEN_BYTES_MAX: usize = 24 << 10;

/// Most characters that are told of what a server says.
const TEXT_CHARS_MAX: usize = 200;

/// Bytes of the number that ties an answer to its question.
const NONCE_BYTES: usize = 8;

/// Gets time stamps from a server.
pub trait TimeStamper {
    /// The answer (DER `TimeStampResp`, `application/timestamp-reply`) to a request (DER `TimeStampReq`,
    /// `application/timestamp-query`). It is checked here, not there.
    ///
    /// # Errors
    /// Why there is none, in words.
    fn stamp(&self, request: &[u8]) -> Result<Vec<u8>, String>;
}

#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
struct Imprint {
    algorithm: AlgorithmIdentifierOwned,
    digest: OctetString,
}

#[derive(Debug, Clone, Sequence)]
struct TimeStampReq {
    version: u8,
    imprint: Imprint,
    nonce: Uint,
    wants_certificate: bool,
}

#[derive(Debug, Clone, Sequence)]
struct TimeStampResp {
    status: Status,
    #[asn1(optional = "true")]
    token: Option<Any>,
}

#[derive(Debug, Clone, Sequence)]
struct Status {
    status: u8,
    #[asn1(optional = "true")]
    text: Option<Vec<String>>,
    #[asn1(optional = "true")]
    failure: Option<der::asn1::BitString>,
}

/// What a time stamp says.
#[derive(Debug, Clone, Sequence)]
struct Info {
    version: u8,
    policy: ObjectIdentifier,
    imprint: Imprint,
    serial: Any,
    time: Any,
    #[asn1(optional = "true")]
    accuracy: Option<Accuracy>,
    #[asn1(optional = "true")]
    is_ordered: Option<bool>,
    #[asn1(optional = "true")]
    nonce: Option<Uint>,
    #[asn1(context_specific = "0", optional = "true")]
    server: Option<Any>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    extensions: Option<Vec<Any>>,
}

#[derive(Debug, Clone, Sequence)]
struct Accuracy {
    #[asn1(optional = "true")]
    seconds: Option<u32>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    millis: Option<u16>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    micros: Option<u16>,
}

/// A question to a server.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// Its bytes.
    pub(super) der: Vec<u8>,
    asked: TimeStampReq,
}

impl Request {
    /// Asks for a stamp of bytes, with the server's certificate in it.
    pub(super) fn new(stamped: &[u8]) -> Result<Self, Error> {
        let mut nonce = [0; NONCE_BYTES];
        SystemRandom::new().fill(&mut nonce).map_err(|_| Error::NotSigned)?;
        // Numbers are written without leading zeros, and every server takes a positive one.
        nonce[0] |= 1;
        let build = || {
            let digest = digest::digest(&digest::SHA256, stamped);
            let algorithm = AlgorithmIdentifierOwned { oid: oids::SHA256, parameters: None };
            let imprint = Imprint { algorithm, digest: OctetString::new(digest.as_ref())? };
            let asked = TimeStampReq { version: 1, imprint, nonce: Uint::new(&nonce)?, wants_certificate: true };
            Ok(Self { der: asked.to_der()?, asked })
        };
        build().map_err(|_: der::Error| Error::NotSigned)
    }

    /// The time stamp in an answer, after everything in it was checked but for who the server is.
    pub(super) fn token(&self, answer: &[u8]) -> Result<Any, Error> {
        let answer = TimeStampResp::from_der(answer)
            .map_err(|error| Error::time_stamp(format!("the server's answer cannot be read: {error}")))?;
        // 0 is granted, 1 is granted with changes (RFC 3161, 2.4.2).
        if answer.status.status > 1 {
            let text: String = answer.status.text.unwrap_or_default().join(" ").chars().take(TEXT_CHARS_MAX).collect();
            return Err(Error::time_stamp(format!("the server refused with status {}: {text}", answer.status.status)));
        }
        let token = answer.token.ok_or_else(|| Error::time_stamp("the server's answer has none"))?;
        let der = token.to_der().map_err(|_| Error::time_stamp("it cannot be read"))?;
        if der.len() > TOKEN_BYTES_MAX {
            let (has, room) = (der.len() >> 10, TOKEN_BYTES_MAX >> 10);
            return Err(Error::time_stamp(format!("it has {has} KiB, and the signature has room for {room}")));
        }
        let (info, data) = read(&der).ok_or_else(|| Error::time_stamp("it cannot be read"))?;
        if !info.is_of(&self.asked.imprint) {
            return Err(Error::time_stamp("it is not for this signature"));
        }
        if info.nonce.as_ref() != Some(&self.asked.nonce) {
            return Err(Error::time_stamp("it answers another request"));
        }
        let checked = verdict::of_held(&data);
        if checked.verdict != Verdict::Valid {
            return Err(Error::time_stamp(format!("its own signature does not hold: {}", checked.verdict)));
        }
        if !checked.certificate.is_some_and(|certificate| certificate.may_stamp()) {
            return Err(Error::time_stamp("the server's certificate is not one for time stamps"));
        }
        Ok(token)
    }
}

impl Info {
    /// Whether it is for the same bytes. An algorithm without parameters may also be written with a null.
    fn is_of(&self, imprint: &Imprint) -> bool {
        let has_parameters = self.imprint.algorithm.parameters.as_ref().is_some_and(|held| !held.is_null());
        self.imprint.algorithm.oid == imprint.algorithm.oid && !has_parameters && self.imprint.digest == imprint.digest
    }
}

/// What a time stamp says, and the signature that it is.
fn read(token: &[u8]) -> Option<(Info, SignedData)> {
    let data = SignedData::read(token).ok()?;
    let info = Info::from_der(data.held()?.as_bytes()).ok()?;
    (data.content.kind == oids::TIME_STAMP_INFO).then_some((info, data))
}

/// Whether a time stamp holds, and is for what a digest is of.
pub(super) fn verdict(token: &[u8], digest: impl Fn(&'static digest::Algorithm) -> Vec<u8>) -> verdict::Checked {
    let Some((info, data)) = read(token) else { return verdict::Checked::unknown("the time stamp cannot be read") };
    let Some(algorithm) = verdict::digest_algorithm(info.imprint.algorithm.oid) else {
        return verdict::Checked::unknown("the time stamp has a digest that is not known");
    };
    let mut checked = verdict::of_held(&data);
    if checked.verdict == Verdict::Valid && digest(algorithm) != info.imprint.digest.as_bytes() {
        checked.verdict = Verdict::Altered;
    }
    checked
}

/// Answers requests as a server does, for tests.
#[cfg(test)]
pub(super) mod server {
    use super::*;
    use crate::pdf::sign::{Identity, cms};

    /// An answer with a stamp by an identity for whatever is asked, after a change of what it says.
    pub(crate) fn answer(identity: &Identity, request: &[u8], change: impl Fn(&mut Vec<u8>, &mut Vec<u8>)) -> Vec<u8> {
        let asked = TimeStampReq::from_der(request).unwrap();
        let (mut digest, mut nonce) = (asked.imprint.digest.as_bytes().to_vec(), asked.nonce.as_bytes().to_vec());
        change(&mut digest, &mut nonce);
        let info = Info {
            version: 1,
            policy: ObjectIdentifier::new_unwrap("1.2.3.4.1"),
            imprint: Imprint { digest: OctetString::new(digest).unwrap(), ..asked.imprint },
            serial: Any::encode_from(&7_u8).unwrap(),
            time: Any::new(der::Tag::GeneralizedTime, *b"20260102030405.123Z").unwrap(),
            accuracy: Some(Accuracy { seconds: Some(1), millis: Some(5), micros: None }),
            is_ordered: None,
            nonce: Some(Uint::new(&nonce).unwrap()),
            server: None,
            extensions: None,
        };
        let info = info.to_der().unwrap();
        let data =
            SignedData::sign(identity, oids::TIME_STAMP_INFO, &cms::Signed::Held { bytes: &info }).unwrap().write();
        let status = Status { status: 0, text: None, failure: None };
        TimeStampResp { status, token: Some(Any::from_der(&data.unwrap()).unwrap()) }.to_der().unwrap()
    }

    /// An answer that refuses.
    pub(crate) fn refusal() -> Vec<u8> {
        let status = Status { status: 2, text: Some(vec!["out of ink".to_owned()]), failure: None };
        TimeStampResp { status, token: None }.to_der().unwrap()
    }
}
