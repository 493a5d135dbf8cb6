//! Whether a file looks and reads as another: pages drawn and text taken out by Poppler.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use tokio::process::Command;

/// Dots per inch of the pictures.
const DOTS: &str = "60";
/// How far the grey of a pixel may be off, of 255, before it counts: what smoothing does to edges.
const SLACK: u8 = 40;
/// Most pages that are compared.
const PAGES_MAX: &str = "60";

/// What a comparison found.
pub(crate) struct Looks {
    /// Pages of the second file, as far as they were compared.
    pub(crate) pages: usize,
    /// The share of pixels that differ, page by page.
    pub(crate) differing: Vec<f64>,
    /// Whether all pages have the same size.
    pub(crate) same_sizes: bool,
    /// Whether both have the same words in the same order.
    pub(crate) same_words: bool,
}

impl Looks {
    /// Compares two files; `None` when the first cannot be drawn.
    pub(crate) async fn compare(one: &Path, other: &Path, folder: &Path) -> Option<Self> {
        let (before, after) = (draw(one, &folder.join("before")).await, draw(other, &folder.join("after")).await);
        if before.is_empty() {
            return None;
        }
        let mut differing = Vec::new();
        let mut same_sizes = before.len() == after.len();
        for (one, other) in before.iter().zip(&after) {
            let [one, other] =
                [one, other].map(|file| image::open(file).expect("Poppler writes pictures").into_luma8());
            same_sizes &= one.dimensions() == other.dimensions();
            let pairs = one.as_raw().iter().zip(other.as_raw());
            let count = pairs.filter(|(one, other)| one.abs_diff(**other) > SLACK).count();
            #[expect(clippy::cast_precision_loss, reason = "pictures have fewer than 2^52 pixels")]
            differing.push(count as f64 / one.as_raw().len().max(1) as f64);
        }
        let same_words = words(one).await == words(other).await;
        Some(Self { pages: after.len(), differing, same_sizes, same_words })
    }
}

#[expect(clippy::disallowed_methods, reason = "the benchmark starts the programs that it measures with")]
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::null()).kill_on_drop(true);
    command
}

/// Draws the pages into a folder and lists the pictures in order.
async fn draw(file: &Path, folder: &Path) -> Vec<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).expect("old pictures can be removed");
    }
    std::fs::create_dir_all(folder).expect("a folder can be made");
    let mut program = command("pdftoppm");
    program.args(["-png", "-gray", "-r", DOTS, "-l", PAGES_MAX]).arg(file).arg(folder.join("page"));
    if program.status().await.is_err() {
        return Vec::new();
    }
    let pictures: BTreeSet<PathBuf> =
        std::fs::read_dir(folder).expect("the folder can be read").flatten().map(|entry| entry.path()).collect();
    pictures.into_iter().collect()
}

async fn words(file: &Path) -> Vec<String> {
    let mut program = command("pdftotext");
    program.args(["-q", "-l", PAGES_MAX]).arg(file).arg("-");
    let Ok(output) = program.output().await else { return Vec::new() };
    String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect()
}
