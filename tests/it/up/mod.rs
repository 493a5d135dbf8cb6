//! `bindery up`: everything on one machine, and what is left of it after a crash.

mod crash;
mod start;
