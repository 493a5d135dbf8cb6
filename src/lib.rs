//! Bindery.
pub mod api;
pub mod cli;
pub mod domain;
pub mod engines;
pub mod log;
pub mod pdf;
pub mod queue;
pub mod storage;
pub mod workflows;
