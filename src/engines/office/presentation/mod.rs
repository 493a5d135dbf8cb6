//! Presentations of PowerPoint 97 to 2003 that are under a password, which LibreOffice does not open: they are decrypted before
//! it gets them ([MS-PPT] 2.3.7).
//!
//! ```text
//! Current User ─► the edit ─► directory of objects ─┬► object with the lock ─► password ─► keys
//!                                                   └► all other objects, the pictures, the properties: decrypted in place
//! ```
//!
//! Each object is a block of its own by its number; of a picture each field begins block 0 anew.

mod cipher;
#[cfg(test)]
mod tests;

use std::{
    io::{self, Cursor, Read as _, Write as _},
    mem,
};

use cfb::CompoundFile;

use super::{DEFAULT_PASSWORD, Error};
use cipher::{Keys, Lock, Rc4};

type File = CompoundFile<Cursor<Vec<u8>>>;

const USER: &str = "Current User";
const DOCUMENT: &str = "PowerPoint Document";
const PICTURES: &str = "Pictures";
const PROPERTIES: &str = "EncryptedSummary";
/// The streams that those properties become, which no others may be.
const PROPERTY_STREAMS: [&str; 2] = ["\u{5}SummaryInformation", "\u{5}DocumentSummaryInformation"];

/// Where the user stream says whether the presentation is encrypted and where its edit is, and what it says if it is not.
const TOKEN_AT: usize = 12;
const EDIT_AT: usize = 16;
const TOKEN_OPEN: u32 = 0xe391_c05f;

/// Records: their types, and where the edit says which objects there are and which one is the lock.
const EDIT: u16 = 0x0ff5;
const DIRECTORY: u16 = 0x1772;
const LOCK: u16 = 0x2f14;
const DIRECTORY_AT: usize = 20;
const LOCK_AT: usize = 36;
const HEAD_BYTES: usize = 8;
/// Bits of the number of an object; above them stands how many follow each other.
const NUMBER_BITS: u32 = 20;

/// The record of a picture that is listed: the lengths of its fields, and where the length of the name stands.
const LISTED_PICTURE: u16 = 0xf007;
const LISTED_FIELDS: [usize; 11] = [1, 1, 16, 2, 4, 4, 4, 1, 1, 1, 1];
const NAME_LENGTH_FIELD: usize = 8;
/// Pictures that are drawings, and what they begin with: a header, as others begin with a mark.
const DRAWINGS: [u16; 3] = [0xf01a, 0xf01b, 0xf01c];
const DRAWING_HEADER_BYTES: usize = 34;
const MARK_BYTES: usize = 1;
const IDENTIFIER_BYTES: usize = 16;
/// Kinds of pictures with two identifiers.
const TWICE_IDENTIFIED: [u16; 8] = [0x217, 0x3d5, 0x46b, 0x543, 0x6e1, 0x6e3, 0x6e5, 0x7a9];

/// The same presentation without its password.
///
/// # Errors
/// `Password` when none of them opens it, `Corrupt` when it is broken, `UnsupportedFeature` for an encryption that this format
/// does not have.
pub(super) fn decrypt(bytes: &[u8], passwords: &[String]) -> Result<Vec<u8>, Error> {
    let mut file = File::open(Cursor::new(bytes.to_vec())).map_err(broken)?;
    let missing = |name: &str| Error::Corrupt { what: format!("it has no stream '{name}' that can be read") };
    let mut user = read(&mut file, USER).ok_or_else(|| missing(USER))?;
    let mut document = read(&mut file, DOCUMENT).ok_or_else(|| missing(DOCUMENT))?;
    let objects = Objects::of(&user, &document)
        .ok_or_else(|| Error::Corrupt { what: "the directory of its objects cannot be read".to_owned() })?;
    let lock = objects.lock(&document).and_then(Lock::read);
    let lock = lock.ok_or_else(|| Error::UnsupportedFeature { feature: "an unknown encryption".to_owned() })?;
    let mut candidates = passwords.iter().map(String::as_str).chain([DEFAULT_PASSWORD]);
    let keys = candidates.find_map(|password| lock.open(password));
    let keys = keys.ok_or(Error::Password { given: !passwords.is_empty() })?;

    objects.open(&mut document, &keys);
    if let Some(token) = user.get_mut(TOKEN_AT..EDIT_AT) {
        token.copy_from_slice(&TOKEN_OPEN.to_le_bytes());
    }
    let mut changed = vec![(USER, user), (DOCUMENT, document)];
    if let Some(mut pictures) = read(&mut file, PICTURES) {
        open_pictures(&mut pictures, &keys);
        changed.push((PICTURES, pictures));
    }
    if let Some(properties) = read(&mut file, PROPERTIES) {
        changed.extend(open_properties(&properties, &keys));
        // LibreOffice takes this stream for a sign that it cannot open the rest.
        file.remove_stream(PROPERTIES).map_err(broken)?;
    }
    for (name, bytes) in changed {
        let mut stream = file.create_stream(name).map_err(broken)?;
        stream.write_all(&bytes).and_then(|()| stream.flush()).map_err(broken)?;
    }
    file.flush().map_err(broken)?;
    Ok(file.into_inner().into_inner())
}

