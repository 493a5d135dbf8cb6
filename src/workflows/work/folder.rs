//! Work folders: one a worker process, one inside it for each attempt.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use nix::sys::statvfs::statvfs;

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

    /// Whether its disk is full, and by the work of others: it holds little of it itself.
    pub(super) fn is_crowded_out(&self) -> bool {
        let Ok(disk) = statvfs(&self.path) else { return false };
        let bytes = |blocks: u64| blocks.saturating_mul(disk.fragment_size());
        bytes(disk.blocks_available()) < ROOM && size(&self.path) < (bytes(disk.blocks()) / 8).min(LARGE)
    }
}

/// With less than this, a disk is full.
const ROOM: u64 = 1 << 20;
/// A folder of more than this is no small part of any disk.
const LARGE: u64 = 1 << 30;

/// Bytes of the disk that all files below a folder take; of what cannot be seen nothing is counted.
fn size(folder: &Path) -> u64 {
    let mut bytes = 0;
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(found) = entry.metadata() else { continue };
            bytes += found.blocks() * 512;
            if found.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    bytes
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn remove(path: &Path) {
    // The usual way opens all folders that are inside each other at once, and needs their permission.
    if let Err(error) = fs::remove_dir_all(path).or_else(|_| dismantle(path)) {
        tracing::warn!(%error, folder = %path.display(), "could not remove a work folder");
    }
}

/// Removes a folder however deep and however locked a host has left it: what is inside of its folders is moved up to the top,
/// one folder after the other.
fn dismantle(top: &Path) -> io::Result<()> {
    let name = uuid::Uuid::new_v4();
    let mut folders = vec![top.to_path_buf()];
    let mut number = 0;
    while let Some(folder) = folders.pop() {
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                fs::remove_file(entry.path())?;
            } else if folder == top {
                folders.push(entry.path());
            } else {
                number += 1;
                let place = top.join(format!("{name}-{number}"));
                // A folder is moved only by whoever may write to it.
                fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o700))?;
                fs::rename(entry.path(), &place)?;
                folders.push(place);
            }
        }
        if folder != top {
            fs::remove_dir(folder)?;
        }
    }
    fs::remove_dir(top)
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
    fn a_folder_goes_however_deep_and_however_locked_it_was_left() {
        let base = tempfile::tempdir().unwrap();
        let top = base.path().join("7");
        let locked = top.join("locked");
        fs::create_dir_all(locked.join("inside")).unwrap();
        fs::write(locked.join("inside/document"), "secret").unwrap();
        fs::set_permissions(locked.join("inside"), fs::Permissions::from_mode(0o000)).unwrap();
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
        // Deeper than any path may be long: each half is short enough, and one is moved into the other again and again.
        fs::create_dir(top.join("deep")).unwrap();
        for _ in 0..3_000 {
            fs::create_dir(top.join("outer")).unwrap();
            fs::rename(top.join("deep"), top.join("outer/deep")).unwrap();
            fs::rename(top.join("outer"), top.join("deep")).unwrap();
        }
        dismantle(&top).unwrap();
        assert!(!top.exists());
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
