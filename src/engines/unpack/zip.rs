//! ZIP archives.

use std::{
    fs::File,
    io::{self, Cursor, Read, Write as _},
    path::Path,
};

use zip::{ZipArchive, result::ZipError};

use super::{Budget, Unpacked, file_of};
use crate::{
    domain::{Event, EventCode, limits},
    engines::Error,
};

/// Files that systems put beside documents and that are none themselves.
const LITTER: &[&str] = &[".DS_Store", "Thumbs.db", "desktop.ini"];
/// The folder in which macOS keeps what ZIP has no place for.
const MAC_FOLDER: &str = "__MACOSX/";

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Unpacks an archive into a folder.
///
/// # Errors
/// `Corrupt` when it is broken, when entries share bytes, or when it holds no file; `Password` when an entry is under one that
/// is not among `passwords`; `Limit` past the budget; `UnsupportedFeature` for an unknown way of packing.
pub fn unpack(bytes: &[u8], passwords: &[String], folder: &Path, budget: Budget) -> Result<Unpacked, Error> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| refusal(error, "its directory"))?;
    check(&mut archive, budget)?;
    let mut unpacked = Unpacked { names: Vec::new(), events: Vec::new() };
    let mut left = budget.bytes_max;
    for (index, name) in names(&archive)?.into_iter().enumerate() {
        let entry = archive.by_index_data(index).map_err(|error| refusal(error, &name))?;
        if entry.is_dir() {
            continue;
        }
        if let Some(event) = left_out(&name, entry.is_symlink()) {
            unpacked.events.push(event);
            continue;
        }
        let keys = if entry.encrypted() { Some(passwords) } else { None };
        left -= write(&mut archive, index, &name, keys, &folder.join(file_of(unpacked.names.len())), left, budget)?;
        unpacked.names.push(name);
    }
    if unpacked.names.is_empty() {
        return Err(Error::Corrupt { what: "the archive holds no document".to_owned() });
    }
    Ok(unpacked)
}

/// Refuses archives of which no honest program is the author.
fn check(archive: &mut Archive<'_>, budget: Budget) -> Result<(), Error> {
    if archive.len() > budget.entries_max {
        return Err(Error::Limit {
            which: format!("{} entries, at most {} are allowed", archive.len(), budget.entries_max),
        });
    }
    if archive.has_overlapping_files().map_err(|error| refusal(error, "its directory"))? {
        return Err(Error::Corrupt { what: "entries of the archive share bytes".to_owned() });
    }
    if archive.has_duplicate_names() {
        return Err(Error::UnsupportedFeature { feature: "several entries of the same name".to_owned() });
    }
    Ok(())
}

/// The names of all entries. Those that are not UTF-8 are taken together to find out their encoding, since one alone is
/// too short for that.
fn names(archive: &Archive<'_>) -> Result<Vec<String>, Error> {
    let mut raw = Vec::with_capacity(archive.len());
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(|error| refusal(error, "its directory"))?;
        let name = entry.name_raw().to_vec();
        if std::str::from_utf8(&name).is_err() {
            detector.feed(&name, false);
        }
        raw.push(name);
    }
    detector.feed(b"\n", true);
    let encoding = detector.guess(None, chardetng::Utf8Detection::Deny);
    let decoded = raw.into_iter().map(|name| {
        String::from_utf8(name)
            .unwrap_or_else(|error| encoding.decode_without_bom_handling(error.as_bytes()).0.into_owned())
    });
    Ok(decoded.map(|name| name.chars().take(limits::NAME_CHARS_MAX).collect()).collect())
}

/// What the client is told of an entry that is no document.
fn left_out(name: &str, is_link: bool) -> Option<Event> {
    let file = name.rsplit('/').next().unwrap_or(name);
    if is_link {
        let message = format!("The entry '{name}' is a link to another file; it was left out.");
        return Some(Event::warning(EventCode::EmbeddedFileRemoved, message));
    }
    (name.starts_with(MAC_FOLDER) || LITTER.contains(&file)).then(|| {
        let message = format!("The entry '{name}' is no document but a note of a file manager; it was left out.");
        Event::info(EventCode::EmbeddedFileRemoved, message)
    })
}

/// Unpacks one entry, with the first password that fits if it needs one, and says how many bytes it has.
fn write(
    archive: &mut Archive<'_>,
    index: usize,
    name: &str,
    passwords: Option<&[String]>,
    path: &Path,
    left: u64,
    budget: Budget,
) -> Result<u64, Error> {
    let Some(passwords) = passwords else {
        return match archive.by_index(index) {
            Ok(entry) => copy(entry, name, path, left, budget),
            Err(error) => Err(refusal(error, name)),
        };
    };
    for password in passwords {
        let entry = match archive.by_index_decrypt(index, password.as_bytes()) {
            Ok(entry) => entry,
            Err(ZipError::InvalidPassword) => continue,
            Err(error) => return Err(refusal(error, name)),
        };
        match copy(entry, name, path, left, budget) {
            // The old encryption accepts one wrong password in 256, which shows by the checksum alone.
            Err(Error::Corrupt { .. }) => {}
            copied => return copied,
        }
    }
    Err(Error::Password { given: !passwords.is_empty() })
}

