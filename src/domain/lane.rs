//! The kinds of engine slot.

use super::words::words;

words! {
    /// The kind of engine slot that a task needs; each worker offers so many slots a lane.
    pub enum Lane {
        /// Code of ours: images, text, PDF.
        Native = "native",
        /// LibreOffice.
        Office = "office",
        /// Chromium.
        Browser = "browser",
        /// Tesseract.
        Ocr = "ocr",
    }
}
