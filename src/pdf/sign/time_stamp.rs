//! Time stamps of signatures (RFC 3161): what a server is asked, and whether its answer is for what it was asked.

use der::{
    Any, Decode, Encode, Sequence,
    asn1::{ObjectIdentifier, OctetString, Uint},
};
use ring::{
    digest,
    rand::{SecureRandom, SystemRandom},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
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

/// How a server of time stamps is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// The digest of the signature that it stamps.
    pub digest: StampDigest,
    /// The policy under which it is to stamp; else its own.
    pub policy: Option<Policy>,
}

/// A digest that a server stamps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StampDigest {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl StampDigest {
    const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha256 => oids::SHA256,
            Self::Sha384 => oids::SHA384,
            Self::Sha512 => oids::SHA512,
        }
    }
}

/// The rules by which a server stamps: an object identifier, as in `1.3.6.1.4.1.4146.2.3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Policy(ObjectIdentifier);

impl From<Policy> for String {
    fn from(policy: Policy) -> Self {
        policy.0.to_string()
    }
}

impl TryFrom<String> for Policy {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "a policy is an object identifier, as in 1.3.6.1.4.1.4146.2.3";
        ObjectIdentifier::new(&text).map(Self).map_err(|_| wrong)
    }
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
    #[asn1(optional = "true")]
    policy: Option<ObjectIdentifier>,
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
pub(super) struct Request(TimeStampReq);

impl Request {
    /// Asks for a stamp of bytes, with the server's certificate in it.
    pub(super) fn new(stamped: &[u8], asking: &Asking) -> Result<Self, Error> {
        let mut nonce = [0; NONCE_BYTES];
        SystemRandom::new().fill(&mut nonce).map_err(|_| Error::NotSigned)?;
        // Numbers are written without leading zeros, and every server takes a positive one.
        nonce[0] |= 1;
        let oid = asking.digest.oid();
        let digest = digest::digest(verdict::digest_algorithm(oid).ok_or(Error::NotSigned)?, stamped);
        let build = || {
            let algorithm = AlgorithmIdentifierOwned { oid, parameters: None };
            let imprint = Imprint { algorithm, digest: OctetString::new(digest.as_ref())? };
            let policy = asking.policy.map(|policy| policy.0);
            Ok(Self(TimeStampReq { version: 1, imprint, policy, nonce: Uint::new(&nonce)?, wants_certificate: true }))
        };
        build().map_err(|_: der::Error| Error::NotSigned)
    }

    /// Reads what was asked.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Error> {
        TimeStampReq::from_der(bytes).map(Self).map_err(|_| Error::time_stamp("what was asked cannot be read"))
    }

    /// Its bytes.
    pub(super) fn write(&self) -> Result<Vec<u8>, Error> {
        self.0.to_der().map_err(|_| Error::NotSigned)
    }

    /// Whether it asks for a stamp of these bytes.
    pub(super) fn is_for(&self, stamped: &[u8]) -> bool {
        let Imprint { algorithm, digest } = &self.0.imprint;
        verdict::digest_algorithm(algorithm.oid)
            .is_some_and(|known| digest::digest(known, stamped).as_ref() == digest.as_bytes())
    }

    /// The time stamp in an answer, after everything in it was checked but for who the server is.
    pub(super) fn token(&self, answer: &[u8]) -> Result<Any, Error> {
        let answer = TimeStampResp::from_der(answer)
            .map_err(|error| Error::time_stamp(format!("the server's answer cannot be read: {error}")))?;
        // 0 is granted, 1 is granted with changes (RFC 3161, 2.4.2).
        if answer.status.status > 1 {
            let text = answer.status.text.unwrap_or_default().join(" ");
            let text: String = text.chars().filter(|char| !char.is_control()).take(TEXT_CHARS_MAX).collect();
            return Err(Error::time_stamp(format!("the server refused with status {}: {text}", answer.status.status)));
        }
        let token = answer.token.ok_or_else(|| Error::time_stamp("the server's answer has none"))?;
        let der = token.to_der().map_err(|_| Error::time_stamp("it cannot be read"))?;
        if der.len() > TOKEN_BYTES_MAX {
            let (has, room) = (der.len() >> 10, TOKEN_BYTES_MAX >> 10);
            return Err(Error::time_stamp(format!("it has {has} KiB, and the signature has room for {room}")));
        }
        let (info, data) = read(&der).ok_or_else(|| Error::time_stamp("it cannot be read"))?;
        if !info.is_of(&self.0.imprint) {
            return Err(Error::time_stamp("it is not for this signature"));
        }
        if info.nonce.as_ref() != Some(&self.0.nonce) {
            return Err(Error::time_stamp("it answers another request"));
        }
        if self.0.policy.is_some_and(|policy| policy != info.policy) {
            return Err(Error::time_stamp("it is made under another policy than the one that was asked for"));
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
            policy: asked.policy.unwrap_or(ObjectIdentifier::new_unwrap("1.2.3.4.1")),
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

    /// An answer under the server's own policy, whichever was asked for.
    pub(crate) fn of_own_policy(identity: &Identity, request: &[u8]) -> Vec<u8> {
        let asked = TimeStampReq { policy: None, ..TimeStampReq::from_der(request).unwrap() };
        answer(identity, &asked.to_der().unwrap(), |_, _| {})
    }

    /// An answer that refuses.
    pub(crate) fn refusal() -> Vec<u8> {
        let status = Status { status: 2, text: Some(vec!["out of ink".to_owned()]), failure: None };
        TimeStampResp { status, token: None }.to_der().unwrap()
    }
}
