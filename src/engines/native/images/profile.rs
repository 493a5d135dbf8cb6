//! Says which embedded colour profiles a PDF/A file may hold.

/// Most bytes of a profile that is kept; press profiles have up to 3 MiB.
pub(super) const PROFILE_BYTES_MAX: usize = 8 << 20;

/// Bytes of the header and the number of tags, without which there is no profile.
const PROFILE_BYTES_MIN: usize = 132;

/// Keeps a profile if it is whole, for so many samples a pixel, and of a version and class that PDF/A-2 allows.
///
/// A bad profile is dropped without a word, since the device colour space then shows what most viewers show anyway.
pub(super) fn usable<B: AsRef<[u8]>>(profile: B, samples: u8) -> Option<B> {
    let bytes = profile.as_ref();
    if !(PROFILE_BYTES_MIN..=PROFILE_BYTES_MAX).contains(&bytes.len()) {
        return None;
    }
    let declared = u32::from_be_bytes(*bytes.first_chunk()?);
    let is_whole =
        usize::try_from(declared).is_ok_and(|declared| declared <= bytes.len() && declared >= PROFILE_BYTES_MIN);
    let is_version = matches!(bytes.get(8), Some(2..=4));
    let is_class = matches!(bytes.get(12..16)?, b"scnr" | b"mntr" | b"prtr" | b"spac");
    let is_space = match bytes.get(16..20)? {
        b"GRAY" => samples == 1,
        b"RGB " => samples == 3,
        b"CMYK" => samples == 4,
        _ => false,
    };
    let is_signed = bytes.get(36..40)? == b"acsp";
    (is_whole && is_version && is_class && is_space && is_signed).then_some(profile)
}
