//! ZIP archives.

use std::io::Cursor;

use zip::{
    ZipReadOptions,
    read::{ArchiveOffset, Config, OwnedZipFileEntry},
    result::ZipError,
    unstable::read::ZipIterable,
};

use super::{Store, label};
use crate::{
    domain::{Event, EventCode, limits},
    engines::Error,
};

/// Files that systems put beside documents and that are none themselves.
const LITTER: &[&str] = &[".DS_Store", "Thumbs.db", "desktop.ini"];
/// The folder in which macOS keeps what ZIP has no place for.
const MAC_FOLDER: &str = "__MACOSX/";

/// An archive entry by entry: the index by names that the crate also offers holds but one of those of the same name.
type Archive<'a> = ZipIterable<Cursor<&'a [u8]>>;

/// Bytes of the head of an entry before its name.
const HEAD_BYTES: u64 = 30;

/// Unpacks an archive into a store.
///
/// # Errors
/// `Corrupt` when it is broken, when entries share bytes, or when it holds no file; `Password` when an entry is under one that
/// is not among `passwords`; `Limit` past the budget; `UnsupportedFeature` for an unknown way of packing.
pub fn unpack(bytes: &[u8], passwords: &[String], store: &mut Store<'_>) -> Result<(), Error> {
    let config = Config { archive_offset: ArchiveOffset::Detect };
    let mut archive = Archive::try_new(Cursor::new(bytes), config).map_err(|error| refusal(error, "its directory"))?;
    let max = store.budget().entries_max;
    if archive.len() > max {
        return Err(Error::Limit { which: format!("{} entries, at most {max} are allowed", archive.len()) });
    }
    let entries: Vec<_> = archive
        .files()
        .and_then(|files| files.map(|entry| entry.map(OwnedZipFileEntry::from)).collect())
        .map_err(|error| refusal(error, "its directory"))?;
    check(&entries, bytes.len() as u64)?;
    let mut is_empty = true;
    for (entry, name) in entries.iter().zip(names(&entries)) {
        if entry.is_dir() {
            continue;
        }
        if let Some(event) = left_out(&name, entry.is_symlink()) {
            store.tell(&name, event);
            continue;
        }
        put(bytes, entry, &name, passwords, store)?;
        is_empty = false;
    }
    if is_empty {
        return Err(Error::Corrupt { what: "the archive holds no document".to_owned() });
    }
    Ok(())
}

/// Refuses archives of which no honest program is the author.
fn check(entries: &[OwnedZipFileEntry], bytes: u64) -> Result<(), Error> {
    // An entry is at least as long as this; what the directory says of its end is looked at when it is unpacked.
    let mut places: Vec<_> = entries
        .iter()
        .map(|entry| {
            let start = entry.header_start();
            let length =
                HEAD_BYTES.saturating_add(entry.name_raw().len() as u64).saturating_add(entry.compressed_size());
            (start, start.saturating_add(length))
        })
        .collect();
    places.sort_unstable();
    let ends = places.iter().skip(1).map(|(start, _)| *start).chain([bytes]);
    if places.iter().zip(ends).any(|((_, end), next)| *end > next) {
        return Err(Error::Corrupt { what: "entries of the archive share bytes".to_owned() });
    }
    Ok(())
}

/// The names of all entries. Those that are not UTF-8 are taken together to find out their encoding, since one alone is
/// too short for that.
fn names(entries: &[OwnedZipFileEntry]) -> Vec<String> {
    let others = entries.iter().map(|entry| entry.name_raw()).filter(|name| std::str::from_utf8(name).is_err());
    let others: Vec<u8> = others.flat_map(|name| name.iter().copied().chain([b'\n'])).collect();
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(&others, true);
    let encoding = detector.guess(None, chardetng::Utf8Detection::Deny);
    let is_dos = encoding == encoding_rs::WINDOWS_1252 && is_dos(&others);
    let decoded = entries.iter().map(|entry| match std::str::from_utf8(entry.name_raw()) {
        Ok(name) => name.to_owned(),
        // Without the flag for UTF-8 the crate reads a name as the standard says, in code page 437.
        Err(_) if is_dos => entry.name().unwrap_or_default().into_owned(),
        Err(_) => encoding.decode_without_bom_handling(entry.name_raw()).0.into_owned(),
    });
    decoded.map(|name| label(&name).chars().take(limits::NAME_CHARS_MAX).collect()).collect()
}

