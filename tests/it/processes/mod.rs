//! Several processes on one database.

mod many;
mod roles;
mod waiters;
