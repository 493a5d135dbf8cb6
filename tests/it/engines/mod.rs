//! Engines as a worker runs them, one host a document.

mod browser;
mod cage;
mod hosts;
mod ocr;
mod office;
mod office_links;
mod office_settings;
mod zygote;
