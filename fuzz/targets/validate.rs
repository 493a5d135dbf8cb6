//! Any bytes, held against any flavour: a verdict comes, always the same one.

#![no_main]

use bindery_fuzz::{
    limits::{self, Counting},
    mutate,
    pdf::validate::{Flavour, claimed, validate},
};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_mutator!(|data: &mut [u8], size: usize, size_max: usize, seed: u32| {
    mutate::mutate(data, size, size_max, seed)
});

// The first byte picks the flavour, the rest is the file.
fuzz_target!(|data: &[u8]| {
    let Some((pick, file)) = data.split_first() else { return };
    let flavour = Flavour::ALL[usize::from(*pick) % Flavour::ALL.len()];
    limits::within(|| {
        let report = validate(file, flavour);
        // What a file claims is read on the way to the verdict, and by itself before a document is archived.
        let claimed = claimed(file);
        assert!(!report.is_compliant() || claimed.is_some(), "it conforms to {flavour} and claims nothing");
    });
});
