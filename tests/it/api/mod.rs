//! The wire contract, against real processes.

mod add;
mod by_url;
mod create;
mod data;
mod limits;
mod matrix;
mod outage;
mod paths;
mod replay;
mod result;
mod status;
mod store;
mod upload;
