//! Whether a signature holds: the content is the one that was signed, and the key is that of the certificate.
//!
//! Not asked is whether the certificate is trusted, valid or revoked: that takes a clock, a network and a list of whom to
//! trust.

use std::fmt;

use der::{Any, Sequence, asn1::ObjectIdentifier};
use ring::{
    digest::{self, Algorithm},
    signature::{self, UnparsedPublicKey, VerificationAlgorithm},
};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{
    certificate::Certificate,
    cms::{SignedData, Signer},
    oids,
};

/// Whether a signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The content is what was signed, by the key of the certificate.
    Valid,
    /// The content is another than was signed.
    Altered,
    /// The signature was not made by the key of the certificate, or was changed.
    Forged,
    /// It cannot be told.
    Unknown {
        /// What stands against it.
        why: String,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Valid => formatter.write_str("it holds"),
            Self::Altered => formatter.write_str("the content was altered"),
            Self::Forged => formatter.write_str("the key of its certificate did not make it"),
            Self::Unknown { why } => formatter.write_str(why),
        }
    }
}

/// A signature that was looked at.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    pub(super) verdict: Verdict,
    /// The signer's certificate, if it is there.
    pub(super) certificate: Option<Certificate>,
}

impl Checked {
    pub(super) fn unknown(why: impl Into<String>) -> Self {
        Self { verdict: Verdict::Unknown { why: why.into() }, certificate: None }
    }
}

/// Looks at a signature of content that is elsewhere, whose digest is asked for.
pub(super) fn of_detached(data: &SignedData, digest: impl FnOnce(&'static Algorithm) -> Vec<u8>) -> Checked {
    let Some(signer) = data.signer() else { return Checked::unknown("it does not have exactly one signer") };
    let certificate = data.certificate(signer);
    let verdict = match &certificate {
        Some(certificate) => judge(signer, certificate, digest).unwrap_or_else(|why| Verdict::Unknown { why }),
        None => Verdict::Unknown { why: "the certificate of the signer is not in it".to_owned() },
    };
    Checked { verdict, certificate }
}

/// Looks at a signature of the content that it holds itself.
pub(super) fn of_held(data: &SignedData) -> Checked {
    let Some(held) = data.held() else { return Checked::unknown("it does not hold what it signs") };
    of_detached(data, |algorithm| digest::digest(algorithm, held.as_bytes()).as_ref().to_vec())
}

fn judge(
    signer: &Signer,
    certificate: &Certificate,
    digest: impl FnOnce(&'static Algorithm) -> Vec<u8>,
) -> Result<Verdict, String> {
    let wanted = digest_algorithm(signer.digest_algorithm.oid).ok_or("its digest is of a kind that is not known")?;
    let (Some(signed), Some(message_digest)) = (signer.signed(), signer.message_digest()) else {
        return Err("it has no signed attributes".to_owned());
    };
    let algorithm = verification(signer, certificate)?;
    let key = UnparsedPublicKey::new(algorithm, certificate.key().subject_public_key.raw_bytes());
    if key.verify(&signed, signer.signature.as_bytes()).is_err() {
        return Ok(Verdict::Forged);
    }
    Ok(if digest(wanted) == message_digest { Verdict::Valid } else { Verdict::Altered })
}

/// The digest that an identifier names.
pub(super) fn digest_algorithm(oid: ObjectIdentifier) -> Option<&'static Algorithm> {
    match oid {
        oids::SHA1 => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        oids::SHA256 => Some(&digest::SHA256),
        oids::SHA384 => Some(&digest::SHA384),
        oids::SHA512 => Some(&digest::SHA512),
        _ => None,
    }
}

/// Parameters of RSASSA-PSS (RFC 4055, 3.1); all but the digest have to go with it.
#[derive(Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", optional = "true")]
    digest: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", optional = "true")]
    mask: Option<Any>,
    #[asn1(context_specific = "2", optional = "true")]
    salt: Option<Any>,
    #[asn1(context_specific = "3", optional = "true")]
    trailer: Option<Any>,
}

/// How the signature is verified.
fn verification(signer: &Signer, certificate: &Certificate) -> Result<&'static dyn VerificationAlgorithm, String> {
    let algorithm = &signer.signature_algorithm;
    // Plain RSA is told without its digest, which then is that of the content (RFC 3370, 3.2).
    let named = if algorithm.oid == oids::RSA { signer.digest_algorithm.oid } else { algorithm.oid };
    let found: Option<&'static dyn VerificationAlgorithm> = match named {
        oids::SHA1 | oids::RSA_SHA1 => Some(&signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        oids::SHA256 | oids::RSA_SHA256 => Some(&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        oids::SHA384 | oids::RSA_SHA384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        oids::SHA512 | oids::RSA_SHA512 => Some(&signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        oids::RSA_PSS => match pss_digest(algorithm) {
            Some(oids::SHA256) => Some(&signature::RSA_PSS_2048_8192_SHA256),
            Some(oids::SHA384) => Some(&signature::RSA_PSS_2048_8192_SHA384),
            Some(oids::SHA512) => Some(&signature::RSA_PSS_2048_8192_SHA512),
            _ => None,
        },
        oids::ECDSA_SHA256 => match certificate.curve() {
            Some(oids::P256) => Some(&signature::ECDSA_P256_SHA256_ASN1),
            Some(oids::P384) => Some(&signature::ECDSA_P384_SHA256_ASN1),
            _ => None,
        },
        oids::ECDSA_SHA384 => match certificate.curve() {
            Some(oids::P256) => Some(&signature::ECDSA_P256_SHA384_ASN1),
            Some(oids::P384) => Some(&signature::ECDSA_P384_SHA384_ASN1),
            _ => None,
        },
        _ => None,
    };
    found.ok_or_else(|| format!("its algorithm {} is not known", algorithm.oid))
}

fn pss_digest(algorithm: &AlgorithmIdentifierOwned) -> Option<ObjectIdentifier> {
    algorithm.parameters.as_ref()?.decode_as::<PssParameters>().ok()?.digest.map(|digest| digest.oid)
}
