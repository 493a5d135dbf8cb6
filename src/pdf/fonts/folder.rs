//! Finds installed fonts by file name.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

/// Deepest folder under a font folder that is searched.
const DEPTH_MAX: usize = 6;

/// Most files that are listed; Debian with every font package has about 5,000.
const FILES_MAX: usize = 20_000;

/// Most bytes of a font that is loaded; the largest CJK collection has 60 MiB.
const FONT_BYTES_MAX: u64 = 128 << 20;

/// Fonts by file name, listed on first use and read when asked for.
#[derive(Debug)]
pub struct FontFolder {
    folders: Vec<PathBuf>,
    files: OnceLock<BTreeMap<String, PathBuf>>,
    loaded: Mutex<BTreeMap<String, Option<Arc<Vec<u8>>>>>,
}

impl FontFolder {
    /// Takes the folders to look in; a missing one is as good as an empty one. Touches no file yet.
    pub fn open(folders: &[PathBuf]) -> Self {
        Self { folders: folders.to_vec(), files: OnceLock::new(), loaded: Mutex::new(BTreeMap::new()) }
    }

    /// A folder in memory.
    #[cfg(test)]
    pub(crate) fn holding(fonts: &[(&str, Vec<u8>)]) -> Self {
        let loaded = fonts.iter().map(|(name, bytes)| ((*name).to_owned(), Some(Arc::new(bytes.clone())))).collect();
        let files: BTreeMap<_, _> = fonts.iter().map(|(name, _)| ((*name).to_owned(), PathBuf::new())).collect();
        Self { folders: Vec::new(), files: OnceLock::from(files), loaded: Mutex::new(loaded) }
    }

    /// The file of a family in a style, by its name: nearly all fonts are called by their family and style, as in
    /// `NotoSans-BoldItalic.ttf`. To read every font for its names takes a second.
    pub(crate) fn find(&self, family: &str, is_bold: bool, is_italic: bool) -> Option<&str> {
        let family = plain(family);
        let is_named = |file: &str| {
            let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
            plain(stem).strip_prefix(&family).is_some_and(|rest| style(is_bold, is_italic).contains(&rest))
        };
        self.files().keys().find(|file| !family.is_empty() && is_named(file)).map(String::as_str)
    }

    fn files(&self) -> &BTreeMap<String, PathBuf> {
        self.files.get_or_init(|| list(&self.folders))
    }

    /// The bytes of a font file, or `None` when it is not installed.
    pub(crate) fn load(&self, file_name: &str) -> Option<Arc<Vec<u8>>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = loaded.get(file_name) {
            return known.clone();
        }
        let path = self.files().get(file_name);
        let is_small = |path: &&PathBuf| std::fs::metadata(path).is_ok_and(|file| file.len() <= FONT_BYTES_MAX);
        let font = path.filter(is_small).and_then(|path| std::fs::read(path).ok()).map(Arc::new);
        loaded.insert(file_name.to_owned(), font.clone());
        font
    }
}

/// The words that a file name may have behind that of the family, by whether the style is bold and italic.
const fn style(is_bold: bool, is_italic: bool) -> &'static [&'static str] {
    match (is_bold, is_italic) {
        (false, false) => &["", "regular", "roman", "book"],
        (true, false) => &["bold"],
        (false, true) => &["italic", "oblique"],
        (true, true) => &["bolditalic", "boldoblique"],
    }
}

/// A name without what spellings differ in.
fn plain(name: &str) -> String {
    name.chars().filter(|each| each.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Lists font files, the first of a name wins.
fn list(folders: &[PathBuf]) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut open: Vec<(PathBuf, usize)> = folders.iter().rev().map(|folder| (folder.clone(), 0)).collect();
    while let Some((folder, depth)) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                if depth < DEPTH_MAX {
                    open.push((path, depth + 1));
                }
            } else if is_font(&path)
                && found.len() < FILES_MAX
                && let Some(name) = path.file_name().and_then(|name| name.to_str())
            {
                found.entry(name.to_owned()).or_insert(path);
            }
        }
    }
    found
}

fn is_font(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| ["ttf", "otf", "ttc"].iter().any(|known| extension.eq_ignore_ascii_case(known)))
}
