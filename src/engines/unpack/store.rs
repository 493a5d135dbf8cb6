//! The place for what comes out of a container.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Read, Write as _},
    path::Path,
};

use super::{Budget, Unpacked, file_of, label};
use crate::{
    domain::{Event, EventCode},
    engines::Error,
};

/// Writes files by their number until the budget is used up.
#[derive(Debug)]
pub struct Store<'a> {
    folder: &'a Path,
    budget: Budget,
    left: u64,
    taken: HashSet<String>,
    unpacked: Unpacked,
}

impl<'a> Store<'a> {
    /// An empty one in a folder.
    pub fn new(folder: &'a Path, budget: Budget) -> Self {
        let unpacked = Unpacked { names: Vec::new(), bodies: 0, events: Vec::new() };
        Self { folder, budget, left: budget.bytes_max, taken: HashSet::new(), unpacked }
    }

    /// How much may be put in.
    pub const fn budget(&self) -> Budget {
        self.budget
    }

    /// Puts in a file that shows the container itself. These come before all others.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_body(&mut self, name: &str, content: impl Read) -> Result<(), Error> {
        self.put(name, content)?;
        self.unpacked.bodies = self.unpacked.names.len();
        Ok(())
    }

    /// Puts in one more file. A name that is taken gets a number, and the client is told.
    ///
    /// # Errors
    /// `Limit` past the budget, `Corrupt` when it cannot be read to its end; nothing is put in then.
    pub fn put(&mut self, name: &str, content: impl Read) -> Result<(), Error> {
        if self.unpacked.names.len() >= self.budget.entries_max {
            return Err(Error::Limit {
                which: format!("at most {} documents in it are allowed", self.budget.entries_max),
            });
        }
        let path = self.folder.join(file_of(self.unpacked.names.len()));
        self.left -= copy(content, name, &path, self.left, self.budget)?;
        let name = label(name);
        let free = self.free_name(&name);
        if free != name {
            let message = format!("Several files in it are called '{name}'; one of them goes by '{free}'.");
            self.tell(&free, Event::info(EventCode::Generic, message));
        }
        self.taken.insert(free.clone());
        self.unpacked.names.push(free);
        Ok(())
    }

    /// Tells the client something about one of the files, or about one that was left out.
    pub fn tell(&mut self, name: &str, event: Event) {
        self.unpacked.events.push(Event { part: Some(label(name)), ..event });
    }

    /// Tells the client something about the container.
    pub fn tell_of_all(&mut self, events: impl IntoIterator<Item = Event>) {
        self.unpacked.events.extend(events);
    }

    /// What was put in.
    pub fn finish(self) -> Unpacked {
        self.unpacked
    }

    /// A name that no other file has; its extension stays, for it says what the file is.
    fn free_name(&self, name: &str) -> String {
        if !self.taken.contains(name) {
            return name.to_owned();
        }
        let file_at = name.rfind('/').map_or(0, |slash| slash + 1);
        let dot = name.rfind('.').filter(|dot| *dot > file_at).unwrap_or(name.len());
        let (stem, extension) = name.split_at(dot);
        // There is a free one among as many as there are names, and one more.
        (2..=self.taken.len() + 2)
            .map(|number| format!("{stem} ({number}){extension}"))
            .find(|free| !self.taken.contains(free))
            .unwrap_or_else(|| name.to_owned())
    }
}

fn copy(mut content: impl Read, name: &str, path: &Path, left: u64, budget: Budget) -> Result<u64, Error> {
    let internal = |source| Error::Internal { doing: "write an unpacked file".to_owned(), source: Some(source) };
    let mut file = File::create(path).map_err(internal)?;
    let mut chunk = vec![0; 256 << 10];
    let mut written = 0;
    loop {
        let count = match content.read(&mut chunk) {
            Ok(0) => return Ok(written),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(Error::Corrupt { what: format!("the entry '{name}' cannot be unpacked ({error})") });
            }
        };
        written += count as u64;
        if written > left {
            return Err(Error::Limit {
                which: format!("it unpacks to more than {} MiB, at most that is allowed", budget.bytes_max >> 20),
            });
        }
        file.write_all(chunk.get(..count).unwrap_or_default()).map_err(internal)?;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_of_one_name_are_kept_apart_and_the_client_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::new(folder.path(), Budget { bytes_max: 100, entries_max: 10 });
        for (name, content) in
            [("a/b.txt", "1"), ("a/b.txt", "2"), ("a/b (2).txt", "3"), ("a/b.txt", "4"), ("a.b/c", "5"), ("a.b/c", "6")]
        {
            store.put(name, content.as_bytes()).unwrap();
        }
        let unpacked = store.finish();
        assert_eq!(unpacked.names, ["a/b.txt", "a/b (2).txt", "a/b (2) (2).txt", "a/b (3).txt", "a.b/c", "a.b/c (2)"]);
        assert_eq!(unpacked.events.len(), 4);
        assert_eq!(unpacked.events[0].part.as_deref(), Some("a/b (2).txt"));
        assert_eq!(fs::read(folder.path().join(file_of(3))).unwrap(), b"4");
    }

    #[test]
    fn nothing_is_put_in_past_the_budget() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::new(folder.path(), Budget { bytes_max: 5, entries_max: 2 });
        store.put("a", &b"123"[..]).unwrap();
        assert!(matches!(store.put("b", &b"456"[..]), Err(Error::Limit { .. })));
        store.put("c", &b"45"[..]).unwrap();
        assert!(matches!(store.put("d", &b""[..]), Err(Error::Limit { .. })));
        assert_eq!(store.finish().names, ["a", "c"]);
    }
}
