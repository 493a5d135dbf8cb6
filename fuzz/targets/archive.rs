//! Any bytes that open as a PDF go through the gate or are refused; what went through conforms, and would pass again
//! unchanged.

#![no_main]

use std::{path::PathBuf, sync::LazyLock};

use bindery_fuzz::{
    domain::metadata::Metadata,
    limits::{self, Counting},
    mutate,
    pdf::{
        fonts::FontFolder,
        gate::{self, Wanted},
        read,
        validate::{Part, validate},
    },
};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use time::OffsetDateTime;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static NO_FONTS: LazyLock<FontFolder> = LazyLock::new(|| FontFolder::open(&[]));
static FONTS: LazyLock<FontFolder> = LazyLock::new(|| FontFolder::open(&[PathBuf::from("/usr/share/fonts")]));

fuzz_mutator!(|data: &mut [u8], size: usize, size_max: usize, seed: u32| {
    mutate::mutate(data, size, size_max, seed)
});

// The first byte picks the part and the fonts, the rest is the file.
fuzz_target!(|data: &[u8]| {
    let Some((pick, file)) = data.split_first() else { return };
    let part = [Part::One, Part::Two, Part::Three][usize::from(pick % 3)];
    let fonts = if pick / 3 % 2 == 0 { &*FONTS } else { &*NO_FONTS };
    limits::within(|| {
        let Ok(opened) = read(file.to_vec(), &[]) else { return };
        let metadata = Metadata::default();
        let wanted = Wanted { part, metadata: &metadata, now: OffsetDateTime::UNIX_EPOCH, fonts, writer: None };
        let Ok(passed) = gate::pass(opened.document, &wanted) else { return };
        let report = validate(&passed.bytes, passed.flavour);
        assert!(report.is_compliant(), "it went through and does not conform: {:?}", report.failed);
        let again = gate::conforming(&passed.bytes, &[part]);
        assert_eq!(again, Some(passed.flavour), "it would not pass again unchanged");
    });
});