fn copy(entry: impl Read, name: &str, path: &Path, left: u64, budget: Budget) -> Result<u64, Error> {
    let internal = |source| Error::Internal { doing: "write an unpacked file".to_owned(), source: Some(source) };
    let mut file = File::create(path).map_err(internal)?;
    let mut entry = entry.take(left + 1);
    let mut chunk = vec![0; 256 << 10];
    let mut written = 0;
    loop {
        let count = match entry.read(&mut chunk) {
            Ok(0) => return Ok(written),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(Error::Corrupt { what: format!("the entry '{name}' cannot be unpacked ({error})") });
            }
        };
        file.write_all(chunk.get(..count).unwrap_or_default()).map_err(internal)?;
        written += count as u64;
        if written > left {
            return Err(Error::Limit {
                which: format!("it unpacks to more than {} MiB, at most that is allowed", budget.bytes_max >> 20),
            });
        }
    }
}

fn refusal(error: ZipError, what: &str) -> Error {
    if let ZipError::CompressionMethodNotSupported(method) = error {
        return Error::UnsupportedFeature { feature: format!("the compression method {method} of ZIP") };
    }
    Error::Corrupt { what: format!("{what}: {error}") }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    const BUDGET: Budget = Budget { bytes_max: 1 << 20, entries_max: 3 };

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            if name.ends_with('/') {
                writer.add_directory(*name, SimpleFileOptions::default()).unwrap();
            } else {
                writer.start_file(*name, SimpleFileOptions::default()).unwrap();
                writer.write_all(bytes).unwrap();
            }
        }
        writer.finish().unwrap().into_inner()
    }

    fn check(bytes: &[u8], passwords: &[&str]) -> (Result<Unpacked, Error>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let passwords: Vec<_> = passwords.iter().map(|password| (*password).to_owned()).collect();
        (unpack(bytes, &passwords, folder.path(), BUDGET), folder)
    }

    #[test]
    fn entries_become_files_by_number_and_keep_their_names_as_labels() {
        let (unpacked, folder) = check(&archive(&[("b/", b""), ("b/../../x.txt", b"one"), ("a.txt", b"two")]), &[]);
        assert_eq!(unpacked.unwrap().names, ["b/../../x.txt", "a.txt"]);
        assert_eq!(fs::read(folder.path().join(file_of(0))).unwrap(), b"one");
        assert_eq!(fs::read(folder.path().join(file_of(1))).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_is_no_document_is_left_out_and_told() {
        let (unpacked, _folder) =
            check(&archive(&[("__MACOSX/._a", b"x"), ("a.txt", b"x"), ("b/.DS_Store", b"x")]), &[]);
        let unpacked = unpacked.unwrap();
        assert_eq!((unpacked.names.len(), unpacked.events.len()), (1, 2));
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        let (unpacked, _folder) = check(&writer.finish().unwrap().into_inner(), &[]);
        assert!(matches!(unpacked, Err(Error::Corrupt { .. })), "nothing is left: {unpacked:?}");
    }

    #[test]
    fn a_bomb_stops_at_the_budget() {
        let (unpacked, _folder) = check(&archive(&[("a", &[0; 700_000]), ("b", &[0; 700_000])]), &[]);
        assert!(matches!(unpacked, Err(Error::Limit { .. })), "{unpacked:?}");
        let (unpacked, folder) = check(&archive(&[("a", b"1"), ("b", b"2"), ("c", b"3"), ("d", b"4")]), &[]);
        assert!(matches!(unpacked, Err(Error::Limit { .. })), "{unpacked:?}");
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            0,
            "too many entries are seen before anything is written"
        );
    }

    #[test]
    fn a_password_is_found_among_several_and_a_missing_one_is_told() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let secret = SimpleFileOptions::default().with_aes_encryption(zip::AesMode::Aes256, "sesame");
        writer.start_file("a.txt", secret).unwrap();
        writer.write_all(b"secret").unwrap();
        let bytes = writer.finish().unwrap().into_inner();
        let (unpacked, folder) = check(&bytes, &["wrong", "sesame"]);
        assert_eq!(unpacked.unwrap().names, ["a.txt"]);
        assert_eq!(fs::read(folder.path().join(file_of(0))).unwrap(), b"secret");
        assert!(matches!(check(&bytes, &[]).0, Err(Error::Password { given: false })));
        assert!(matches!(check(&bytes, &["wrong"]).0, Err(Error::Password { given: true })));
    }

    #[test]
    fn names_of_another_encoding_are_read_together() {
        // The flag for UTF-8 is not set by hand-made archives of old programs; their names are bytes of the system's encoding.
        let names = ["Прайс-лист.txt", "Договор аренды.txt", "Счёт на оплату.txt"];
        let mut bytes =
            archive(&[("aaaaaaaaaaaaaa", b"1"), ("bbbbbbbbbbbbbbbbbb", b"2"), ("cccccccccccccccccc", b"3")]);
        for (letter, name) in [b'a', b'b', b'c'].into_iter().zip(names) {
            let (raw, _, _) = encoding_rs::WINDOWS_1251.encode(name);
            let old = vec![letter; raw.len()];
            let places: Vec<_> =
                bytes.windows(old.len()).enumerate().filter(|(_, window)| *window == old).map(|(at, _)| at).collect();
            assert_eq!(places.len(), 2, "the local header and the directory");
            for at in places {
                bytes[at..at + raw.len()].copy_from_slice(&raw);
            }
        }
        assert_eq!(check(&bytes, &[]).0.unwrap().names, names);
    }

    #[test]
    fn garbage_is_corrupt() {
        assert!(matches!(check(b"PK\x03\x04 and then nothing", &[]).0, Err(Error::Corrupt { .. })));
        let whole = archive(&[("a.txt", b"some text that is long enough")]);
        assert!(matches!(check(&whole[..whole.len() / 2], &[]).0, Err(Error::Corrupt { .. })));
    }
}
