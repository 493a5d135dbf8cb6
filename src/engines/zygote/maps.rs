//! What memory a process has mapped.

use std::{io, ops::Range};

/// A stretch of memory.
pub(super) struct Area<'a> {
    /// Its addresses.
    pub(super) range: Range<usize>,
    /// What may be done with it, as `r-xp`: read, executed, and not shared.
    pub(super) kinds: &'a str,
    /// The file that it is of, or what the kernel calls it.
    pub(super) name: Option<&'a str>,
}

/// The list of this process.
///
/// # Errors
/// When the kernel does not tell.
pub(super) fn own() -> io::Result<String> {
    std::fs::read_to_string("/proc/self/maps")
}

/// What such a list says, by address.
pub(super) fn areas(list: &str) -> impl Iterator<Item = Area<'_>> {
    list.lines().filter_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let range = usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
        Some(Area { range, kinds: fields.next()?, name: fields.nth(3) })
    })
}
