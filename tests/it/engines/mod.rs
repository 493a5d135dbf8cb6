//! Engines as a worker runs them, one host a document.

mod cage;
mod hosts;
mod office;
mod office_links;
mod office_settings;
mod zygote;
