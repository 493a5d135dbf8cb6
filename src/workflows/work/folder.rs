//! Work folders: one a worker process, one inside it for each attempt.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// The folder of one worker process, locked for as long as the process lives.
#[derive(Debug)]
pub struct Folders {
    own: PathBuf,
    // Held for its lock, which the kernel drops with the process, however it ends.
    _lock: File,
}

/// The folder of one attempt, removed with everything in it when it is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

const LOCK: &str = "lock";

impl Folders {
    /// Makes a folder for this process, and removes those of processes that are gone.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn open(base: &Path) -> io::Result<Self> {
        fs::create_dir_all(base)?;
        for entry in fs::read_dir(base)? {
            let path = entry?.path();
            if let Err(error) = remove_if_abandoned(&path) {
                tracing::warn!(%error, folder = %path.display(), "could not remove an abandoned work folder");
            }
        }
        // Made under another name and locked before it gets its own, so that nobody sees it unlocked.
        let name = uuid::Uuid::new_v4().simple().to_string();
        let new = base.join(format!(".{name}"));
        fs::create_dir(&new)?;
        let lock = File::create(new.join(LOCK))?;
        lock.lock()?;
        let own = base.join(name);
        fs::rename(&new, &own)?;
        Ok(Self { own, _lock: lock })
    }

    /// Where what is no attempt's may stand, by a name with a letter in it.
    pub(super) fn path(&self) -> &Path {
        &self.own
    }

    /// Makes the folder of an attempt; the fence makes its name unique.
    pub(super) fn make(&self, fence: i64) -> io::Result<Folder> {
        let path = self.own.join(fence.to_string());
        fs::create_dir(&path)?;
        Ok(Folder { path })
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        remove(&self.own);
    }
}

impl Folder {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::warn!(%error, folder = %path.display(), "could not remove a work folder");
    }
}

/// Removes a folder whose lock nobody holds. One that is being made has a name with a dot and is left alone.
fn remove_if_abandoned(path: &Path) -> io::Result<()> {
    let is_new = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    if is_new || !path.is_dir() {
        return Ok(());
    }
    match File::open(path.join(LOCK)) {
        Ok(lock) => match lock.try_lock() {
            Ok(()) => fs::remove_dir_all(path),
            Err(TryLockError::WouldBlock) => Ok(()),
            Err(TryLockError::Error(error)) => Err(error),
        },
        // Half removed by somebody who died over it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::remove_dir_all(path),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_dead_worker_is_removed_and_that_of_a_living_one_stays() {
        let base = tempfile::tempdir().unwrap();
        let dead = base.path().join("dead");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        fs::write(dead.join("document"), "secret").unwrap();
        let living = Folders::open(base.path()).unwrap();
        assert!(!dead.exists());
        let other = Folders::open(base.path()).unwrap();
        assert!(living.own.exists() && other.own.exists());
        drop(other);
        assert!(living.own.exists());
    }

    #[test]
    fn the_folder_of_an_attempt_goes_with_it() {
        let base = tempfile::tempdir().unwrap();
        let folders = Folders::open(base.path()).unwrap();
        let folder = folders.make(7).unwrap();
        fs::write(folder.path().join("document"), "secret").unwrap();
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
    }
}
