//! The wire contract, against real processes.

mod add;
mod create;
mod data;
mod formats;
mod limits;
mod matrix;
mod options;
mod outage;
mod paths;
mod raw;
mod replay;
mod result;
mod status;
mod upload;
