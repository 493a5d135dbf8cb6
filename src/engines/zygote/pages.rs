//! The pages that work on a document takes. A copy of a process shares its memory until it writes there, and has of files nothing but what
//! it reads again: each time the kernel steps in, a page at a time. A copy that is made ahead can have that done before there is a document,
//! if it is known which pages: those that other copies took, each of which converted one of the documents that the zygote has warmed
//! itself with.

#![expect(unsafe_code, reason = "the kernel is told what will be used of this process' memory")]

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt as _, ptr};

use rustix::{
    mm::{Advice, madvise},
    param::page_size,
};
use serde::{Deserialize, Serialize};

use super::maps::{self, Area};

/// What the kernel says of a page in `/proc/self/pagemap`, 8 bytes each: that it is there,
const PRESENT: u64 = 1 << 63;
/// that it is of a file,
const OF_FILE: u64 = 1 << 61;
/// and that no other process has it.
const ALONE: u64 = 1 << 56;

/// Pages of a process, by their addresses, in their order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Pages {
    /// Those that it has for itself.
    own: Vec<usize>,
    /// Those of files.
    of_files: Vec<usize>,
}

impl Pages {
    /// Those that this process has, a copy that has done some work: what it has for itself it has written.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub(super) fn taken() -> io::Result<Self> {
        let told = File::open("/proc/self/pagemap")?;
        let mut pages = Self::default();
        for (range, is_writable) in shareable(&maps::own()?) {
            let mut entries = vec![0; range.len() / page_size() * size_of::<u64>()];
            let first = range.start / page_size() * size_of::<u64>();
            told.read_exact_at(&mut entries, u64::try_from(first).map_err(io::Error::other)?)?;
            let (entries, _) = entries.as_chunks();
            for (address, entry) in range.step_by(page_size()).zip(entries) {
                let entry = u64::from_ne_bytes(*entry);
                if entry & PRESENT == 0 {
                    continue;
                }
                if is_writable && entry & ALONE != 0 {
                    pages.own.push(address);
                } else if entry & OF_FILE != 0 {
                    pages.of_files.push(address);
                }
            }
        }
        Ok(pages)
    }

    /// Those that each of several copies has taken: what only some work needs would be taken in vain by the rest.
    pub(super) fn common(taken: Vec<Self>) -> Self {
        let both = |one: Vec<usize>, other: &[usize]| {
            one.into_iter().filter(|page| other.binary_search(page).is_ok()).collect::<Vec<_>>()
        };
        let common = taken.into_iter().reduce(|one, other| Self {
            own: both(one.own, &other.own),
            of_files: both(one.of_files, &other.of_files),
        });
        common.unwrap_or_default()
    }

    /// Has this process take them now, a copy of the same one; those that it does not have are left out.
    pub(super) fn take(&self) {
        for (pages, advice) in [(&self.own, Advice::LinuxPopulateWrite), (&self.of_files, Advice::LinuxPopulateRead)] {
            for row in pages.chunk_by(|page, next| page + page_size() == *next) {
                let start = ptr::with_exposed_provenance_mut(row.first().copied().unwrap_or_default());
                // SAFETY: it changes nothing that anybody could read; where there is no memory, the kernel says so.
                if let Err(error) = unsafe { madvise(start, row.len() * page_size(), advice) } {
                    tracing::trace!(%error, "pages are not taken ahead");
                }
            }
        }
    }
}

/// What can be shared with a copy, of a list of [maps], and whether it can be written.
fn shareable(list: &str) -> impl Iterator<Item = (Range<usize>, bool)> {
    maps::areas(list).filter_map(|Area { range, kinds, name }| {
        // What the kernel lends each process is neither copied nor a file.
        let is_lent = name.is_some_and(|name| name.starts_with("[v"));
        (kinds.starts_with('r') && kinds.ends_with('p') && !is_lent).then(|| (range, kinds.starts_with("rw")))
    })
}

#[cfg(test)]
mod tests {
    use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};

    use super::*;

    /// Some pages that nobody has touched.
    fn untouched(count: usize) -> Range<usize> {
        let length = count * page_size();
        // SAFETY: it is new memory, which nobody else knows of, and stays to the end.
        let start =
            unsafe { mmap_anonymous(ptr::null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE) };
        let start = start.unwrap().expose_provenance();
        start..start + length
    }

    fn is_taken(address: usize) -> bool {
        Pages::taken().unwrap().own.contains(&address)
    }

    #[test]
    fn a_page_is_taken_by_writing_it_or_ahead_and_its_neighbours_are_not() {
        let memory = untouched(5);
        let [written, ahead, neighbour] = [0, 2, 4].map(|page| memory.start + page * page_size());
        // SAFETY: it is memory of this test.
        unsafe { ptr::with_exposed_provenance_mut::<u8>(written).write_volatile(1) };
        assert_eq!([written, ahead, neighbour].map(is_taken), [true, false, false]);
        // What is nowhere is no obstacle.
        let nowhere = page_size();
        Pages { own: vec![nowhere, ahead], of_files: Vec::new() }.take();
        assert_eq!([written, ahead, neighbour].map(is_taken), [true, true, false]);
    }

    #[test]
    fn what_the_kernel_lends_and_what_is_shared_is_no_area() {
        let maps = "00100000-00102000 rw-p 00000000 00:00 0 [heap]\n\
            00200000-00203000 r--p 00000000 fd:00 7 /usr/bin/bindery\n\
            00300000-00301000 rw-s 00000000 00:01 9 /dev/zero (deleted)\n\
            00400000-00401000 ---p 00000000 00:00 0\n\
            7fff0000-7fff2000 r-xp 00000000 00:00 0 [vdso]\nnonsense\n";
        let found: Vec<_> = shareable(maps).collect();
        assert_eq!(found, [(0x10_0000..0x10_2000, true), (0x20_0000..0x20_3000, false)]);
    }

    #[test]
    fn only_what_all_have_taken_is_common() {
        let taken = |own: &[usize], of_files: &[usize]| Pages { own: own.to_vec(), of_files: of_files.to_vec() };
        let common = Pages::common(vec![taken(&[1, 2, 4, 9], &[3]), taken(&[2, 3, 4], &[3, 5]), taken(&[4], &[1, 3])]);
        assert_eq!((common.own, common.of_files), (vec![4], vec![3]));
        assert_eq!(Pages::common(Vec::new()).own, Vec::<usize>::new());
    }
}