fn broken(error: io::Error) -> Error {
    Error::Corrupt { what: format!("its directory cannot be read ({error})") }
}

/// A stream, or nothing if it is not there or broken. None is longer than the file.
fn read(file: &mut File, name: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    file.open_stream(name).ok()?.read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// What the directory of a presentation names.
struct Objects {
    /// Where they begin, and their numbers; each place once, in order.
    places: Vec<(usize, u32)>,
    /// Where records begin that are not encrypted: no object reaches over them.
    plain: [usize; 2],
    /// The number of the lock.
    lock: u32,
}

impl Objects {
    /// An encrypted presentation has one edit and so one directory.
    fn of(user: &[u8], document: &[u8]) -> Option<Self> {
        let edit_at = place_at(user, EDIT_AT)?;
        let edit = record(document, edit_at, EDIT)?;
        let directory_at = place_at(edit, DIRECTORY_AT - HEAD_BYTES)?;
        let lock = u32_at(edit, LOCK_AT - HEAD_BYTES)?;
        let mut words = record(document, directory_at, DIRECTORY)?.chunks_exact(4);
        let mut next = || Some(u32::from_le_bytes(words.next()?.try_into().ok()?));
        let mut places = Vec::new();
        while let Some(run) = next() {
            let first = run & ((1 << NUMBER_BITS) - 1);
            for number in first..first + (run >> NUMBER_BITS) {
                places.push((usize::try_from(next()?).ok()?, number));
            }
        }
        places.sort_unstable();
        places.dedup_by_key(|(place, _)| *place);
        Some(Self { places, plain: [edit_at, directory_at], lock })
    }

    /// What the lock says.
    fn lock<'a>(&self, document: &'a [u8]) -> Option<&'a [u8]> {
        let (place, _) = self.places.iter().find(|(_, number)| *number == self.lock)?;
        record(document, *place, LOCK)
    }

    /// Decrypts all others. Each ends where the next one begins, whatever it says of itself.
    fn open(&self, document: &mut [u8], keys: &Keys) {
        let ends = self.places.iter().skip(1).map(|(place, _)| *place).chain([document.len()]);
        for ((place, number), end) in self.places.iter().zip(ends.collect::<Vec<_>>()) {
            let plain = self.plain.iter().filter(|plain| *plain >= place).min();
            let end = plain.map_or(end, |plain| end.min(*plain));
            let Some(object) = document.get_mut(*place..end).filter(|_| *number != self.lock) else { continue };
            let Some((head, rest)) = object.split_at_mut_checked(HEAD_BYTES) else { continue };
            let mut cipher = keys.of_block(*number);
            cipher.apply(head);
            let length = Head::of(head).length.min(rest.len());
            cipher.apply(rest.get_mut(..length).unwrap_or_default());
        }
    }
}

/// What stands before each record.
struct Head {
    instance: u16,
    kind: u16,
    length: usize,
}

impl Head {
    /// Bytes that are missing count as none.
    fn of(bytes: &[u8]) -> Self {
        let number =
            |at: usize| bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |two| u16::from_le_bytes(*two));
        Self { instance: number(0) >> 4, kind: number(2), length: place_at(bytes, 4).unwrap_or_default() }
    }
}

