//! What a process has ready before it is asked, and how it gets so.

use std::io;

use super::{native::Tools, office};

/// What a process has ready before it is asked.
#[derive(Debug, Clone, Copy)]
pub enum Warm<'a> {
    /// Nothing: it was started for the request.
    Nothing,
    /// LibreOffice, which runs, and what makes PDF/A of what it writes.
    Office(&'a office::Running, &'a Tools),
    /// What our own engines need.
    Native(&'a Tools),
}

impl Warm<'_> {
    /// Converts small documents of ours, so that this process and copies of it have found what most documents need.
    ///
    /// # Errors
    /// When one of them cannot be converted: then no other could.
    pub fn up(self) -> io::Result<()> {
        (0..self.own()).try_for_each(|number| self.convert_own(number, true))
    }

    /// How many of these there are.
    pub const fn own(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Office(..) => office::Running::OWN,
            Self::Native(_) => Tools::OWN,
        }
    }

    /// Converts one of them, by its number from 0. A host does not close its document, as its process is to end next.
    ///
    /// # Errors
    /// As with [`Self::up`], or when there is none of that number.
    pub fn convert_own(self, number: usize, close: bool) -> io::Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Office(office, tools) => tools.archive(office.convert_own(number, close)?),
            Self::Native(tools) => tools.convert_own(number),
        }
        .map_err(io::Error::other)
    }
}
