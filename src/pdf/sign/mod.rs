//! Signs a PDF by PAdES (ETSI EN 319 142-1), baseline B-B, or B-T with a time stamp; and looks at the signatures that a
//! file has.
//!
//! ```text
//! PKCS#12 ─► [`Identity`] ─┐
//! file ────────────────────┴► [`prepare()`] ─► [`Prepared`] ─► finish ──────────► [`Signed`], B-B
//!                                                   └► request ─► server ─► stamp ─► [`Signed`], B-T
//! ```
//!
//! [`sign()`] does all of it where a server can be asked on the way; the two steps are for callers who have no network.
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
pub use time_stamp::TimeStamper;
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
}

impl Signing<'_> {
    /// Signs at a time, in a new field, and says no more.
    pub fn at(time: OffsetDateTime) -> Self {
        Self { time, field: None, reason: None, location: None, contact: None, metadata: None }
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
}

/// A signed file that may still get a time stamp of its signature.
#[derive(Debug)]
pub struct Prepared {
    made: Made,
    request: time_stamp::Request,
}

/// A file with a signature that is not written into its place yet.
#[derive(Debug)]
struct Made {
    signed: Signed,
    data: SignedData,
    /// Where the file has the contents of the signature, without their brackets.
    contents: Range<usize>,
}

/// Signs a file, with a time stamp when there is someone to ask for it.
///
/// # Errors
/// See [`Error`]: `TimeStamp` when none was to be had or the one that came does not hold; the caller may then sign
/// without.
pub fn sign(
    bytes: &[u8],
    identity: &Identity,
    signing: &Signing<'_>,
    time_stamper: Option<&dyn TimeStamper>,
) -> Result<Signed, Error> {
    let Some(time_stamper) = time_stamper else {
        return make(bytes, identity, signing, 0)?.finish();
    };
    let prepared = prepare(bytes, identity, signing)?;
    let answer = time_stamper.stamp(prepared.request()).map_err(Error::time_stamp)?;
    prepared.stamp(&answer)
}

/// Signs a file, and leaves room for a time stamp: 24 KiB, twice that in the file.
///
/// # Errors
/// See [`Error`]; never `TimeStamp`.
pub fn prepare(bytes: &[u8], identity: &Identity, signing: &Signing<'_>) -> Result<Prepared, Error> {
    let made = make(bytes, identity, signing, time_stamp::TOKEN_BYTES_MAX)?;
    let signature = made.data.signer().ok_or(Error::NotSigned)?.signature.as_bytes();
    let request = time_stamp::Request::new(signature)?;
    Ok(Prepared { made, request })
}

fn make(bytes: &[u8], identity: &Identity, signing: &Signing<'_>, stamp_bytes: usize) -> Result<Made, Error> {
    let mut base = Base::open(bytes)?;
    let mut update = Update::default();
    let (root, _) = base.catalog()?;
    let old = base.dictionary(root)?;
    let mut catalog = old.clone();
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
    let signed = Signed { bytes, field: place.field, warnings: identity.warnings(signing.time) };
    Ok(Made { signed, data, contents: hole.start + 1..hole.end - 1 })
}

impl Prepared {
    /// What to ask a server of time stamps (DER `TimeStampReq`).
    pub fn request(&self) -> &[u8] {
        &self.request.der
    }

    /// The file with its signature and a time stamp of it, from a server's answer (DER `TimeStampResp`).
    ///
    /// # Errors
    /// `TimeStamp` when the answer has none, or one that does not hold or is for something else.
    pub fn stamp(mut self, answer: &[u8]) -> Result<Signed, Error> {
        let token = self.request.token(answer)?;
        self.made.data.add_time_stamp(token)?;
        self.made.finish()
    }

    /// The file with its signature alone.
    ///
    /// # Errors
    /// `NotSigned` when it does not fit its room, which is made for it.
    pub fn finish(self) -> Result<Signed, Error> {
        self.made.finish()
    }
}

impl Made {
    fn finish(mut self) -> Result<Signed, Error> {
        let digits: String = self.data.write()?.iter().map(|byte| format!("{byte:02x}")).collect();
        if digits.len() > self.contents.len() {
            return Err(Error::NotSigned);
        }
        put(&mut self.signed.bytes, self.contents.start, digits.as_bytes())?;
        Ok(self.signed)
    }
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
