//! How far a document had to go to become PDF/A.

use super::words::words;

words! {
    /// How far up the ladder a document had to go to become PDF/A, from as it came to drawn anew.
    pub enum Rung {
        /// It was PDF/A of the wanted part, and is as it came.
        Unchanged = "unchanged",
        /// Its objects were changed.
        Archived = "archived",
        /// Another writer wrote it.
        Rewritten = "rewritten",
        /// Some of its pages were drawn anew, as pictures with their text behind them.
        PagesRedrawn = "pages-redrawn",
        /// All of it was drawn anew.
        Redrawn = "redrawn",
    }
}
