use super::*;

const PASSWORD: &str = "sésame";

/// A lock with keys of 128 bits, and the keys.
fn lock() -> (Vec<u8>, Keys) {
    let mut bytes = vec![2, 0, 2, 0, 4, 0, 0, 0, 32, 0, 0, 0];
    for number in [4, 0, 0x6801, 0x8004, 128, 1, 0, 0_u32] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend([16, 0, 0, 0]);
    bytes.extend([7; 16]);
    let keys = Keys::of(&[7; 16], PASSWORD, 16);
    let (random, hash) = ([9; 16], cipher::sha1(&[&[9; 16]]));
    let mut verifier = [&random[..], &hash].concat();
    keys.of_block(0).apply(&mut verifier);
    bytes.extend(&verifier[..16]);
    bytes.extend([20, 0, 0, 0]);
    bytes.extend(&verifier[16..]);
    (bytes, keys)
}

fn record(head: u16, kind: u16, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&head.to_le_bytes()[..], &kind.to_le_bytes(), &length, content].concat()
}

/// Encrypts a part as one block.
fn hide(bytes: &mut [u8], keys: &Keys, block: u32) {
    keys.of_block(block).apply(bytes);
}

fn words(numbers: &[usize]) -> Vec<u8> {
    numbers.iter().flat_map(|number| u32::try_from(*number).unwrap().to_le_bytes()).collect()
}

/// The streams of a presentation of two objects, which are numbered 1 and 3, and of a lock, which is numbered 4.
fn streams() -> Vec<(&'static str, Vec<u8>)> {
    let (lock, keys) = lock();
    let mut document = Vec::new();
    let mut places = Vec::new();
    for (number, content) in [(1, &b"first"[..]), (3, b"the third")] {
        places.push(document.len());
        let mut object = record(0xf, 1000, content);
        hide(&mut object, &keys, number);
        document.extend(object);
    }
    places.push(document.len());
    document.extend(record(0xf, LOCK, &lock));
    let directory_at = document.len();
    document.extend(record(0, DIRECTORY, &words(&[1 << 20 | 1, places[0], 2 << 20 | 3, places[1], places[2]])));
    let edit_at = document.len();
    document.extend(record(0, EDIT, &words(&[0, 0, 0, directory_at, 1, 5, 0, 4])));
    let user = record(0, 0x0ff6, &words(&[20, 0xf3d1_c4df, edit_at, 0, 0]));
    vec![(USER, user), (DOCUMENT, document), (PICTURES, pictures(&keys)), (PROPERTIES, properties(&keys))]
}

/// A picture by itself with one identifier, and one that is listed with a name, is a drawing and has two identifiers.
const PLAIN_PICTURE: [&[u8]; 3] = [&[1; 16], &[2], b"the pixels"];
const LISTED: [&[u8]; 11] = [&[3], &[4], &[5; 16], &[6, 6], &[7; 4], &[8; 4], &[9; 4], &[0], &[3], &[0], &[0]];
const DRAWING: [&[u8]; 4] = [&[10; 16], &[11; 16], &[12; 34], b"the lines"];

fn pictures(keys: &Keys) -> Vec<u8> {
    let mut all = Vec::new();
    let mut put = |field: Vec<u8>| {
        let mut field = field;
        hide(&mut field, keys, 0);
        all.extend(field);
    };
    let head = |head, kind, parts: &[&[u8]]| record(head, kind, &parts.concat())[..HEAD_BYTES].to_vec();
    put(head(0x6e00, 0xf01e, &PLAIN_PICTURE));
    PLAIN_PICTURE.iter().for_each(|field| put(field.to_vec()));
    let inner = head(0x3d50, DRAWINGS[0], &DRAWING);
    put(head(0x2, LISTED_PICTURE, &[&LISTED.concat(), b"abc", &inner, &DRAWING.concat()]));
    LISTED.iter().for_each(|field| put(field.to_vec()));
    put(b"abc".to_vec());
    put(inner);
    DRAWING.iter().for_each(|field| put(field.to_vec()));
    all
}

