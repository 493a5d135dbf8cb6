//! What tests stand on: a database each, real processes of the program, an HTTP client, documents made in code.

pub(crate) mod authority;
pub(crate) mod bench;
pub(crate) mod bouncer;
pub(crate) mod by_hand;
pub(crate) mod client;
pub(crate) mod cluster;
pub(crate) mod cut_proxy;
pub(crate) mod db;
pub(crate) mod documents;
pub(crate) mod events;
pub(crate) mod hosts;
pub(crate) mod inside;
pub(crate) mod office;
pub(crate) mod pdf;
pub(crate) mod raw;
pub(crate) mod remote;
pub(crate) mod scripted;
pub(crate) mod service;
pub(crate) mod up;
pub(crate) mod wait;
pub(crate) mod xml;

pub(crate) use client::{Answer, Client};
pub(crate) use cluster::Cluster;
pub(crate) use db::Database;
pub(crate) use documents::Document;
pub(crate) use service::{Process, Site};
pub(crate) use wait::until;
