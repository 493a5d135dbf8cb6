//! The validator and the archiver for fuzzing, compiled from the product's sources without the rest of it.
//!
//! `make fuzz` builds and runs both targets; `docs/pdfa.md` says more.

#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/pdf/mod.rs"]
pub mod pdf;

pub mod limits;
pub mod mutate;
