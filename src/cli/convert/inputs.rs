//! What is to be converted: files, the files of folders, standard input.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, anyhow};
use tokio::{
    io::{AsyncReadExt, AsyncSeekExt, Take},
    sync::oneshot,
};

use super::exit::Failure;

/// What stands for standard input and output.
pub(super) const STANDARD: &str = "-";
/// What standard input is called when `--name` does not say.
const NAMELESS: &str = "stdin";

/// An argument with the options that were given for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) path: PathBuf,
    pub(super) options: Vec<(String, String)>,
}

/// One document to upload.
#[derive(Debug)]
pub(super) struct Input {
    source: Source,
    /// What it is called here.
    pub(super) shown: String,
    /// What it is called in the service.
    pub(super) name: String,
    /// The folders between the one that was given and the file.
    pub(super) below: PathBuf,
    /// Its options.
    pub(super) options: Vec<(String, String)>,
}

#[derive(Debug)]
enum Source {
    File(PathBuf),
    /// What standard input held, in a file without a name. Read once, it can be uploaded again when a connection breaks.
    Spooled(Arc<fs::File>),
}

impl Input {
    /// Opens it and says how many bytes it has now; no more than those are read.
    pub(super) async fn open(&self) -> io::Result<(Take<tokio::fs::File>, u64)> {
        let file = match &self.source {
            Source::File(path) => tokio::fs::File::open(path).await?,
            Source::Spooled(file) => {
                let mut file = tokio::fs::File::from_std(file.try_clone()?);
                file.rewind().await?;
                file
            }
        };
        let bytes = file.metadata().await?.len();
        Ok((file.take(bytes), bytes))
    }

    /// How many bytes it has, as far as one can tell.
    pub(super) fn bytes(&self) -> u64 {
        let metadata = match &self.source {
            Source::File(path) => fs::metadata(path),
            Source::Spooled(file) => file.metadata(),
        };
        metadata.map_or(0, |metadata| metadata.len())
    }

    /// Whether it is the file of a path.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        let Source::File(own) = &self.source else { return false };
        matches!((fs::canonicalize(own), fs::canonicalize(path)), (Ok(own), Ok(other)) if own == other)
    }
}

/// Finds the documents of all arguments, in their order. `name` is what standard input is called.
pub(super) async fn gather(given: Vec<Given>, recursive: bool, name: Option<&str>) -> Result<Vec<Input>, Failure> {
    let mut inputs = Vec::new();
    for Given { path, options } in given {
        if path.as_os_str() == STANDARD {
            let file = spool().await.context("cannot read standard input").map_err(Failure::local)?;
            let name = name.unwrap_or(NAMELESS).to_owned();
            let source = Source::Spooled(Arc::new(file));
            inputs.push(Input { source, shown: name.clone(), name, below: PathBuf::new(), options });
            continue;
        }
        let metadata = fs::metadata(&path).with_context(|| hint(&path)).map_err(Failure::local)?;
        let files = if metadata.is_file() {
            vec![(path, PathBuf::new())]
        } else if !metadata.is_dir() {
            return Err(Failure::local(anyhow!("{} is neither a file nor a folder", path.display())));
        } else if recursive {
            let files = walk(&path).with_context(|| format!("cannot read the folder {}", path.display()));
            files.map_err(Failure::local)?
        } else {
            return Err(Failure::usage(anyhow!("{} is a folder; say -r to convert what is in it", path.display())));
        };
        inputs.extend(files.into_iter().map(|(path, below)| Input {
            shown: path.display().to_string(),
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            source: Source::File(path),
            below,
            options: options.clone(),
        }));
    }
    if inputs.is_empty() {
        return Err(Failure::usage(anyhow!("there is nothing to convert")));
    }
    Ok(inputs)
}

/// Other clients take the last argument for the output.
fn hint(path: &Path) -> String {
    let is_result = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf"));
    let hint = if is_result { "; if the result shall be written there, say so with -o" } else { "" };
    format!("cannot read {}{hint}", path.display())
}

/// Every file below a folder with the folders on the way to it, in the order of their names. Hidden files are left out, and the
/// lock files of office programs; links to folders are not followed, for they may lead round in circles.
fn walk(top: &Path) -> io::Result<Vec<(PathBuf, PathBuf)>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(top.join(&below))? {
            let entry = entry?;
            let name = entry.file_name();
            if [".", "~$"].iter().any(|begin| name.to_string_lossy().starts_with(begin)) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(below.join(name));
            } else if fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file()) {
                found.push((entry.path(), below.clone()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Copies standard input into a file. A thread of its own: one that waits for a terminal must not keep the program from ending.
async fn spool() -> io::Result<fs::File> {
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        let copied = tempfile::tempfile().and_then(|mut file| {
            io::copy(&mut io::stdin().lock(), &mut file)?;
            Ok(file)
        });
        drop(tell.send(copied));
    });
    told.await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_walked_in_the_order_of_names_without_hidden_files_and_circles() {
        let top = tempfile::tempdir().unwrap();
        for path in ["b/2.txt", "b/1.txt", "a/x/3.txt", "z.txt", ".hidden", ".git/config", "~$z.txt"] {
            let path = top.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        std::os::unix::fs::symlink(top.path(), top.path().join("b/up")).unwrap();
        std::os::unix::fs::symlink(top.path().join("z.txt"), top.path().join("b/link.txt")).unwrap();
        let found = walk(top.path()).unwrap();
        let names: Vec<_> =
            found.iter().map(|(path, _)| path.strip_prefix(top.path()).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a/x/3.txt", "b/1.txt", "b/2.txt", "b/link.txt", "z.txt"]);
        assert_eq!(found[0].1, Path::new("a/x"));
    }

    #[tokio::test]
    async fn what_cannot_be_converted_is_said_with_what_to_do() {
        let top = tempfile::tempdir().unwrap();
        let given = |path: &Path| vec![Given { path: path.to_owned(), options: Vec::new() }];
        for (path, recursive, code, said) in [
            (top.path().to_owned(), false, 2, "say -r"),
            (top.path().to_owned(), true, 2, "nothing to convert"),
            (top.path().join("a.docx"), false, 4, "cannot read"),
            (top.path().join("out.pdf"), false, 4, "-o"),
            (PathBuf::from("/dev/null"), false, 4, "neither"),
        ] {
            let failure = gather(given(&path), recursive, None).await.unwrap_err();
            assert_eq!(failure.exit.code(), code, "{:#}", failure.error);
            assert!(format!("{:#}", failure.error).contains(said), "{:#}", failure.error);
        }
    }
}
