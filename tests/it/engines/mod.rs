//! Engines as a worker runs them, one host a document.

mod browser;
mod cage;
mod children;
mod fault_hosts;
mod faults;
mod hosts;
mod mail;
mod native;
mod native_zygote;
mod ocr;
mod office;
mod office_links;
mod office_settings;
mod zygote;