/// Two streams of properties, and one of a name that is none.
fn properties(keys: &Keys) -> Vec<u8> {
    let streams =
        [(PROPERTY_STREAMS[0], &b"title"[..]), ("PowerPoint Document", b"other"), (PROPERTY_STREAMS[1], b"company")];
    let mut bytes = vec![0; 8];
    let mut list = words(&[streams.len()]);
    for (block, (name, content)) in (1_u16..).zip(streams) {
        list.extend(words(&[bytes.len(), content.len()]));
        list.extend(block.to_le_bytes());
        list.extend([u8::try_from(name.len()).unwrap(), 1, 0, 0, 0, 0]);
        list.extend(name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        let mut content = content.to_vec();
        hide(&mut content, keys, block.into());
        bytes.extend(content);
    }
    let mut head = words(&[bytes.len(), list.len()]);
    hide(&mut head, keys, 0);
    hide(&mut list, keys, 0);
    bytes[..8].copy_from_slice(&head);
    bytes.extend(list);
    bytes
}

fn file(streams: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    for (name, bytes) in streams {
        file.create_stream(name).unwrap().write_all(bytes).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn opened(streams: &[(&str, Vec<u8>)], password: &str) -> Result<File, Error> {
    let bytes = decrypt(&file(streams), &["wrong".to_owned(), password.to_owned()])?;
    Ok(File::open(Cursor::new(bytes)).unwrap())
}

#[test]
fn objects_pictures_and_properties_are_what_they_were() {
    let mut file = opened(&streams(), PASSWORD).unwrap();
    let document = read(&mut file, DOCUMENT).unwrap();
    let expected = [record(0xf, 1000, b"first"), record(0xf, 1000, b"the third")].concat();
    assert_eq!(document[..expected.len()], expected);
    assert_eq!(u32_at(&read(&mut file, USER).unwrap(), TOKEN_AT), Some(TOKEN_OPEN));
    let pictures = read(&mut file, PICTURES).unwrap();
    let listed = [&LISTED.concat(), &b"abc"[..], &record(0x3d50, DRAWINGS[0], &DRAWING.concat())].concat();
    let expected = [record(0x6e00, 0xf01e, &PLAIN_PICTURE.concat()), record(0x2, LISTED_PICTURE, &listed)].concat();
    assert_eq!(pictures, expected);
    assert!(!file.exists(PROPERTIES));
    let properties = PROPERTY_STREAMS.map(|name| read(&mut file, name).unwrap());
    assert_eq!(properties, [b"title".to_vec(), b"company".to_vec()]);
}

#[test]
fn a_wrong_password_is_told_and_so_is_none() {
    assert!(matches!(opened(&streams(), "sesame"), Err(Error::Password { given: true })));
    assert!(matches!(decrypt(&file(&streams()), &[]), Err(Error::Password { given: false })));
}

#[test]
fn what_is_cut_short_or_changed_is_refused_or_opened_as_far_as_it_goes() {
    let whole = streams();
    for (index, (_, bytes)) in whole.iter().enumerate() {
        for length in (0..bytes.len()).step_by(3) {
            let mut cut = whole.clone();
            cut[index].1.truncate(length);
            let mut changed = whole.clone();
            changed[index].1[length] ^= 0xff;
            for streams in [cut, changed] {
                let opened = opened(&streams, PASSWORD);
                let is_known = matches!(
                    opened,
                    Ok(_) | Err(Error::Corrupt { .. } | Error::Password { .. } | Error::UnsupportedFeature { .. })
                );
                assert!(is_known, "{index}: {length}");
            }
        }
    }
    let bytes = file(&whole);
    for length in (0..bytes.len()).step_by(97) {
        assert!(decrypt(&bytes[..length], &[PASSWORD.to_owned()]).map_or_else(|_| true, |opened| !opened.is_empty()));
    }
}

#[test]
fn objects_that_lie_on_each_other_are_each_opened_up_to_the_next() {
    let mut whole = streams();
    let at = whole[1].1.windows(4).position(|four| four == words(&[1 << 20 | 1])).unwrap();
    // The first object now begins where the second one does.
    let second: Vec<u8> = whole[1].1[at + 12..at + 16].to_vec();
    whole[1].1[at + 4..at + 8].copy_from_slice(&second);
    assert!(opened(&whole, PASSWORD).is_ok());
}
