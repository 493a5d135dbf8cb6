//! What one input may cost. libFuzzer's own limits are looser: its clock runs on while others use the processor, and its
//! measure of memory counts what the fuzzer keeps for itself.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use nix::time::{ClockId, clock_gettime};

/// Most bytes that are held at one time for one input.
pub const MEMORY_BYTES_MAX: usize = 512 << 20;

/// Most time of the processor for one input.
pub const TIME_MAX: Duration = Duration::from_secs(10);

/// How much is held, and how much may be.
static HELD: AtomicUsize = AtomicUsize::new(0);
static HELD_MAX: AtomicUsize = AtomicUsize::new(usize::MAX);

/// The allocator of the system, which ends the process in the middle of an input that asks for too much.
pub struct Counting;

// SAFETY: everything is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both are held while the content moves.
        grow(size);
        let moved = unsafe { System.realloc(place, layout, size) };
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        moved
    }
}

fn grow(size: usize) {
    let held = HELD.fetch_add(size, Ordering::Relaxed).saturating_add(size);
    if held > HELD_MAX.load(Ordering::Relaxed) {
        // The message itself needs memory.
        HELD_MAX.store(usize::MAX, Ordering::Relaxed);
        panic!("more than {} MiB are held; {size} bytes were asked for last", MEMORY_BYTES_MAX >> 20);
    }
}

/// Runs something on an input.
///
/// # Panics
/// When it takes too long or holds too much.
pub fn within<T>(run: impl FnOnce() -> T) -> T {
    HELD_MAX.store(HELD.load(Ordering::Relaxed).saturating_add(MEMORY_BYTES_MAX), Ordering::Relaxed);
    let start = processor_time();
    let result = run();
    let taken = processor_time().saturating_sub(start);
    HELD_MAX.store(usize::MAX, Ordering::Relaxed);
    assert!(taken <= TIME_MAX, "it took {taken:?} of the processor's time");
    result
}

fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("this clock is always there").into()
}
