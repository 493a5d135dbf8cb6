//! The certificates that a worker has: a folder with `<name>.p12` (or `.pfx`) and, where it has one, `<name>.password`.
//!
//! They are read anew for each job that signs, so that one that is replaced is used at once. No message names the folder.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::{
    domain::limits,
    engines::signing::{Key, Secret},
};

/// Endings of a PKCS#12 file; the first that is there counts.
const ENDINGS: [&str; 2] = ["p12", "pfx"];

/// Where the certificates are, if there are any.
#[derive(Debug, Clone, Default)]
pub struct Certificates {
    folder: Option<PathBuf>,
}

/// Why a certificate cannot be had; the variants name no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// There is no such file.
    #[error("there is no certificate '{name}' on this worker")]
    Missing {
        /// The certificate.
        name: String,
    },
    /// One of its files cannot be read.
    #[error("the certificate '{name}' cannot be read: {why}")]
    Unreadable {
        /// The certificate.
        name: String,
        /// What went wrong.
        why: String,
    },
}

impl Certificates {
    /// The certificates of a folder; without one there are none.
    pub const fn in_folder(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Reads a certificate with its key.
    ///
    /// # Errors
    /// `Missing`, `Unreadable`.
    pub fn read(&self, name: &str) -> Result<Key, CertificateError> {
        let missing = || CertificateError::Missing { name: name.to_owned() };
        let unreadable = |why: String| CertificateError::Unreadable { name: name.to_owned(), why };
        // The setting was checked; a row that was written by hand still names no other folder.
        let folder = self.folder.as_deref().filter(|_| is_name(name)).ok_or_else(missing)?;
        let read =
            |ending| bounded(&folder.join(format!("{name}.{ending}"))).map_err(|why| unreadable(why.to_string()));
        let mut pkcs12 = None;
        for ending in ENDINGS {
            pkcs12 = pkcs12.or(read(ending)?);
        }
        let pkcs12 = pkcs12.ok_or_else(missing)?;
        let password = read("password")?.unwrap_or_default();
        let line = password.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        Ok(Key { pkcs12: Secret::new(pkcs12), password: Secret::new(line) })
    }

    /// The names of all of them, in order; `None` when there is no folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> io::Result<Option<Vec<String>>> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let mut names = Vec::new();
        for entry in folder.read_dir()? {
            let file = PathBuf::from(entry?.file_name());
            let is_certificate = file.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known));
            names.extend(file.file_stem().and_then(|name| name.to_str()).filter(|_| is_certificate).map(str::to_owned));
        }
        names.retain(|name| is_name(name));
        names.sort();
        names.dedup();
        Ok(Some(names))
    }
}

/// Whether a text may name a certificate: letters, digits, `-`, `_` and `.`, and none of the latter at its start.
pub fn is_name(name: &str) -> bool {
    let is_good = |each: char| each.is_ascii_alphanumeric() || matches!(each, '-' | '_' | '.');
    (1..=limits::CERTIFICATE_NAME_CHARS_MAX).contains(&name.len())
        && !name.starts_with('.')
        && name.chars().all(is_good)
}

/// The bytes of a file, or nothing when it is not there.
fn bounded(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let found = match path.metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // A pipe would be waited for, for ever.
    if !found.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limits::CERTIFICATE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limits::CERTIFICATE_BYTES_MAX {
        return Err(io::Error::other(format!("it has more than {} MiB", limits::CERTIFICATE_BYTES_MAX >> 20)));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_certificate_is_read_with_the_first_line_of_its_password() {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::in_folder(Some(folder.path().to_owned()));
        let put = |name: &str, bytes: &str| fs::write(folder.path().join(name), bytes).unwrap();
        put("office.p12", "key");
        put("office.password", "sesame\r\nnote");
        put("old-1.pfx", "old");
        put("notes.txt", "");
        put(".hidden.p12", "");
        assert_eq!(certificates.list().unwrap().unwrap(), ["office", "old-1"]);
        let key = certificates.read("office").unwrap();
        assert_eq!((key.pkcs12.reveal(), key.password.reveal()), (&b"key"[..], &b"sesame"[..]));
        let key = certificates.read("old-1").unwrap();
        assert_eq!((key.pkcs12.reveal(), key.password.reveal()), (&b"old"[..], &b""[..]));
    }

    #[test]
    fn what_cannot_be_read_is_named_without_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::in_folder(Some(folder.path().to_owned()));
        fs::create_dir(folder.path().join("folder.p12")).unwrap();
        let large = fs::File::create(folder.path().join("large.p12")).unwrap();
        large.set_len(limits::CERTIFICATE_BYTES_MAX + 1).unwrap();
        for name in ["folder", "large"] {
            let error = certificates.read(name).unwrap_err();
            assert!(matches!(&error, CertificateError::Unreadable { name: named, .. } if named == name), "{error}");
            assert!(!error.to_string().contains(&folder.path().display().to_string()), "{error}");
        }
        for name in ["none", "../large", "a/b", "", ".", "..", "ä"] {
            assert_eq!(certificates.read(name), Err(CertificateError::Missing { name: name.to_owned() }));
        }
        assert!(Certificates::default().read("office").is_err());
        assert_eq!(Certificates::default().list().unwrap(), None);
    }
}
