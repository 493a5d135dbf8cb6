//! What a certificate says, as far as signatures ask (RFC 5280).

use der::{
    Any, Decode, Encode, Tag, Tagged,
    asn1::{BitString, BmpString, ObjectIdentifier, OctetString, Utf8StringRef},
};
use time::OffsetDateTime;
use x509_cert::{
    certificate::{CertificateInner, Raw},
    ext::Extension,
    name::Name,
    spki::SubjectPublicKeyInfoOwned,
    time::Time,
};

use super::oids;

/// A certificate: its bytes as they came, which a signature or a digest may be over, and what is in them.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    read: CertificateInner<Raw>,
}

impl Certificate {
    /// Reads a certificate.
    pub(super) fn read(der: &[u8]) -> Result<Self, der::Error> {
        Ok(Self { der: der.to_vec(), read: CertificateInner::from_der(der)? })
    }

    /// The common name of its subject, else the organisation.
    pub(super) fn name(&self) -> Option<String> {
        let subject = self.read.tbs_certificate().subject();
        part_of_name(subject, oids::COMMON_NAME).or_else(|| part_of_name(subject, oids::ORGANISATION))
    }

    /// The first and the last moment at which it is valid; `None` where one is beyond the calendar.
    pub(super) fn validity(&self) -> Option<(OffsetDateTime, OffsetDateTime)> {
        let validity = self.read.tbs_certificate().validity();
        Some((moment(&validity.not_before)?, moment(&validity.not_after)?))
    }

    /// Its public key, with the algorithm.
    pub(super) fn key(&self) -> &SubjectPublicKeyInfoOwned {
        self.read.tbs_certificate().subject_public_key_info()
    }

    /// The curve of its key, if that is a point on one.
    pub(super) fn curve(&self) -> Option<ObjectIdentifier> {
        self.key().algorithm.parameters.as_ref()?.decode_as().ok()
    }

    /// Its issuer's name and its serial number, which tell it from all others (RFC 5652, 10.2.4).
    pub(super) fn issuer_and_serial(&self) -> Result<Any, der::Error> {
        let held = self.read.tbs_certificate();
        let content = [held.issuer().to_der()?, held.serial_number().to_der()?].concat();
        Any::new(Tag::Sequence, content)
    }

    /// Whether another one's key may have signed it.
    pub(super) fn is_issued_by(&self, other: &Self) -> bool {
        self.read.tbs_certificate().issuer() == other.read.tbs_certificate().subject()
    }

    /// Whether it is its own issuer.
    pub(super) fn is_root(&self) -> bool {
        self.is_issued_by(self)
    }

    /// The identifier of its key.
    pub(super) fn key_identifier(&self) -> Option<Vec<u8>> {
        let found = OctetString::from_der(self.extension(oids::KEY_IDENTIFIER)?.extn_value.as_bytes()).ok()?;
        Some(found.as_bytes().to_vec())
    }

    /// Whether its key may sign documents: no usage is said, or signatures or commitments are (RFC 5280, 4.2.1.3).
    pub(super) fn may_sign(&self) -> bool {
        let Some(usage) = self.extension(oids::KEY_USAGE) else { return true };
        let Ok(usage) = BitString::from_der(usage.extn_value.as_bytes()) else { return false };
        usage.raw_bytes().first().is_some_and(|bits| bits & 0xC0 != 0)
    }

    /// Whether its key is meant for time stamps (RFC 3161, 2.3).
    pub(super) fn may_stamp(&self) -> bool {
        self.extension(oids::EXTENDED_KEY_USAGE)
            .and_then(|usage| Vec::<ObjectIdentifier>::from_der(usage.extn_value.as_bytes()).ok())
            .is_some_and(|usages| usages.contains(&oids::FOR_TIME_STAMPS))
    }

    fn extension(&self, wanted: ObjectIdentifier) -> Option<&Extension> {
        self.read.tbs_certificate().extensions()?.iter().find(|extension| extension.extn_id == wanted)
    }
}

fn part_of_name(name: &Name, wanted: ObjectIdentifier) -> Option<String> {
    let found = name.iter().filter(|part| part.oid == wanted).find_map(|part| text(&part.value))?;
    let found: String = found.chars().filter(|each| !each.is_control()).collect();
    (!found.trim().is_empty()).then_some(found)
}

/// The text of a directory string. Teletex strings are read as Latin-1, as everybody writes them.
fn text(value: &Any) -> Option<String> {
    if value.tag() == Tag::Utf8String {
        return value.decode_as::<Utf8StringRef<'_>>().ok().map(|text| text.as_str().to_owned());
    }
    if value.tag() == Tag::BmpString {
        return value.decode_as::<BmpString>().ok().map(|text| text.to_string());
    }
    matches!(value.tag(), Tag::PrintableString | Tag::Ia5String | Tag::TeletexString)
        .then(|| value.value().iter().map(|byte| char::from(*byte)).collect())
}

fn moment(time: &Time) -> Option<OffsetDateTime> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}
