//! The wire contract, against real processes.

mod add;
mod by_url;
mod cors;
mod create;
mod cuts;
mod data;
mod events;
mod formats;
mod forms;
mod limits;
mod list;
mod matrix;
mod openapi;
mod option_lists;
mod options;
mod outage;
mod paths;
mod raw;
mod repeat_add;
mod repeat_create;
mod replay;
mod request_id;
mod result;
mod status;
mod store;
mod upload;
