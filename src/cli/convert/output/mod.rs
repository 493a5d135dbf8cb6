//! Where results are written. A file is there whole or not at all, and none is replaced by accident.
//!
//! A file that was named with `-o` is replaced, as compilers and `cp` do it. A file in a folder, whose name comes from the
//! service, is not: converting `scan.pdf` beside itself would overwrite the scan. `-f`, `-i` and `-u` decide otherwise.

use std::{
    collections::HashSet,
    fs::{self, Permissions},
    io::{self, BufRead as _, IsTerminal as _},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, anyhow};
use tempfile::NamedTempFile;
use tokio::{fs::File, sync::oneshot};

use super::{
    exit::Failure,
    inputs::{Input, STANDARD},
    report::Report,
};

#[cfg(test)]
mod tests;

/// Most bytes of a file name here; file systems have 255, and a number must fit too.
const NAME_BYTES_MAX: usize = 240;

/// What happens to a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// It stays, and the result is not written.
    Keep,
    /// It is replaced.
    Replace,
    /// Somebody is asked.
    Ask,
    /// It stays, and the result gets a number.
    Number,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Folder(PathBuf),
    Standard,
}

/// Where the results of one call go.
#[derive(Debug)]
pub(super) struct Output {
    place: Place,
    existing: Existing,
    /// What this call has written, so that no result replaces another.
    written: Mutex<HashSet<PathBuf>>,
    /// One question at a time.
    asking: tokio::sync::Mutex<()>,
    report: Arc<Report>,
}

impl Output {
    /// Looks at what was asked for, before anything is sent.
    pub(super) async fn prepare(
        given: Option<&Path>,
        split: bool,
        existing: Option<Existing>,
        inputs: &[Input],
        report: Arc<Report>,
    ) -> Result<Self, Failure> {
        let place = place(given, split)?;
        let usual = if matches!(place, Place::File(_)) { Existing::Replace } else { Existing::Keep };
        let mut output = Self {
            place,
            existing: existing.unwrap_or(usual),
            written: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
            report,
        };
        let Place::File(path) = &output.place else { return Ok(output) };
        if existing.is_none() && inputs.iter().any(|input| input.is_at(path)) {
            let error = anyhow!("{} is an input; say -f to replace it by the result", path.display());
            return Err(Failure::usage(error));
        }
        // Better now than after the conversion.
        if path.exists() && output.existing == Existing::Ask {
            if !output.ask(path).await {
                return Err(kept(path));
            }
            output.existing = Existing::Replace;
        }
        Ok(output)
    }

    /// Whether results go to standard output.
    pub(super) const fn is_standard(&self) -> bool {
        matches!(self.place, Place::Standard)
    }

    /// Fails when the result would not be written in the end, as far as its name can be foreseen.
    pub(super) fn check_free(&self, below: &Path, stem: &str) -> Result<(), Failure> {
        let Place::Folder(folder) = &self.place else { return Ok(()) };
        let likely = folder.join(below).join(local_name(&format!("{stem}.pdf")));
        let is_ours = self.written().contains(&likely);
        if self.existing == Existing::Keep && likely.exists() && !is_ours { Err(kept(&likely)) } else { Ok(()) }
    }

    /// Writes a result, which `fill` puts into a file, and says where. `number` counts the results of a job from 0.
    pub(super) async fn save(
        &self,
        below: &Path,
        offered: &str,
        number: usize,
        fill: impl AsyncFnOnce(&mut File) -> Result<(), Failure>,
    ) -> Result<Option<PathBuf>, Failure> {
        let wanted = match &self.place {
            Place::File(path) if number == 0 => path.clone(),
            Place::File(path) => path.with_file_name(local_name(offered)),
            Place::Folder(folder) => folder.join(below).join(local_name(offered)),
            Place::Standard => std::env::temp_dir().join(local_name(offered)),
        };
        let unwritable = || format!("cannot write {}", wanted.display());
        let folder = wanted.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !below.as_os_str().is_empty() {
            fs::create_dir_all(folder).with_context(unwritable).map_err(Failure::local)?;
        }
        let temporary = tempfile::Builder::new()
            .prefix(".bindery-")
            .suffix(".part")
            // As any new file; the umask of the user takes away from it.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .with_context(unwritable)
            .map_err(Failure::local)?;
        let opened = temporary.as_file().try_clone().with_context(unwritable).map_err(Failure::local)?;
        let mut file = File::from_std(opened);
        fill(&mut file).await?;
        file.sync_all().await.with_context(unwritable).map_err(Failure::local)?;
        if self.is_standard() {
            copy_out(temporary).context("cannot write to standard output").map_err(Failure::local)?;
            return Ok(None);
        }
        self.publish(temporary, &wanted).await.map(Some)
    }

