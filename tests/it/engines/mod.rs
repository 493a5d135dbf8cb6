//! Engines as a worker runs them, one host a document.

mod browser;
mod cage;
mod hosts;
mod native;
mod office;
mod zygote;
