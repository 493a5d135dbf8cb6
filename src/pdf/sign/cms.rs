//! Signatures as the Cryptographic Message Syntax has them (RFC 5652), with what PAdES asks for (ETSI EN 319 142-1, 6.3).
//!
//! What a signature or a digest may be over stays as it came: certificates, attributes and tokens are kept as [`Any`], and
//! sets under a context tag as sequences, which are written alike but are not sorted.

use der::{
    Any, Decode, Encode, Sequence, SliceReader, Tag, Tagged, ValueOrd,
    asn1::{ObjectIdentifier, OctetString, SetOfVec},
};
use ring::digest;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{Error, Identity, ber, certificate::Certificate, oids};

/// What holds any content of the syntax.
#[derive(Debug, Clone, Sequence)]
struct ContentInfo {
    kind: ObjectIdentifier,
    #[asn1(context_specific = "0")]
    content: Any,
}

/// Signed content, or a signature for content that is elsewhere.
#[derive(Debug, Clone, Sequence)]
pub(super) struct SignedData {
    version: u8,
    digest_algorithms: SetOfVec<AlgorithmIdentifierOwned>,
    pub(super) content: Content,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    certificates: Option<Vec<Any>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    revocations: Option<Vec<Any>>,
    signers: SetOfVec<Signer>,
}

/// What is signed.
#[derive(Debug, Clone, Sequence)]
pub(super) struct Content {
    pub(super) kind: ObjectIdentifier,
    #[asn1(context_specific = "0", optional = "true")]
    bytes: Option<Any>,
}

/// One signature.
#[derive(Debug, Clone, Sequence, ValueOrd)]
pub(super) struct Signer {
    version: u8,
    identifier: Any,
    pub(super) digest_algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    signed: Option<Vec<Any>>,
    pub(super) signature_algorithm: AlgorithmIdentifierOwned,
    pub(super) signature: OctetString,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    unsigned: Option<Vec<Any>>,
}

/// An attribute of a signature.
#[derive(Debug, Clone, Sequence)]
struct Attribute {
    kind: ObjectIdentifier,
    values: SetOfVec<Any>,
}

/// Binds a signature to its certificate (RFC 5035, 3). Without an algorithm the digest is SHA-256.
#[derive(Debug, Clone, Sequence)]
struct SigningCertificate {
    certificates: Vec<CertificateIdentifier>,
}

#[derive(Debug, Clone, Sequence)]
struct CertificateIdentifier {
    digest: OctetString,
}

impl SignedData {
    /// Signs a digest of content that is elsewhere, or content that it then holds.
    pub(super) fn sign(identity: &Identity, kind: ObjectIdentifier, content: &Signed<'_>) -> Result<Self, Error> {
        let key = &identity.key;
        let leaf = identity.chain.first().ok_or(Error::NotSigned)?;
        let (digest_algorithm, signature_algorithm) = key.algorithms();
        let (message_digest, bytes) = match content {
            Signed::Elsewhere { digest } => (digest.to_vec(), None),
            #[cfg(test)]
            Signed::Held { bytes } => {
                let held = OctetString::new(*bytes).and_then(|bytes| Any::encode_from(&bytes));
                (digest::digest(key.digest(), bytes).as_ref().to_vec(), Some(held.map_err(built)?))
            }
        };
        let signed = signed_attributes(kind, &message_digest, leaf).map_err(built)?;
        let signature = key.sign(&as_set(&signed).map_err(built)?)?;
        let build = || {
            let signer = Signer {
                version: 1,
                identifier: leaf.issuer_and_serial()?,
                digest_algorithm: digest_algorithm.clone(),
                signed: Some(signed),
                signature_algorithm,
                signature: OctetString::new(signature)?,
                unsigned: None,
            };
            let certificates = identity.chain.iter().map(|each| Any::from_der(&each.der)).collect::<Result<_, _>>()?;
            Ok(Self {
                // Content of another kind than plain data asks for version 3 (RFC 5652, 5.1).
                version: if kind == oids::DATA { 1 } else { 3 },
                digest_algorithms: SetOfVec::try_from(vec![digest_algorithm.clone()])?,
                content: Content { kind, bytes },
                certificates: Some(certificates),
                revocations: None,
                signers: SetOfVec::try_from(vec![signer])?,
            })
        };
        build().map_err(built)
    }

