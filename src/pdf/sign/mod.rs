//! Signs a PDF by PAdES (ETSI EN 319 142-1), baseline B-B, or B-T with a time stamp; and looks at the signatures that a
//! file has.
//!
//! ```text
//! PKCS#12 ─► [`Identity`] ─┐
//! file ────────────────────┴► [`sign()`] ─► file, B-B ──────────────┐
//!                                  └► request ─► server ─► answer ──┴► [`stamp()`] ─► file, B-T
//! ```
//!
//! The file in the middle is a whole one: its signature holds, and has room for a time stamp. So whoever asks the server needs
//! no key, and whoever has the key no network.
//!
//! Knows no clock, network or list of trusted certificates. It takes random numbers from the system: ECDSA and time
//! stamps need them.
//!
//! Invariants:
//! 1. The bytes of the file stay as they are; all that is new stands behind them ([`update`]). So signatures that are
//!    there stay valid, and so does PDF/A: the field is not seen, has an appearance, and is printed.
//! 2. What is written again of an object is copied byte for byte ([`base`]).
//! 3. A file that readers have to mend, that is encrypted, or whose signatures allow no more, is refused.
//! 4. Signing twice makes two signatures: of all phases this one does not come out the same. A step that runs anew signs
//!    the file that it was given, not the one that it made.
//! 5. A time stamp goes in only after it was found to be for this signature and valid ([`time_stamp`]).
//!
//! # Why ring signs
//!
//! 2026-11: the `rsa` crate leaks its key through timing (RUSTSEC-2023-0071); ring is in the tree already for TLS. It
//! takes no digest, only the message, so that signatures without signed attributes, which old programs made, cannot be
//! verified; [`signatures()`] says so of them.

mod base;
mod ber;
mod certificate;
mod cms;
mod error;
mod fields;
mod found;
mod identity;
mod key;
mod oids;
mod place;
mod stamped;
#[cfg(test)]
mod tests;
mod time_stamp;
mod update;
mod verdict;

use std::ops::Range;

use lopdf::ObjectId;
use time::OffsetDateTime;

pub use error::{Error, IdentityError};
pub use found::{Coverage, Found, signatures};
pub use identity::Identity;
pub use stamped::stamp;
pub use time_stamp::{Asking, Policy, StampDigest};
pub use verdict::Verdict;

use super::{
    metadata,
    validate::{self, Part},
};
use crate::domain::metadata::Metadata;
use base::{Base, Written};
use cms::SignedData;
use update::Update;

/// Bytes of a signature beside its certificates, the name of its signer and its time stamp. RSA of 4096 bits makes it 750.
const SIGNATURE_BYTES_MAX: usize = 1 << 10;

/// How to sign.
#[derive(Debug, Clone)]
pub struct Signing<'a> {
    /// Now. It goes into the signature, with its offset.
    pub time: OffsetDateTime,
    /// The field to sign: an empty one of this name, else a new one. `None` finds a new name.
    pub field: Option<String>,
    /// Why it is signed.
    pub reason: Option<String>,
    /// Where it is signed.
    pub location: Option<String>,
    /// How to reach who signs.
    pub contact: Option<String>,
    /// What the file is to say about itself from now on; `None` leaves that as it is, byte for byte.
    pub metadata: Option<&'a Metadata>,
    /// How a server will be asked for a time stamp. The signature has room for one then: 24 KiB, twice that in the file.
    pub time_stamp: Option<&'a Asking>,
}

impl Signing<'_> {
    /// Signs at a time, in a new field, and says no more.
    pub fn at(time: OffsetDateTime) -> Self {
        Self { time, field: None, reason: None, location: None, contact: None, metadata: None, time_stamp: None }
    }
}

/// What makes a signature worth less than it seems. It is made all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// The certificate was not valid yet when it was signed.
    #[error("the certificate is valid from {from} on only")]
    NotYetValid {
        /// From when on it is valid.
        from: OffsetDateTime,
    },
    /// The certificate was not valid any more when it was signed.
    #[error("the certificate expired at {at}")]
    Expired {
        /// The last moment at which it was valid.
        at: OffsetDateTime,
    },
    /// The certificate says that its key is for something else.
    #[error("the certificate is not meant for signatures")]
    NotForSignatures,
}

