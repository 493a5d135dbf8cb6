//! Where the measured programs are.

/// LibreOffice.
pub(crate) const SOFFICE: &str = "/usr/bin/soffice";
/// Chromium without a screen.
pub(crate) const CHROMIUM: &str = "/usr/lib/chromium/chromium-headless-shell";
