//! The wire contract, against real processes.

mod add;
mod by_url;
mod create;
mod cuts;
mod data;
mod forms;
mod limits;
mod matrix;
mod options;
mod outage;
mod paths;
mod replay;
mod result;
mod status;
mod store;
mod upload;
