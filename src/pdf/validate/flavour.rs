//! The flavours of PDF/A: a part of ISO 19005 and a level of conformance to it.

use std::{fmt, str::FromStr};

/// A part of ISO 19005.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// ISO 19005-1:2005, on PDF 1.4.
    One,
    /// ISO 19005-2:2011, on ISO 32000-1 (PDF 1.7).
    Two,
    /// ISO 19005-3:2012: part 2, with any files embedded.
    Three,
    /// ISO 19005-4:2020, on ISO 32000-2 (PDF 2.0).
    Four,
}

/// A level of conformance within a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Accessible: tagged, and with all that the other two ask for. Parts 1 to 3.
    A,
    /// Unicode: text can be extracted. Parts 2 and 3.
    U,
    /// Basic: looks the same everywhere. Parts 1 to 3.
    B,
    /// Part 4 without a suffix.
    Plain,
    /// Part 4 for engineering: 3D and rich media.
    E,
    /// Part 4 with any files embedded.
    F,
}

/// What a file may be checked against: 1a, 1b, 2a, 2b, 2u, 3a, 3b, 3u, 4, 4e or 4f.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flavour {
    part: Part,
    level: Level,
}

impl Flavour {
    /// PDF/A-1a.
    pub const A1A: Self = Self { part: Part::One, level: Level::A };
    /// PDF/A-1b.
    pub const A1B: Self = Self { part: Part::One, level: Level::B };
    /// PDF/A-2a.
    pub const A2A: Self = Self { part: Part::Two, level: Level::A };
    /// PDF/A-2b.
    pub const A2B: Self = Self { part: Part::Two, level: Level::B };
    /// PDF/A-2u.
    pub const A2U: Self = Self { part: Part::Two, level: Level::U };
    /// PDF/A-3a.
    pub const A3A: Self = Self { part: Part::Three, level: Level::A };
    /// PDF/A-3b.
    pub const A3B: Self = Self { part: Part::Three, level: Level::B };
    /// PDF/A-3u.
    pub const A3U: Self = Self { part: Part::Three, level: Level::U };
    /// PDF/A-4.
    pub const A4: Self = Self { part: Part::Four, level: Level::Plain };
    /// PDF/A-4e.
    pub const A4E: Self = Self { part: Part::Four, level: Level::E };
    /// PDF/A-4f.
    pub const A4F: Self = Self { part: Part::Four, level: Level::F };

    /// Every flavour, in the order of parts and levels.
    pub const ALL: [Self; 11] = [
        Self::A1A,
        Self::A1B,
        Self::A2A,
        Self::A2B,
        Self::A2U,
        Self::A3A,
        Self::A3B,
        Self::A3U,
        Self::A4,
        Self::A4E,
        Self::A4F,
    ];

    /// The flavour of a part and a level; `None` when the part has no such level.
    pub fn of(part: Part, level: Level) -> Option<Self> {
        Self::ALL.into_iter().find(|flavour| flavour.part == part && flavour.level == level)
    }

    /// The part of the standard.
    pub const fn part(self) -> Part {
        self.part
    }

    /// The level of conformance.
    pub const fn level(self) -> Level {
        self.level
    }

    /// The flavour as people write it after the part's name, such as `2b`.
    pub const fn as_str(self) -> &'static str {
        match (self.part, self.level) {
            (Part::One, Level::A) => "1a",
            (Part::One, _) => "1b",
            (Part::Two, Level::A) => "2a",
            (Part::Two, Level::U) => "2u",
            (Part::Two, _) => "2b",
            (Part::Three, Level::A) => "3a",
            (Part::Three, Level::U) => "3u",
            (Part::Three, _) => "3b",
            (Part::Four, Level::E) => "4e",
            (Part::Four, Level::F) => "4f",
            (Part::Four, _) => "4",
        }
    }
}

impl fmt::Display for Flavour {
    /// Writes the flavour as the standard names it, such as `PDF/A-2b`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PDF/A-{}", self.as_str())
    }
}

/// Says that a text names no flavour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no PDF/A flavour \"{0}\"; there are 1a, 1b, 2a, 2b, 2u, 3a, 3b, 3u, 4, 4e and 4f")]
pub struct UnknownFlavour(String);

impl FromStr for Flavour {
    type Err = UnknownFlavour;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.to_ascii_lowercase();
        let wanted = wanted.strip_prefix("pdf/a-").unwrap_or(&wanted);
        Self::ALL.into_iter().find(|flavour| flavour.as_str() == wanted).ok_or_else(|| UnknownFlavour(text.to_owned()))
    }
}
