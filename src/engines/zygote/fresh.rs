//! Memory for what a copy allocates. Our allocator would give it what the zygote has freed here and there, in pages that the copy shares
//! with it: each of them is copied when it is first written, which was three quarters of all page faults of a copy. So what a copy allocates
//! lies together in memory that nobody has written yet, in large pages where the kernel has some: a copy for a small PDF takes a sixth
//! less time, one for a photograph of a megabyte a third.

#![expect(unsafe_code, reason = "the settings of the allocator are given and taken as untyped memory")]

use std::{io, ptr};

use tikv_jemalloc_sys::{MALLOCX_ALIGN, MALLOCX_ARENA, MALLOCX_TCACHE_NONE, dallocx, mallctl, mallocx};

use super::large_pages::LARGE;

/// What is set aside for a copy, in bytes; it takes no memory until it is written, and a copy that needs more gets more.
const ROOM: usize = 64 << 20;

/// Memory that is set aside for copies: an arena of jemalloc.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fresh {
    arena: u32,
}

impl Fresh {
    /// Sets it aside, in the zygote.
    ///
    /// # Errors
    /// When the allocator refuses.
    pub(super) fn set_aside() -> io::Result<Self> {
        let mut arena: u32 = 0;
        let mut size = size_of_val(&arena);
        // SAFETY: by this name it gives a `u32`, for which there is room, and takes nothing.
        said(unsafe {
            mallctl(c"arenas.create".as_ptr(), (&raw mut arena).cast(), &raw mut size, ptr::null_mut(), 0)
        })?;
        let index = usize::try_from(arena).map_err(io::Error::other)?;
        let flags = MALLOCX_ARENA(index) | MALLOCX_TCACHE_NONE;
        // Taken as a whole and given back, it stays with the arena in one piece that begins with a large page.
        // SAFETY: the size is not 0, and what was given is given back once, as it was taken.
        unsafe {
            let room = mallocx(ROOM, flags | MALLOCX_ALIGN(LARGE));
            if room.is_null() {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            dallocx(room, flags);
        }
        Ok(Self { arena })
    }

    /// Has this thread allocate there from now on, in a copy.
    ///
    /// # Errors
    /// When the allocator refuses.
    pub(super) fn take(mut self) -> io::Result<()> {
        let size = size_of_val(&self.arena);
        // SAFETY: by this name it takes a `u32`.
        said(unsafe {
            mallctl(c"thread.arena".as_ptr(), ptr::null_mut(), ptr::null_mut(), (&raw mut self.arena).cast(), size)
        })?;
        // What it kept at hand is of the zygote's memory.
        // SAFETY: by this name it neither gives nor takes anything.
        said(unsafe { mallctl(c"thread.tcache.flush".as_ptr(), ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), 0) })
    }
}

/// What the allocator says of a call.
fn said(number: i32) -> io::Result<()> {
    if number == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(number)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_is_where_a_thread_allocates_that_took_it() {
        let fresh = Fresh::set_aside().unwrap();
        let taken = move || {
            fresh.take().unwrap();
            let (mut arena, mut size) = (0_u32, size_of::<u32>());
            // SAFETY: by this name it gives a `u32`, for which there is room.
            let number = unsafe {
                mallctl(c"thread.arena".as_ptr(), (&raw mut arena).cast(), &raw mut size, ptr::null_mut(), 0)
            };
            said(number).map(|()| arena).unwrap()
        };
        assert_eq!(std::thread::spawn(taken).join().unwrap(), fresh.arena);
    }
}
