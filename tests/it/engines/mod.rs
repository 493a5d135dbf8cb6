//! Engines as a worker runs them, one host a document.

mod hosts;
mod office;
