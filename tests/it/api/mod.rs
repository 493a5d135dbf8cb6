//! The wire contract, against real processes.

mod add;
mod cors;
mod create;
mod data;
mod events;
mod limits;
mod list;
mod matrix;
mod outage;
mod paths;
mod repeat_add;
mod repeat_create;
mod replay;
mod request_id;
mod result;
mod status;
mod upload;
