//! What is taken where nothing is said.

use std::path::{Path, PathBuf};

/// The folder for data: the system's for root, else the user's own.
pub(super) fn default_data(environment: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    if nix::unistd::geteuid().is_root() {
        return PathBuf::from("/var/lib/bindery");
    }
    let home = || environment("HOME").map(|home| Path::new(&home).join(".local/share"));
    environment("XDG_DATA_HOME").map(PathBuf::from).or_else(home).unwrap_or_else(std::env::temp_dir).join("bindery")
}

/// Where Chromium is on the usual systems.
pub(super) fn usual_chromium() -> Vec<PathBuf> {
    [
        "/usr/lib/chromium/chromium-headless-shell",
        "/usr/lib/chromium/headless_shell",
        "/usr/lib64/chromium-browser/headless_shell",
        "/opt/chrome-headless-shell/chrome-headless-shell",
        "/usr/bin/chromium-headless-shell",
        "/usr/local/bin/chrome-headless-shell",
    ]
    .map(PathBuf::from)
    .to_vec()
}

/// Where the data of Tesseract's languages are on the usual systems.
pub(super) fn usual_tessdata() -> Vec<PathBuf> {
    ["/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tessdata", "/usr/local/share/tessdata"]
        .map(PathBuf::from)
        .to_vec()
}

/// Where LibreOffice is on the usual systems.
pub(super) fn usual_soffice() -> Vec<PathBuf> {
    [
        "/usr/bin/soffice",
        "/usr/lib/libreoffice/program/soffice",
        "/opt/libreoffice/program/soffice",
        "/usr/local/bin/soffice",
    ]
    .map(PathBuf::from)
    .to_vec()
}