    /// Reads a signature. What stands behind it is passed over: PDF fills its place up with zeros.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, der::Error> {
        Self::read_der(bytes).or_else(|error| Self::read_der(&ber::to_der(bytes).ok_or(error)?))
    }

    fn read_der(bytes: &[u8]) -> Result<Self, der::Error> {
        let mut reader = SliceReader::new(bytes)?;
        let info = ContentInfo::decode(&mut reader)?;
        if info.kind != oids::SIGNED_DATA {
            return Err(Tag::Sequence.value_error().into());
        }
        info.content.decode_as()
    }

    /// Its bytes.
    pub(super) fn write(&self) -> Result<Vec<u8>, Error> {
        let build = || ContentInfo { kind: oids::SIGNED_DATA, content: Any::encode_from(self)? }.to_der();
        build().map_err(built)
    }

    /// The one signature; `None` when there are none or several, of which PDF knows nothing (ISO 32000-1, 12.8.3.3.1).
    pub(super) fn signer(&self) -> Option<&Signer> {
        self.signers.get(0).filter(|_| self.signers.len() == 1)
    }

    /// The content, if it is in here.
    pub(super) fn held(&self) -> Option<OctetString> {
        self.content.bytes.as_ref()?.decode_as().ok()
    }

    /// The certificate of a signature.
    pub(super) fn certificate(&self, signer: &Signer) -> Option<Certificate> {
        let held = self.certificates.iter().flatten().filter_map(|held| Certificate::read(&held.to_der().ok()?).ok());
        let mut held = held.filter(|certificate| signer.is_of(certificate));
        held.next()
    }

    /// The certificates in it, for tests.
    #[cfg(test)]
    pub(super) fn certificates(&self) -> &[Any] {
        self.certificates.as_deref().unwrap_or_default()
    }

    /// Adds a time stamp of the signature (ETSI EN 319 122-1, 5.3).
    pub(super) fn add_time_stamp(&mut self, token: Any) -> Result<(), Error> {
        let mut signer = self.signer().cloned().ok_or(Error::NotSigned)?;
        let build = || {
            signer.unsigned = Some(vec![attribute(oids::TIME_STAMP_TOKEN, token)?]);
            self.signers = SetOfVec::try_from(vec![signer])?;
            Ok(())
        };
        build().map_err(built)
    }
}

/// What is signed.
pub(super) enum Signed<'a> {
    /// It is elsewhere; this is its digest.
    Elsewhere { digest: &'a [u8] },
    /// It is held by the signature, as in time stamps. We check these, and make them in tests alone.
    #[cfg(test)]
    Held { bytes: &'a [u8] },
}

impl Signer {
    /// Whether a certificate is the signer's: it is named by issuer and number, or by the identifier of its key.
    fn is_of(&self, certificate: &Certificate) -> bool {
        if self.identifier.tag() == Tag::Sequence {
            return certificate.issuer_and_serial().is_ok_and(|name| name == self.identifier);
        }
        certificate.key_identifier().is_some_and(|identifier| identifier == self.identifier.value())
    }

    /// The signed attributes, as the signature is over them; `None` when there are none.
    pub(super) fn signed(&self) -> Option<Vec<u8>> {
        as_set(self.signed.as_ref()?).ok()
    }

    /// The kinds of the signed attributes, for tests.
    #[cfg(test)]
    pub(super) fn signed_kinds(&self) -> Vec<ObjectIdentifier> {
        self.signed.iter().flatten().map(|held| held.decode_as::<Attribute>().unwrap().kind).collect()
    }

    /// The digest of the content that the signature is over.
    pub(super) fn message_digest(&self) -> Option<Vec<u8>> {
        let found: OctetString = value(self.signed.as_ref()?, oids::MESSAGE_DIGEST)?.decode_as().ok()?;
        Some(found.as_bytes().to_vec())
    }

    /// The time stamp of the signature, as a signature of its own.
    pub(super) fn time_stamp(&self) -> Option<Vec<u8>> {
        value(self.unsigned.as_ref()?, oids::TIME_STAMP_TOKEN)?.to_der().ok()
    }
}

/// The first value of an attribute.
fn value(attributes: &[Any], wanted: ObjectIdentifier) -> Option<Any> {
    let mut read = attributes.iter().filter_map(|held| held.decode_as::<Attribute>().ok());
    read.find(|attribute| attribute.kind == wanted)?.values.get(0).cloned()
}

fn attribute(kind: ObjectIdentifier, value: Any) -> Result<Any, der::Error> {
    Any::encode_from(&Attribute { kind, values: SetOfVec::try_from(vec![value])? })
}

/// The attributes that PAdES asks to be signed. There is no time among them: a PDF says it beside the signature.
fn signed_attributes(kind: ObjectIdentifier, digest: &[u8], leaf: &Certificate) -> Result<Vec<Any>, der::Error> {
    let bound = digest::digest(&digest::SHA256, &leaf.der);
    let bound = CertificateIdentifier { digest: OctetString::new(bound.as_ref())? };
    let bound = SigningCertificate { certificates: vec![bound] };
    let mut attributes = vec![
        attribute(oids::CONTENT_TYPE, Any::encode_from(&kind)?)?,
        attribute(oids::MESSAGE_DIGEST, Any::encode_from(&OctetString::new(digest)?)?)?,
        attribute(oids::SIGNING_CERTIFICATE_V2, Any::encode_from(&bound)?)?,
    ];
    attributes.sort_by_cached_key(|attribute| attribute.to_der().unwrap_or_default());
    Ok(attributes)
}

/// Attributes as a set with a tag of its own, in their order: this is what is signed (RFC 5652, 5.4).
fn as_set(attributes: &Vec<Any>) -> Result<Vec<u8>, der::Error> {
    let content = Any::encode_from(attributes)?;
    Any::new(Tag::Set, content.value())?.to_der()
}

/// Writing fails when something has 256 MiB, which no part of a signature of ours has.
fn built(_: der::Error) -> Error {
    Error::NotSigned
}
