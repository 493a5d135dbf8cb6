//! The code of a zygote in large pages. A copy of a process takes over what is in memory of its own, but finds anew, page by
//! page, what is of a file, as code is. That, and giving it back at its end, was a fifth of the time of a copy that has little
//! to do. It costs as much memory as there is code: 50 MB for our own, as much again and more for LibreOffice's.

#![expect(unsafe_code, reason = "the code of this process is moved to other memory; see `move_code`")]

use std::{ffi::c_void, io, ops::Range, ptr};

use rustix::{
    mm::{
        Advice, MapFlags, MprotectFlags, MremapFlags, ProtFlags, madvise, mmap_anonymous, mprotect, mremap_fixed,
        munmap,
    },
    system::sysinfo,
};

use super::maps::{self, Area};

/// Bytes of a large page.
pub(super) const LARGE: usize = 2 << 20;
/// What the kernel says of large pages: `always [madvise] never`, with the choice in brackets.
const OFFERED: &str = "/sys/kernel/mm/transparent_hugepage/enabled";
/// Memory of a machine that has some to spare for this, in bytes.
const MACHINE_BYTES_MIN: u64 = 4 << 30;

/// Puts all code that is loaded into large pages, but for what is before and after the first and the last whole one of each file.
///
/// # Errors
/// When the kernel offers none, there is little memory, or the kernel refuses; the code is then where it was.
pub(super) fn use_for_code() -> io::Result<()> {
    if std::fs::read_to_string(OFFERED)?.contains("[never]") {
        return Err(io::Error::other("the kernel offers none"));
    }
    let machine = sysinfo();
    if machine.totalram.saturating_mul(u64::from(machine.mem_unit)) < MACHINE_BYTES_MIN {
        return Err(io::Error::other("there is little memory"));
    }
    code(&maps::own()?).into_iter().try_for_each(move_code)
}

/// Whole large pages of code that files hold, of a list of [maps].
fn code(list: &str) -> Vec<Range<usize>> {
    let whole = |Area { range: Range { start, end }, kinds, name }: Area<'_>| {
        let is_code = kinds == "r-xp" && name?.starts_with('/');
        let range = start.checked_next_multiple_of(LARGE)?..end - end % LARGE;
        (is_code && !range.is_empty()).then_some(range)
    };
    maps::areas(list).filter_map(whole).collect()
}

fn move_code(code: Range<usize>) -> io::Result<()> {
    let length = code.len();
    let place: *mut c_void = ptr::with_exposed_provenance_mut(code.start);
    // SAFETY: it is new memory, which nobody else knows of.
    let memory = unsafe {
        mmap_anonymous(ptr::null_mut(), length + LARGE, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)?
    };
    let before = memory.addr().next_multiple_of(LARGE) - memory.addr();
    let copy = memory.wrapping_byte_add(before);
    // SAFETY: all of it is within the memory above, or is code that can be read. The call that puts the copy in place of the
    // code does so as one: whoever comes back from it, or runs in another thread, finds the same bytes at the same place.
    // Nothing writes code, so it is the same since it was copied.
    let moved = unsafe {
        madvise(copy, length, Advice::LinuxHugepage).and_then(|()| {
            ptr::copy_nonoverlapping(place.cast::<u8>().cast_const(), copy.cast(), length);
            mprotect(copy, length, MprotectFlags::READ | MprotectFlags::EXEC)?;
            mremap_fixed(copy, length, length, MremapFlags::MAYMOVE, place)
        })
    };
    // What is left of it. Where the part was that has moved there may be something of somebody else by now.
    let left = match moved {
        Ok(_) => vec![(memory, before), (copy.wrapping_byte_add(length), LARGE - before)],
        Err(_) => vec![(memory, length + LARGE)],
    };
    for (part, length) in left.into_iter().filter(|(_, length)| *length > 0) {
        // SAFETY: nobody uses it.
        unsafe { munmap(part, length)? };
    }
    moved.map(|_| ()).map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_large_pages_of_code_in_files_are_moved() {
        let maps = "00100000-00900000 r-xp 00000000 fd:00 7 /usr/bin/bindery\n\
            00a00000-00bff000 r-xp 00000000 fd:00 8 /usr/lib/small.so\n\
            01000000-02000000 r--p 00000000 fd:00 7 /usr/bin/bindery\n\
            03000000-04000000 r-xp 00000000 00:00 0\n\
            7fff0000-7fff2000 r-xp 00000000 00:00 0 [vdso]\nnonsense\n";
        assert_eq!(code(maps).first(), Some(&(0x20_0000..0x80_0000)));
        assert_eq!(code(maps).len(), 1);
    }

    #[test]
    fn code_in_large_pages_does_what_it_did() {
        let before = code(&maps::own().unwrap());
        assert!(!before.is_empty(), "there is less code than a large page");
        if let Err(error) = use_for_code() {
            // This machine offers none; then nothing has changed.
            assert!(!error.to_string().is_empty());
            assert_eq!(code(&maps::own().unwrap()), before);
        } else {
            assert!(code(&maps::own().unwrap()).is_empty());
        }
    }
}
