//! The kinds of task. The queue knows none of them; a worker does what each is for.

use crate::domain::words::words;

words! {
    /// A kind of task, as the `kind` column of the queue holds it.
    pub enum Kind {
        /// Turn one document into a PDF.
        Convert = "convert",
        /// Recognise the text of one page of a converted document.
        Recognise = "recognise",
        /// Draw a piece of a TIFF.
        Draw = "draw",
        /// Put the converted documents of a job together.
        Assemble = "assemble",
        /// Remove a deleted job's blobs and rows.
        Purge = "purge",
    }
}