/// What is in a record of a type.
fn record(bytes: &[u8], at: usize, kind: u16) -> Option<&[u8]> {
    let (head, rest) = bytes.get(at..)?.split_at_checked(HEAD_BYTES)?;
    let head = Head::of(head);
    if head.kind == kind { rest.get(..head.length) } else { None }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn place_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

/// Decrypts pictures, one after the other.
fn open_pictures(mut rest: &mut [u8], keys: &Keys) {
    let start = keys.of_block(0);
    loop {
        let mut fields = Fields { rest, start: &start };
        let head = Head::of(fields.next(HEAD_BYTES));
        let length = head.length.min(fields.rest.len());
        let (picture, next) = mem::take(&mut fields.rest).split_at_mut(length);
        fields.rest = picture;
        open_picture(head, fields);
        rest = next;
        if rest.is_empty() {
            return;
        }
    }
}

fn open_picture(mut head: Head, mut fields: Fields<'_, '_>) {
    if head.kind == LISTED_PICTURE {
        let mut name_bytes = 0;
        for (index, length) in LISTED_FIELDS.into_iter().enumerate() {
            let field = fields.next(length);
            if index == NAME_LENGTH_FIELD {
                name_bytes = field.first().copied().map_or(0, usize::from);
            }
        }
        fields.next(name_bytes);
        head = Head::of(fields.next(HEAD_BYTES));
    }
    fields.next(IDENTIFIER_BYTES);
    if TWICE_IDENTIFIED.contains(&head.instance) {
        fields.next(IDENTIFIER_BYTES);
    }
    fields.next(if DRAWINGS.contains(&head.kind) { DRAWING_HEADER_BYTES } else { MARK_BYTES });
    fields.next(usize::MAX);
}

/// The fields of a picture that are still encrypted.
struct Fields<'a, 'b> {
    rest: &'a mut [u8],
    /// The cipher, which begins anew with each of them.
    start: &'b Rc4,
}

impl<'a> Fields<'a, '_> {
    /// Decrypts the next one, or as much of it as there is.
    fn next(&mut self, length: usize) -> &'a [u8] {
        let rest = mem::take(&mut self.rest);
        let (field, rest) = rest.split_at_mut(length.min(rest.len()));
        self.rest = rest;
        self.start.clone().apply(field);
        field
    }
}

/// The properties of the presentation as the streams that they are without a password. What is broken is left out.
fn open_properties(stream: &[u8], keys: &Keys) -> Vec<(&'static str, Vec<u8>)> {
    let decrypted = |at: usize, length: usize, block: u32| {
        let mut bytes = stream.get(at..)?.get(..length)?.to_vec();
        keys.of_block(block).apply(&mut bytes);
        Some(bytes)
    };
    let list = decrypted(0, 8, 0).and_then(|head| decrypted(place_at(&head, 0)?, place_at(&head, 4)?, 0));
    let list = list.unwrap_or_default();
    let count = u32_at(&list, 0).unwrap_or_default();
    let mut rest = list.get(4..).unwrap_or_default();
    let mut streams = Vec::new();
    for _ in 0..count {
        let Some((entry, after)) = rest.split_first_chunk::<16>() else { break };
        let name_bytes = usize::from(entry[10]) * 2;
        // The name ends with a zero that is not counted.
        let Some((name, after)) = after.split_at_checked(name_bytes + 2) else { break };
        rest = after;
        let name: Vec<u16> = name.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
        let name = String::from_utf16_lossy(&name);
        let name = PROPERTY_STREAMS.into_iter().find(|known| *known == name.trim_end_matches('\0'));
        let bytes =
            || decrypted(place_at(entry, 0)?, place_at(entry, 4)?, u32::from(u16::from_le_bytes([entry[8], entry[9]])));
        // Each once: a list may name the same bytes as often as it likes.
        if let Some(name) = name.filter(|name| streams.iter().all(|(known, _)| known != name))
            && let Some(bytes) = bytes()
        {
            streams.push((name, bytes));
        }
    }
    streams
}
