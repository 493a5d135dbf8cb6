//! Who signs: a private key with its certificate and the certificates above it, from a PKCS#12 file (RFC 7292).

use std::fmt;

use p12_keystore::{Pkcs12Archive, error::Error as Pkcs12Error};
use time::OffsetDateTime;

use super::{IdentityError, Warning, certificate::Certificate, key::Key};

/// Most bytes of a PKCS#12 file. One with a key and three certificates has 5 KiB.
const PKCS12_BYTES_MAX: usize = 1 << 20;

/// Most certificates of a chain that go into a signature. Public ones have three.
const CHAIN_MAX: usize = 10;

/// Who signs. Its private key is never shown, nor given away.
pub struct Identity {
    pub(super) key: Key,
    /// The certificate of the key, then those above it as far as they were there.
    pub(super) chain: Vec<Certificate>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Identity").field("name", &self.name()).finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads the first private key of a PKCS#12 file that has a certificate. The file may be encrypted in the new way
    /// (PBES2) and in the old one (RC2 of 40 bits, triple DES); an own limit of the reader keeps the rounds of either
    /// under a million.
    ///
    /// # Errors
    /// See [`IdentityError`]. `UnsupportedKey` only when there is no other key that would do.
    pub fn from_pkcs12(bytes: &[u8], password: &str) -> Result<Self, IdentityError> {
        if bytes.len() > PKCS12_BYTES_MAX {
            return Err(unreadable(format!("it has more than {} MiB", PKCS12_BYTES_MAX >> 20)));
        }
        let archive = Pkcs12Archive::from_pkcs12(bytes, password).map_err(|error| describe(&error))?;
        if archive.keys.is_empty() {
            return Err(IdentityError::NoKey);
        }
        let read = archive.certs.iter().map(|held| Certificate::read(held.cert.as_der()));
        let certificates: Vec<Certificate> =
            read.collect::<Result<_, _>>().map_err(|error| unreadable(format!("a certificate is damaged: {error}")))?;
        let mut failed = IdentityError::NoCertificate;
        for held in &archive.keys {
            for certificate in &certificates {
                match Key::read(held.key.as_der(), certificate) {
                    Ok(Some(key)) => return Ok(Self { key, chain: chain(certificate, &certificates) }),
                    Ok(None) => {}
                    Err(error) => failed = error,
                }
            }
        }
        Err(failed)
    }

    /// The common name in its certificate, or an empty string when that names nobody.
    pub fn name(&self) -> String {
        self.chain.first().and_then(Certificate::name).unwrap_or_default()
    }

    /// From when to when its certificate is valid; `None` when that is beyond the calendar.
    pub fn validity(&self) -> Option<(OffsetDateTime, OffsetDateTime)> {
        self.chain.first().and_then(Certificate::validity)
    }

    /// Most bytes that it takes in a signature: its certificates, and the name and number of its own.
    pub(super) fn bytes(&self) -> usize {
        let name = self.chain.first().and_then(|leaf| leaf.issuer_and_serial().ok());
        let certificates: usize = self.chain.iter().map(|certificate| certificate.der.len()).sum();
        certificates + name.map_or(0, |name| name.value().len())
    }

    /// What makes a signature by it at a moment worth less than it seems.
    pub fn warnings(&self, at: OffsetDateTime) -> Vec<Warning> {
        let mut found = Vec::new();
        if let Some((from, to)) = self.validity() {
            if at < from {
                found.push(Warning::NotYetValid { from });
            }
            if at > to {
                found.push(Warning::Expired { at: to });
            }
        }
        if !self.chain.first().is_some_and(Certificate::may_sign) {
            found.push(Warning::NotForSignatures);
        }
        found
    }
}

/// The certificate and those above it, each followed by its issuer's.
fn chain(leaf: &Certificate, all: &[Certificate]) -> Vec<Certificate> {
    let mut found = vec![leaf.clone()];
    while let Some(last) = found.last()
        && found.len() < CHAIN_MAX
        && !last.is_root()
    {
        let is_new = |other: &&Certificate| found.iter().all(|held| held.der != other.der);
        let Some(issuer) = all.iter().filter(is_new).find(|other| last.is_issued_by(other)) else { break };
        found.push(issuer.clone());
    }
    found
}

fn unreadable(what: impl Into<String>) -> IdentityError {
    IdentityError::Unreadable { what: what.into() }
}

/// A wrong password shows at the checksum, or at what is decrypted where a file has none.
fn describe(error: &Pkcs12Error) -> IdentityError {
    // Of decryption in the new way the reader hands on the words alone, also when it does not know the algorithm.
    let failed = matches!(error, Pkcs12Error::Pkcs5Error(what) if what.ends_with("decryption failed"));
    if failed || matches!(error, Pkcs12Error::MacError(_) | Pkcs12Error::UnpadError) {
        IdentityError::Password
    } else {
        unreadable(error.to_string())
    }
}
