//! Whether a signature holds: the content is the one that was signed, and the key is that of the certificate.
//!
//! Not asked is whether the certificate is trusted, valid or revoked: that takes a clock, a network and a list of whom to
//! trust.

use std::fmt;

use der::{
    Any, Decode, Sequence,
    asn1::{ObjectIdentifier, Uint},
};
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

/// Most bits of an RSA key that the library verifies with.
const RSA_BITS_MAX: usize = 8192;

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

/// Parameters of RSASSA-PSS (RFC 4055, 3.1).
#[derive(Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", optional = "true")]
    digest: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", optional = "true")]
    mask: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "2", optional = "true")]
    salt_bytes: Option<u32>,
    #[asn1(context_specific = "3", optional = "true")]
    trailer: Option<Any>,
}

/// A public key (RFC 8017, A.1.1).
#[derive(Sequence)]
struct RsaPublicKey {
    modulus: Uint,
    exponent: Uint,
}

/// How the signature is verified. What the library does not take is sorted out here: it calls that a wrong signature.
fn verification(signer: &Signer, certificate: &Certificate) -> Result<&'static dyn VerificationAlgorithm, String> {
    let key = certificate.key();
    let found = if key.algorithm.oid == oids::RSA {
        let (found, bits_min) = rsa(signer).ok_or_else(|| unknown(signer))?;
        let held = RsaPublicKey::from_der(key.subject_public_key.raw_bytes());
        let bits = held.map_err(|_| "the key of its certificate is damaged")?.modulus.as_bytes().len() * 8;
        (bits_min..=RSA_BITS_MAX).contains(&bits).then_some(found).ok_or_else(|| format!("its key has {bits} bits"))?
    } else {
        // A point may also be written without its second half.
        let is_whole = key.subject_public_key.raw_bytes().first() == Some(&4);
        ecdsa(signer, certificate).filter(|_| is_whole).ok_or_else(|| unknown(signer))?
    };
    Ok(found)
}

fn unknown(signer: &Signer) -> String {
    format!("its algorithm {} is not known, or not with its key and parameters", signer.signature_algorithm.oid)
}

/// How a signature by RSA is verified, and how many bits its key has to have.
fn rsa(signer: &Signer) -> Option<(&'static dyn VerificationAlgorithm, usize)> {
    let algorithm = &signer.signature_algorithm;
    // It may be told without its digest, which then is that of the content (RFC 3370, 3.2).
    let named = if algorithm.oid == oids::RSA { signer.digest_algorithm.oid } else { algorithm.oid };
    match named {
        oids::SHA1 | oids::RSA_SHA1 => Some((&signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, 1024)),
        oids::SHA256 | oids::RSA_SHA256 => Some((&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, 1024)),
        oids::SHA384 | oids::RSA_SHA384 => Some((&signature::RSA_PKCS1_2048_8192_SHA384, 2048)),
        oids::SHA512 | oids::RSA_SHA512 => Some((&signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, 1024)),
        oids::RSA_PSS => match pss_digest(algorithm)? {
            oids::SHA256 => Some((&signature::RSA_PSS_2048_8192_SHA256, 2048)),
            oids::SHA384 => Some((&signature::RSA_PSS_2048_8192_SHA384, 2048)),
            oids::SHA512 => Some((&signature::RSA_PSS_2048_8192_SHA512, 2048)),
            _ => None,
        },
        _ => None,
    }
}

/// The digest of a signature by RSASSA-PSS, if mask and salt go with it as nearly everybody has them.
fn pss_digest(algorithm: &AlgorithmIdentifierOwned) -> Option<ObjectIdentifier> {
    let parameters: PssParameters = algorithm.parameters.as_ref()?.decode_as().ok()?;
    let digest = parameters.digest?.oid;
    let mask: AlgorithmIdentifierOwned = parameters.mask?.parameters?.decode_as().ok()?;
    let salt_bytes = usize::try_from(parameters.salt_bytes?).ok()?;
    (mask.oid == digest && salt_bytes == digest_algorithm(digest)?.output_len()).then_some(digest)
}

fn ecdsa(signer: &Signer, certificate: &Certificate) -> Option<&'static dyn VerificationAlgorithm> {
    match (signer.signature_algorithm.oid, certificate.curve()?) {
        (oids::ECDSA_SHA256, oids::P256) => Some(&signature::ECDSA_P256_SHA256_ASN1),
        (oids::ECDSA_SHA256, oids::P384) => Some(&signature::ECDSA_P384_SHA256_ASN1),
        (oids::ECDSA_SHA384, oids::P256) => Some(&signature::ECDSA_P256_SHA384_ASN1),
        (oids::ECDSA_SHA384, oids::P384) => Some(&signature::ECDSA_P384_SHA384_ASN1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a signature whose content is what was signed.
    fn check(bytes: &[u8]) -> Verdict {
        let data = SignedData::read(bytes).unwrap();
        let digest = data.signer().unwrap().message_digest().unwrap();
        of_detached(&data, |_| digest.clone()).verdict
    }

    // Made by pyHanko 0.38 with the key and the certificates of `chain.p12`.
    #[test]
    fn a_signature_that_the_library_cannot_verify_is_not_called_forged() {
        assert_eq!(check(include_bytes!("testdata/pss.der")), Verdict::Valid);
        assert!(matches!(check(include_bytes!("testdata/pss-long-salt.der")), Verdict::Unknown { .. }));
    }

    #[test]
    fn a_signature_by_another_key_is_forged() {
        let mut bytes = include_bytes!("testdata/pss.der").to_vec();
        let at = memchr::memmem::find(&bytes, b"Chain Example").unwrap();
        // The certificate is the same but for the key: a byte of its modulus.
        let key = at + memchr::memmem::find(bytes.get(at..).unwrap(), &[0x02, 0x82, 0x01, 0x01, 0x00]).unwrap();
        *bytes.get_mut(key + 100).unwrap() ^= 1;
        assert_eq!(check(&bytes), Verdict::Forged);
    }
}
