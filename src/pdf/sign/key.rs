//! Private keys, and what is signed with them.

use der::{
    Any, Decode, Sequence,
    asn1::{BitString, OctetString},
};
use ring::{
    digest::{self, Algorithm},
    rand::SystemRandom,
    signature::{self, EcdsaKeyPair, RsaKeyPair},
};
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{Error, IdentityError, certificate::Certificate, oids};

/// The kinds of key that there are, for messages.
const KINDS: &str = "it has to be RSA of 2048 to 4096 bits, or ECDSA on P-256 or P-384";

/// Parts of a private key in PKCS#8 (RFC 5208, 5).
#[derive(Sequence)]
struct PrivateKeyInfo {
    version: u8,
    algorithm: AlgorithmIdentifierOwned,
    key: OctetString,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    attributes: Option<Vec<Any>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    public: Option<BitString>,
}

/// A private key on a curve (RFC 5915, 3).
#[derive(Sequence)]
struct EcPrivateKey {
    version: u8,
    key: OctetString,
    #[asn1(context_specific = "0", optional = "true")]
    curve: Option<Any>,
    #[asn1(context_specific = "1", optional = "true")]
    public: Option<BitString>,
}

/// A private key that can sign.
pub(super) enum Key {
    /// RSA; signs by PKCS#1 v1.5 with SHA-256.
    Rsa(Box<RsaKeyPair>),
    /// ECDSA on P-256 with SHA-256.
    P256(EcdsaKeyPair),
    /// ECDSA on P-384. Its size asks for SHA-384 (RFC 5753, 8).
    P384(EcdsaKeyPair),
}

impl Key {
    /// Reads a private key, which has to be that of the certificate; `None` when it is another's.
    ///
    /// # Errors
    /// `UnsupportedKey` when it is of another kind or size, or damaged.
    pub(super) fn read(pkcs8: &[u8], certificate: &Certificate) -> Result<Option<Self>, IdentityError> {
        let unsupported = |what: &str| IdentityError::UnsupportedKey { what: format!("{what}; {KINDS}") };
        let info = PrivateKeyInfo::from_der(pkcs8).map_err(|_| unsupported("it is damaged"))?;
        let algorithm = info.algorithm.oid;
        if algorithm != certificate.key().algorithm.oid {
            return Ok(None);
        }
        let public = certificate.key().subject_public_key.raw_bytes();
        if algorithm == oids::RSA {
            let key = RsaKeyPair::from_pkcs8(pkcs8).map_err(|error| unsupported(&format!("RSA says {error}")))?;
            return Ok((key.public().as_ref() == public).then(|| Self::Rsa(Box::new(key))));
        }
        if algorithm != oids::EC {
            return Err(unsupported("it is of another kind"));
        }
        let curve = info.algorithm.parameters.and_then(|curve| curve.decode_as().ok());
        if curve != certificate.curve() {
            return Ok(None);
        }
        let (algorithm, wrap): (_, fn(EcdsaKeyPair) -> Self) = match curve {
            Some(oids::P256) => (&signature::ECDSA_P256_SHA256_ASN1_SIGNING, Self::P256),
            Some(oids::P384) => (&signature::ECDSA_P384_SHA384_ASN1_SIGNING, Self::P384),
            Some(_) | None => return Err(unsupported("it is on another curve")),
        };
        let held = EcPrivateKey::from_der(info.key.as_bytes()).map_err(|_| unsupported("it is damaged"))?;
        // Not every file holds the public half as well, so that it is taken from the certificate.
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(algorithm, held.key.as_bytes(), public, &SystemRandom::new());
        Ok(pair.ok().map(wrap))
    }

    /// The digest that goes with the key.
    pub(super) fn digest(&self) -> &'static Algorithm {
        match self {
            Self::Rsa(_) | Self::P256(_) => &digest::SHA256,
            Self::P384(_) => &digest::SHA384,
        }
    }

    /// The algorithms of the digest and of the signature, as a signature tells them (RFC 5754, 2 and 3).
    pub(super) fn algorithms(&self) -> (AlgorithmIdentifierOwned, AlgorithmIdentifierOwned) {
        let (digest, signature, parameters) = match self {
            Self::Rsa(_) => (oids::SHA256, oids::RSA_SHA256, Some(Any::null())),
            Self::P256(_) => (oids::SHA256, oids::ECDSA_SHA256, None),
            Self::P384(_) => (oids::SHA384, oids::ECDSA_SHA384, None),
        };
        (
            AlgorithmIdentifierOwned { oid: digest, parameters: None },
            AlgorithmIdentifierOwned { oid: signature, parameters },
        )
    }

    /// Signs a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| Error::NotSigned)?;
                Ok(signature)
            }
            Self::P256(key) | Self::P384(key) => {
                key.sign(&random, message).map(|signature| signature.as_ref().to_vec()).map_err(|_| Error::NotSigned)
            }
        }
    }
}
