//! The wire contract, against real processes.

mod add;
mod by_url;
mod create;
mod cuts;
mod data;
mod formats;
mod forms;
mod limits;
mod matrix;
mod option_lists;
mod options;
mod outage;
mod paths;
mod raw;
mod replay;
mod result;
mod status;
mod store;
mod upload;
