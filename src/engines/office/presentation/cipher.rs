//! RC4 with keys of `CryptoAPI` ([MS-OFFCRYPTO] 2.3.5): one for each block, made of the password and the number of the block.

use ring::digest::{self, SHA1_FOR_LEGACY_USE_ONLY as SHA1};

/// The numbers of RC4 and of SHA-1 among algorithms, the only ones that the format allows.
const RC4: u32 = 0x6801;
const SHA_1: u32 = 0x8004;

const SALT_BYTES: usize = 16;
const VERIFIER_BYTES: usize = 16;
const HASH_BYTES: usize = 20;

/// Bits that a key may have, and those that it has when nothing is said.
const KEY_BITS: [u32; 2] = [40, 128];
const SHORT_KEY_BYTES: usize = 5;
/// Bytes of a key as RC4 gets it: the shortest is filled up with zeros.
const FULL_KEY_BYTES: usize = 16;

/// What a file says of its password.
#[derive(Debug)]
pub(super) struct Lock {
    salt: [u8; SALT_BYTES],
    /// Random bytes and their hash, encrypted one after the other.
    verifier: [u8; VERIFIER_BYTES + HASH_BYTES],
    key_bytes: usize,
}

/// What the right password gives.
#[derive(Debug)]
pub(super) struct Keys {
    hash: [u8; HASH_BYTES],
    key_bytes: usize,
}

impl Lock {
    /// Reads the header of an encryption and what follows it; nothing for another encryption than this.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        // Two versions and flags stand before the length of the header, and flags and another number at its start.
        let header_bytes = usize::try_from(number(8)?).ok()?;
        if number(20)? != RC4 || number(24)? != SHA_1 {
            return None;
        }
        let bits = match number(28)? {
            0 => KEY_BITS[0],
            bits => bits,
        };
        let [low, high] = KEY_BITS;
        let bits = Some(bits).filter(|bits| (low..=high).contains(bits) && bits % 8 == 0)?;
        let (length, rest) = bytes.get(12..)?.get(header_bytes..)?.split_first_chunk::<4>()?;
        let (salt, rest) = rest.split_first_chunk()?;
        let (random, rest) = rest.split_first_chunk::<VERIFIER_BYTES>()?;
        let (hash_length, rest) = rest.split_first_chunk::<4>()?;
        let hash = rest.first_chunk::<HASH_BYTES>()?;
        let is = |length: &[u8; 4], bytes: usize| usize::try_from(u32::from_le_bytes(*length)) == Ok(bytes);
        if !is(length, SALT_BYTES) || !is(hash_length, HASH_BYTES) {
            return None;
        }
        let verifier = [random.as_slice(), hash].concat().try_into().ok()?;
        Some(Self { salt: *salt, verifier, key_bytes: usize::try_from(bits / 8).ok()? })
    }

    /// The keys, if a password is the right one.
    pub(super) fn open(&self, password: &str) -> Option<Keys> {
        let keys = Keys::of(&self.salt, password, self.key_bytes);
        let mut verifier = self.verifier;
        keys.of_block(0).apply(&mut verifier);
        let (random, hash) = verifier.split_at(VERIFIER_BYTES);
        (sha1(&[random]) == hash).then_some(keys)
    }
}

impl Keys {
    pub(super) fn of(salt: &[u8; SALT_BYTES], password: &str, key_bytes: usize) -> Self {
        let password: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        Self { hash: sha1(&[salt, &password]), key_bytes }
    }

    /// The cipher at the start of a block.
    pub(super) fn of_block(&self, block: u32) -> Rc4 {
        let hash = sha1(&[&self.hash, &block.to_le_bytes()]);
        let mut key = [0; FULL_KEY_BYTES];
        for (byte, hash) in key.iter_mut().zip(hash).take(self.key_bytes) {
            *byte = hash;
        }
        let length = if self.key_bytes == SHORT_KEY_BYTES { FULL_KEY_BYTES } else { self.key_bytes };
        Rc4::new(key.get(..length).unwrap_or(&key))
    }
}