    /// Gives a complete file its name.
    async fn publish(&self, mut temporary: NamedTempFile, wanted: &Path) -> Result<PathBuf, Failure> {
        let mut number = 0;
        loop {
            let path = numbered(wanted, number);
            number += 1;
            if !self.written().insert(path.clone()) {
                continue;
            }
            let replaced = self.existing == Existing::Replace;
            let named = if replaced { temporary.persist(&path) } else { temporary.persist_noclobber(&path) };
            let refused = match named {
                Ok(_) => return Ok(path),
                Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => refused,
                Err(refused) => {
                    let unwritable = format!("cannot write {}", path.display());
                    return Err(Failure::local(anyhow::Error::new(refused.error).context(unwritable)));
                }
            };
            temporary = refused.file;
            match self.existing {
                Existing::Number => {}
                Existing::Ask if self.ask(&path).await => {
                    let replaced = temporary.persist(&path).map_err(|refused| refused.error);
                    let replaced = replaced.with_context(|| format!("cannot write {}", path.display()));
                    return replaced.map(|_| path).map_err(Failure::local);
                }
                Existing::Ask | Existing::Keep | Existing::Replace => return Err(kept(&path)),
            }
        }
    }

    /// Asks whether a file may be replaced; anything but a yes means no.
    async fn ask(&self, path: &Path) -> bool {
        let _one_at_a_time = self.asking.lock().await;
        if !io::stdin().is_terminal() {
            return false;
        }
        self.report.error(&format!("replace {}? [y/N]", path.display()));
        let (tell, told) = oneshot::channel();
        // A thread of its own: one that waits for a terminal must not keep the program from ending.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = io::stdin().lock().read_line(&mut line);
            drop(tell.send(read.map(|_| line)));
        });
        let line = told.await.map_err(io::Error::other).flatten().unwrap_or_default();
        ["y", "yes"].contains(&line.trim().to_ascii_lowercase().as_str())
    }

    fn written(&self) -> std::sync::MutexGuard<'_, HashSet<PathBuf>> {
        // A set is whole at any moment.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(given: Option<&Path>, split: bool) -> Result<Place, Failure> {
    let Some(path) = given else { return Ok(Place::Folder(PathBuf::new())) };
    if path.as_os_str() == STANDARD {
        return if split {
            Err(Failure::usage(anyhow!("with -s the output must be a folder")))
        } else {
            Ok(Place::Standard)
        };
    }
    if path.is_dir() {
        return Ok(Place::Folder(path.to_owned()));
    }
    if split || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(Failure::usage(anyhow!("there is no folder {}", path.display())));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(Failure::local(anyhow!("there is no folder {}", folder.display()))),
        _ => Ok(Place::File(path.to_owned())),
    }
}

fn kept(path: &Path) -> Failure {
    let path = path.display();
    Failure::local(anyhow!("{path} is there already and stays; -f replaces it, -u takes another name"))
}

fn copy_out(temporary: NamedTempFile) -> io::Result<()> {
    let mut file = temporary.reopen()?;
    let mut output = io::stdout().lock();
    io::copy(&mut file, &mut output)?;
    io::Write::flush(&mut output)
}

/// A path with a number before its extension; the number 0 is none.
fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 0 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// A name from the service is a label: only its last part names a file here.
fn local_name(label: &str) -> String {
    let last = label.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name: String = last.chars().filter(|character| !character.is_control()).collect();
    if name.len() > NAME_BYTES_MAX {
        let extension = name.rsplit_once('.').map(|(_, extension)| format!(".{extension}"));
        let extension = extension.filter(|extension| extension.len() < 20).unwrap_or_default();
        name.truncate(name.floor_char_boundary(NAME_BYTES_MAX - extension.len()));
        name.push_str(&extension);
    }
    if name.trim().is_empty() || name.starts_with('.') { "result.pdf".to_owned() } else { name }
}