/// A signed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The file: the given one, and the update behind it.
    pub bytes: Vec<u8>,
    /// The full name of the field that was signed.
    pub field: String,
    /// What makes the signature worth less than it seems.
    pub warnings: Vec<Warning>,
    /// What to ask a server of time stamps (DER `TimeStampReq`, `application/timestamp-query`), where one will be asked.
    pub request: Option<Vec<u8>>,
}

/// Signs a file.
///
/// # Errors
/// See [`Error`]; never `TimeStamp`.
pub fn sign(bytes: &[u8], identity: &Identity, signing: &Signing<'_>) -> Result<Signed, Error> {
    let mut base = Base::open(bytes)?;
    let mut update = Update::default();
    let (root, _) = base.catalog()?;
    let old = base.dictionary(root)?;
    let mut catalog = old.clone();
    let stamp_bytes = signing.time_stamp.map_or(0, |_| time_stamp::TOKEN_BYTES_MAX);
    let room = identity.bytes() + SIGNATURE_BYTES_MAX + stamp_bytes;
    let place = place::make(&mut base, &mut update, &mut catalog, signing, room)?;
    if let Some(wanted) = signing.metadata {
        describe(&mut base, &mut update, &mut catalog, wanted, signing.time)?;
    }
    if catalog != old {
        update.set(root, catalog.write());
    }
    let updated = update.write(&base)?;
    let start = updated.starts.get(&place.signature).copied().ok_or(Error::NotSigned)?;
    let mut bytes = updated.bytes;
    let hole = start + place.contents_at..start + place.contents_at + 2 * room + 2;
    let range = place::range((hole.start, hole.end), bytes.len()).ok_or(Error::NotSigned)?;
    put(&mut bytes, start + place.range_at, &range)?;
    let mut context = ring::digest::Context::new(identity.key.digest());
    for part in [bytes.get(..hole.start), bytes.get(hole.end..)] {
        context.update(part.ok_or(Error::NotSigned)?);
    }
    let digest = context.finish();
    let data = SignedData::sign(identity, oids::DATA, &cms::Signed::Elsewhere { digest: digest.as_ref() })?;
    fill(&mut bytes, &hole, &data)?;
    let ask = |asking| {
        let signature = data.signer().ok_or(Error::NotSigned)?.signature.as_bytes();
        time_stamp::Request::new(signature, asking)?.write()
    };
    let request = signing.time_stamp.map(ask).transpose()?;
    Ok(Signed { bytes, field: place.field, warnings: identity.warnings(signing.time), request })
}

/// Writes a signature into its hole, brackets and zeros around which stay.
fn fill(bytes: &mut [u8], hole: &Range<usize>, data: &SignedData) -> Result<(), Error> {
    let digits: String = data.write()?.iter().map(|byte| format!("{byte:02x}")).collect();
    if digits.len() + 2 > hole.len() {
        return Err(Error::NotSigned);
    }
    put(bytes, hole.start + 1, digits.as_bytes())
}

/// Writes over bytes of a file.
fn put(bytes: &mut [u8], at: usize, new: &[u8]) -> Result<(), Error> {
    bytes.get_mut(at..at + new.len()).ok_or(Error::NotSigned)?.copy_from_slice(new);
    Ok(())
}

/// Says anew what the document is. Its claim to be PDF/A stays.
fn describe(
    base: &mut Base<'_>,
    update: &mut Update,
    catalog: &mut Written,
    wanted: &Metadata,
    now: OffsetDateTime,
) -> Result<(), Error> {
    let claim = validate::claimed(base.bytes);
    let had_info = base.document.trailer.has(b"Info");
    metadata::write(&mut base.document, wanted, claim, now)?;
    let metadata = base.catalog()?.1.get(b"Metadata").and_then(lopdf::Object::as_reference).ok();
    let info = base.document.trailer.get(b"Info").and_then(lopdf::Object::as_reference).ok();
    let mut take = |id: Option<ObjectId>| -> Result<ObjectId, Error> {
        let (id, held) = id.and_then(|id| Some((id, base.document.objects.get(&id)?))).ok_or(Error::NotSigned)?;
        update.set(id, base::bytes(held));
        Ok(id)
    };
    catalog.set("Metadata", base::reference(take(metadata)?));
    // PDF/A-4 has no such dictionary (ISO 19005-4, 6.1.3).
    if !had_info && claim.is_some_and(|claim| claim.part() == Part::Four) {
        base.document.trailer.remove(b"Info");
    } else {
        take(info)?;
    }
    Ok(())
}