pub(super) fn sha1(parts: &[&[u8]]) -> [u8; HASH_BYTES] {
    let mut context = digest::Context::new(&SHA1);
    parts.iter().for_each(|part| context.update(part));
    let mut hash = [0; HASH_BYTES];
    for (byte, made) in hash.iter_mut().zip(context.finish().as_ref()) {
        *byte = *made;
    }
    hash
}

/// RC4, which decrypts what it encrypted.
#[derive(Clone)]
pub(super) struct Rc4 {
    state: [u8; 256],
    first: u8,
    second: u8,
}

impl Rc4 {
    fn new(key: &[u8]) -> Self {
        let mut state = [0; 256];
        for (value, number) in state.iter_mut().zip(0..=u8::MAX) {
            *value = number;
        }
        let mut other = 0_u8;
        for (at, key) in (0..=u8::MAX).zip(key.iter().cycle()) {
            other = other.wrapping_add(state[usize::from(at)]).wrapping_add(*key);
            state.swap(usize::from(at), usize::from(other));
        }
        Self { state, first: 0, second: 0 }
    }

    /// Goes on with bytes in their place.
    pub(super) fn apply(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.first = self.first.wrapping_add(1);
            self.second = self.second.wrapping_add(self.state[usize::from(self.first)]);
            self.state.swap(usize::from(self.first), usize::from(self.second));
            let sum = self.state[usize::from(self.first)].wrapping_add(self.state[usize::from(self.second)]);
            *byte ^= self.state[usize::from(sum)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rc4_gives_what_others_give() {
        // RFC 6229, keys of 40 and 128 bits.
        for (key, expected) in [
            (&[1, 2, 3, 4, 5][..], [0xb2, 0x39, 0x63, 0x05, 0xf0, 0x3d, 0xc0, 0x27]),
            (
                &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
                [0x9a, 0xc7, 0xcc, 0x9a, 0x60, 0x9d, 0x1e, 0xf7],
            ),
        ] {
            let mut bytes = [0; 8];
            Rc4::new(key).apply(&mut bytes);
            assert_eq!(bytes, expected);
        }
    }

    /// What a file with the password 123 and a key of 40 bits says, as it was published; without the name of the provider.
    fn published() -> Vec<u8> {
        let mut bytes = vec![2, 0, 2, 0, 4, 0, 0, 0, 32, 0, 0, 0];
        for number in [4, 0, RC4, SHA_1, 0, 1, 0, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend([16, 0, 0, 0]);
        bytes.extend(0x05c5_95af_2b3c_ed08_a527_28b3_81a8_6174_u128.to_be_bytes());
        bytes.extend(0xfd2d_d1ee_fb17_5142_b6e4_4b48_5d61_5ed4_u128.to_be_bytes());
        bytes.extend([20, 0, 0, 0]);
        bytes.extend(0xe7f7_0764_3bbe_850e_38d5_7676_42a6_e25d_u128.to_be_bytes());
        bytes.extend(0xb8a8_be11_u32.to_be_bytes());
        bytes
    }

    #[test]
    fn a_lock_is_opened_by_its_password_alone() {
        let lock = Lock::read(&published()).unwrap();
        assert!(lock.open("123").is_some());
        assert!(["", "124", "1234"].into_iter().all(|password| lock.open(password).is_none()));
    }

    #[test]
    fn what_is_cut_short_or_of_another_kind_is_no_lock() {
        let whole = published();
        assert!((0..whole.len()).all(|length| Lock::read(&whole[..length]).is_none()));
        for (at, value) in [(8, 0xff), (20, 0x0e), (24, 0x03), (28, 0x30), (28, 0x07), (44, 17)] {
            let mut other = whole.clone();
            other[at] = value;
            assert_eq!(Lock::read(&other).is_some(), (at, value) == (28, 0x30), "{at}: {value}");
        }
    }
}