/// Whether Western names were written by DOS, as Windows still does it: its accented letters are where Windows itself has
/// marks of punctuation.
fn is_dos(names: &[u8]) -> bool {
    let is_letter = |byte: &&u8| matches!(byte, 0x80..=0xa5 | 0xe1);
    let high = names.iter().filter(|byte| !byte.is_ascii());
    high.clone().filter(is_letter).count() * 2 > high.count()
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

/// Unpacks one entry, with the first password that fits if it needs one.
fn put(
    bytes: &[u8],
    entry: &OwnedZipFileEntry,
    name: &str,
    passwords: &[String],
    store: &mut Store<'_>,
) -> Result<(), Error> {
    let mut archive = Cursor::new(bytes);
    if !entry.encrypted() {
        let content = entry.as_ref().with_reader(&mut archive, ZipReadOptions::new());
        return store.put(name, content.map_err(|error| refusal(error, name))?);
    }
    for password in passwords {
        let options = ZipReadOptions::new().password(Some(password.as_bytes()));
        let content = match entry.as_ref().with_reader(&mut archive, options) {
            Ok(content) => content,
            Err(ZipError::InvalidPassword) => continue,
            Err(error) => return Err(refusal(error, name)),
        };
        match store.put(name, content) {
            // The old encryption accepts one wrong password in 256, which shows by the checksum alone.
            Err(Error::Corrupt { .. }) => {}
            done => return done,
        }
    }
    Err(Error::Password { given: !passwords.is_empty() })
}

fn refusal(error: ZipError, what: &str) -> Error {
    if let ZipError::CompressionMethodNotSupported(method) = error {
        return Error::UnsupportedFeature { feature: format!("the compression method {method} of ZIP") };
    }
    Error::Corrupt { what: format!("{what}: {error}") }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;
    use crate::engines::unpack::{Budget, Unpacked, file_of};

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
        let mut store = Store::new(folder.path(), BUDGET);
        let unpacked = unpack(bytes, &passwords, &mut store).map(|()| store.finish());
        (unpacked, folder)
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

    /// An archive with names that are no UTF-8, as old programs write them: without the flag, in the encoding of the system.
    fn archive_named(names: &[&[u8]]) -> Vec<u8> {
        let stand_in = |index: usize, name: &[u8]| [b'a' + u8::try_from(index).unwrap()].repeat(name.len());
        let stand_ins: Vec<_> = names.iter().enumerate().map(|(index, name)| stand_in(index, name)).collect();
        let entries: Vec<_> = stand_ins.iter().map(|name| (std::str::from_utf8(name).unwrap(), &b"1"[..])).collect();
        let mut bytes = archive(&entries);
        for (old, name) in stand_ins.iter().zip(names) {
            let is_old = |(_, window): &(usize, &[u8])| *window == old.as_slice();
            let places: Vec<_> = bytes.windows(old.len()).enumerate().filter(is_old).map(|(at, _)| at).collect();
            assert_eq!(places.len(), 2, "the local header and the directory");
            for at in places {
                bytes[at..at + name.len()].copy_from_slice(name);
            }
        }
        bytes
    }

    #[test]
    fn names_of_another_encoding_are_read_together() {
        let names = ["Прайс-лист.txt", "Договор аренды.txt", "Счёт на оплату.txt"];
        let raw = names.map(|name| encoding_rs::WINDOWS_1251.encode(name).0.into_owned());
        assert_eq!(check(&archive_named(&raw.each_ref().map(Vec::as_slice)), &[]).0.unwrap().names, names);
    }

    #[test]
    fn names_that_dos_wrote_have_their_accents() {
        let names: [&[u8]; 2] = [b"Stra\xe1enbau Gr\x94\x81e.txt", b"caf\x82 cr\x8ame.txt"];
        assert_eq!(check(&archive_named(&names), &[]).0.unwrap().names, ["Straßenbau Gröüe.txt", "café crème.txt"]);
        let windows: [&[u8]; 2] = [b"Stra\xdfenbau Gr\xf6\xfce.txt", b"caf\xe9 cr\xe8me.txt"];
        assert_eq!(check(&archive_named(&windows), &[]).0.unwrap().names, ["Straßenbau Gröüe.txt", "café crème.txt"]);
    }

    #[test]
    fn entries_of_the_same_name_are_all_there() {
        let bytes = archive_named(&[b"a\xe4.txt", b"a\xe4.txt"]);
        let (unpacked, folder) = check(&bytes, &[]);
        let unpacked = unpacked.unwrap();
        assert_eq!((unpacked.names.len(), unpacked.events.len()), (2, 1));
        assert_ne!(unpacked.names[0], unpacked.names[1]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn an_archive_of_the_large_kind_is_read() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("a.txt", SimpleFileOptions::default().large_file(true)).unwrap();
        writer.write_all(b"text").unwrap();
        let (unpacked, folder) = check(&writer.finish().unwrap().into_inner(), &[]);
        assert_eq!(unpacked.unwrap().names, ["a.txt"]);
        assert_eq!(fs::read(folder.path().join(file_of(0))).unwrap(), b"text");
    }

    #[test]
    fn folders_alone_and_nothing_at_all_are_no_documents() {
        for entries in [&[][..], &[("a/", &b""[..])]] {
            assert!(matches!(check(&archive(entries), &[]).0, Err(Error::Corrupt { .. })));
        }
    }

    #[test]
    fn entries_that_share_bytes_are_refused() {
        let mut bytes = archive(&[("a.txt", &[b'x'; 100]), ("b.txt", b"y")]);
        let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        let second =
            directory + 4 + bytes[directory + 4..].windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        // The place of its bytes, which becomes that of the first entry.
        bytes[second + 42..second + 46].fill(0);
        assert!(matches!(check(&bytes, &[]).0, Err(Error::Corrupt { .. })));
    }

    #[test]
    fn garbage_is_corrupt() {
        assert!(matches!(check(b"PK\x03\x04 and then nothing", &[]).0, Err(Error::Corrupt { .. })));
        let whole = archive(&[("a.txt", b"some text that is long enough")]);
        assert!(matches!(check(&whole[..whole.len() / 2], &[]).0, Err(Error::Corrupt { .. })));
    }
}
