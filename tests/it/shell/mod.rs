//! The shell client: a real process of it against real processes of the service.

mod exits;
mod files;
mod interrupt;
mod retries;
mod switches;

use std::{io::Write as _, path::Path, process::Stdio};

use crate::support::{Document, Site, pdf, service::program};

/// What a call of the shell client came to.
#[derive(Debug)]
struct Called {
    code: i32,
    stdout: Vec<u8>,
    stderr: String,
}

impl Called {
    /// Checks the exit code.
    #[track_caller]
    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.lines().join("\n"), self.stderr);
        self
    }

    /// The lines of standard output.
    fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.stdout).lines().map(str::to_owned).collect()
    }

    /// The lines of standard output as JSON, in the order of their first inputs.
    fn json(&self) -> Vec<serde_json::Value> {
        let mut lines: Vec<serde_json::Value> =
            self.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.sort_by_key(|line| line["inputs"][0].as_str().unwrap().to_owned());
        lines
    }
}

/// Calls `bindery convert` in a folder and waits until it ends.
async fn convert_with(folder: &Path, env: &[(&str, &str)], args: &[&str], input: Option<Vec<u8>>) -> Called {
    let mut command = program();
    command.arg("convert").args(args).envs(env.iter().copied()).current_dir(folder);
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let call = move || {
        let mut child = command.spawn().unwrap();
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            stdin.write_all(&input).unwrap();
        }
        child.wait_with_output().unwrap()
    };
    let output = tokio::task::spawn_blocking(call).await.unwrap();
    Called {
        code: output.status.code().unwrap(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Calls `bindery convert` for a service at an address.
async fn convert(folder: &Path, url: &str, args: &[&str]) -> Called {
    convert_with(folder, &[("BINDERY_URL", url)], args, None).await
}

/// Writes documents into a folder of a site, by names that may have folders in them, and gives the folder.
fn put(site: &Site, documents: &[Document]) -> std::path::PathBuf {
    let folder = site.folder.path().join("client");
    std::fs::create_dir_all(&folder).unwrap();
    for document in documents {
        let path = folder.join(&document.name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &document.bytes).unwrap();
    }
    folder
}

/// The widths of the pages of a PDF in points.
#[track_caller]
fn widths(path: &Path) -> Vec<i64> {
    let document = lopdf::Document::load(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    pdf::widths(&document)
}
